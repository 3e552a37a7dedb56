// Without @types/node, a Buffer is a Uint8Array, and nothing of Node's types is needed.

import { exportBuffer, toBuffer } from 'ferrule';
import type { Equal, Expect } from './equal.js';

declare const pointer: bigint;

const made = toBuffer(pointer, 8);
export type Made = Expect<Equal<typeof made, Uint8Array>>;
exportBuffer(made, pointer, 8);

// @ts-expect-error an ArrayBuffer is no Buffer
exportBuffer(new ArrayBuffer(8), pointer, 8);
