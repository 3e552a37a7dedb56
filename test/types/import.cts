// A CommonJS module.

import ffi = require('ferrule');
import byDefault, * as namespace from 'ferrule';
import { DynamicLibrary, sizeof } from 'ferrule';
import 'ferrule/register';

type Equal<Left, Right> =
  (<Type>() => Type extends Left ? 1 : 2) extends (<Type>() => Type extends Right ? 1 : 2) ? true : false;
type Expect<Holds extends true> = Holds;
export type Imports = [
  Expect<Equal<typeof ffi.sizeof, typeof sizeof>>,
  Expect<Equal<typeof byDefault.sizeof, typeof sizeof>>,
  Expect<Equal<typeof namespace.sizeof, typeof sizeof>>,
  Expect<Equal<typeof ffi.DynamicLibrary, typeof DynamicLibrary>>,
];

const lib: ffi.DynamicLibrary = new DynamicLibrary(null);
const signature: ffi.Signature = { return: 'i32' };
export const loose: number | bigint | undefined = lib.getFunction('one', signature)();
