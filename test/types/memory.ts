import {
  exportArrayBuffer, exportArrayBufferView, exportString, getCurrentEventLoop, getFloat32, getFloat64, getInt16, getInt32, getInt64,
  getInt8, getRawPointer, getUint16, getUint32, getUint64, getUint8, setFloat32, setFloat64, setInt16, setInt32, setInt64, setInt8,
  setUint16, setUint32, setUint64, setUint8, toArrayBuffer, toBuffer, toString,
} from 'ferrule';
import type { Equal, Expect } from './equal.js';

declare const pointer: bigint;

type Getter<Value> = (pointer: bigint, offset?: number) => Value;
type Setter<Value> = (pointer: bigint, offset: number, value: Value) => void;
export type Accessors = [
  Expect<Equal<typeof getInt8, Getter<number>>>,
  Expect<Equal<typeof getUint8, Getter<number>>>,
  Expect<Equal<typeof getInt16, Getter<number>>>,
  Expect<Equal<typeof getUint16, Getter<number>>>,
  Expect<Equal<typeof getInt32, Getter<number>>>,
  Expect<Equal<typeof getUint32, Getter<number>>>,
  Expect<Equal<typeof getInt64, Getter<bigint>>>,
  Expect<Equal<typeof getUint64, Getter<bigint>>>,
  Expect<Equal<typeof getFloat32, Getter<number>>>,
  Expect<Equal<typeof getFloat64, Getter<number>>>,
  Expect<Equal<typeof setInt8, Setter<number>>>,
  Expect<Equal<typeof setUint8, Setter<number>>>,
  Expect<Equal<typeof setInt16, Setter<number>>>,
  Expect<Equal<typeof setUint16, Setter<number>>>,
  Expect<Equal<typeof setInt32, Setter<number>>>,
  Expect<Equal<typeof setUint32, Setter<number>>>,
  Expect<Equal<typeof setInt64, Setter<bigint | number>>>,
  Expect<Equal<typeof setUint64, Setter<bigint | number>>>,
  Expect<Equal<typeof setFloat32, Setter<number>>>,
  Expect<Equal<typeof setFloat64, Setter<number>>>,
  Expect<Equal<typeof toString, (pointer: bigint) => string | null>>,
  Expect<Equal<typeof getCurrentEventLoop, () => bigint>>,
];

const bytes: Uint8Array = toBuffer(pointer, 8);
const view: Uint8Array = toBuffer(pointer, 8, false);
const buffer: ArrayBuffer = toArrayBuffer(pointer, 8, false);
const addresses: bigint[] = [
  getRawPointer(buffer), getRawPointer(new SharedArrayBuffer(8)), getRawPointer(bytes), getRawPointer(new DataView(buffer)),
  getRawPointer(new BigInt64Array(1)),
];
exportString('text', pointer, 5);
exportString('text', pointer, 10, 'utf16le');
exportArrayBuffer(buffer, pointer, 8);
exportArrayBufferView(new Float64Array(1), pointer, 8);
exportArrayBufferView(new DataView(buffer), pointer, 8);
export const used = [bytes, view, addresses];

// @ts-expect-error a number is no address
getInt8(1);
// @ts-expect-error a bigint is no offset
getInt8(pointer, 1n);
// @ts-expect-error null is no offset
getInt8(pointer, null);
// @ts-expect-error the offset is not optional
setInt8(pointer, 1);
// @ts-expect-error a bigint for 32 bits
setInt32(pointer, 0, 1n);
// @ts-expect-error a string for 64 bits
setInt64(pointer, 0, '1');
// @ts-expect-error a boolean for 8 bits
setUint8(pointer, 0, true);
// @ts-expect-error a number is no address
toString(0);
// @ts-expect-error no length
toBuffer(pointer);
// @ts-expect-error a bigint is no length
toArrayBuffer(pointer, 8n);
// @ts-expect-error copy is a boolean
toBuffer(pointer, 8, 'copy');
// @ts-expect-error an unknown encoding
exportString('text', pointer, 5, 'utf7');
// @ts-expect-error a Buffer is no string
exportString(bytes, pointer, 5);
// @ts-expect-error no length
exportString('text', pointer);
// @ts-expect-error a string is no view
exportArrayBufferView('text', pointer, 5);
// @ts-expect-error a string has no address
getRawPointer('text');
