// Node's own Buffers, which already have the bytes: what reading, writing, and making a string or an array of them costs without any C.

import { contentOf } from '../cases/memory.mjs';

const operations = {
  getInt32: (view, offset) => `${view}.getInt32(${offset}, true)`,
  getUint64: (view, offset) => `${view}.getBigUint64(${offset}, true)`,
  getFloat64: (view, offset) => `${view}.getFloat64(${offset}, true)`,
  toString: (bytes) => `${bytes}.utf8Slice()`,
  copyBytes: (bytes, length) => `copy(${bytes}, ${length})`,
  viewBytes: (bytes, length) => `new Uint8Array(${bytes}.buffer, 0, ${length})`,
};

// The heap has room for an array of 64 bytes, which is the fastest; Buffers of the pool are for larger ones, up to 4 KiB.
function copy(bytes, length) {
  const made = length > 64 ? Buffer.allocUnsafeSlow(length) : new Uint8Array(length);
  made.set(bytes);
  return made;
}

export default () => ({
  operations,
  operationScope: () => ({ copy }),
  pointerTo(kind, place, length) {
    const bytes = contentOf(kind, place).subarray(0, length);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  },
  accessed: (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
  open: () => ({}),
});
