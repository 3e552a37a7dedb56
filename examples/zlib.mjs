// Compression by the zlib that every Node binary carries and exports: path null is the process itself.

import { dlopen, toString } from 'ferrule';

const definitions = {
  zlibVersion: { return: 'pointer' },
  compressBound: { arguments: ['u64'], return: 'u64' },
  compress2: { arguments: ['buffer', 'pointer', 'buffer', 'u64', 'i32'], return: 'i32' },
  uncompress: { arguments: ['buffer', 'pointer', 'buffer', 'u64'], return: 'i32' },
};

const OK = 0;

export function openZlib() {
  const { lib: library, functions: zlib } = dlopen(null, definitions);

  function compress(bytes, level) {
    const target = Buffer.alloc(Number(zlib.compressBound(BigInt(bytes.length))));
    // In: how much room there is. Out: how much was used.
    const length = new BigUint64Array([BigInt(target.length)]);
    const code = zlib.compress2(target, length, bytes, BigInt(bytes.length), level);
    if (code !== OK) throw new Error(`compress2 failed with ${code}`);
    return target.subarray(0, Number(length[0]));
  }

  function uncompress(bytes, size) {
    const target = Buffer.alloc(size);
    const length = new BigUint64Array([BigInt(size)]);
    const code = zlib.uncompress(target, length, bytes, BigInt(bytes.length));
    if (code !== OK) throw new Error(`uncompress failed with ${code}`);
    return target.subarray(0, Number(length[0]));
  }

  return { version: toString(zlib.zlibVersion()), compress, uncompress, close: () => library.close() };
}
