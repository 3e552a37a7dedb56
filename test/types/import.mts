// An ES module.

import ffi from 'ferrule';
import * as namespace from 'ferrule';
import { DynamicLibrary, sizeof } from 'ferrule';
import 'ferrule/register';
import type { Equal, Expect } from './equal.js';

const dynamic = await import('ferrule');

export type Imports = [
  Expect<Equal<typeof ffi.sizeof, typeof sizeof>>,
  Expect<Equal<typeof namespace.sizeof, typeof sizeof>>,
  Expect<Equal<typeof dynamic.sizeof, typeof sizeof>>,
  Expect<Equal<typeof dynamic.default.sizeof, typeof sizeof>>,
  Expect<Equal<typeof ffi.DynamicLibrary, typeof DynamicLibrary>>,
  Expect<Equal<Exclude<keyof typeof namespace, 'default'>, keyof typeof ffi>>,
];

const lib: DynamicLibrary = new ffi.DynamicLibrary(null);
const one: number = ffi.dlopen(null, { one: { return: 'i32' } }).functions.one();
export { lib, one };

// @ts-expect-error the default export is no default of a default
ffi.default;
