// With @types/node, a Buffer is Node's.

import { exportBuffer, toBuffer } from 'ferrule';

declare const pointer: bigint;

const made: Buffer = toBuffer(pointer, 8);
const text: string = made.toString('latin1');
exportBuffer(made, pointer, 8);
exportBuffer(Buffer.from('text'), pointer, 4);
export { text };

// @ts-expect-error a Uint8Array is no Buffer
exportBuffer(new Uint8Array(8), pointer, 8);
// @ts-expect-error an ArrayBuffer is no Buffer
exportBuffer(new ArrayBuffer(8), pointer, 8);
