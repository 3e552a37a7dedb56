'use strict';

// What the functions on memory answer to arguments of all kinds, valid and not: as one text for each call, which says what came back or was
// thrown, and what the call left in memory. Nothing in it depends on where memory lies.

const { compile } = require('../compile');

const SIZE = 512;

// Arguments are named, so that a difference can be read. A value that would be asked for a number says so.
function makeArguments(ffi, base, asked) {
  const convertible = { valueOf() {
    asked.count++;
    return 1;
  } };
  const named = (...values) => Object.fromEntries(values.map((value) => [describe(value), () => value]));
  const wrong = {
    ...named(undefined, null, true, '', '1', 'text', Symbol.iterator),
    'an object': () => ({}), 'an array': () => [1], 'a function': () => () => 1, 'a boxed bigint': () => Object(1n),
    'a boxed number': () => Object(1), 'a convertible object': () => convertible,
  };
  const pointers = {
    memory: () => base, 'memory, unaligned': () => base + 3n,
    ...named(0n, -1n, 2n ** 64n, -(2n ** 64n), 2n ** 100n, -(2n ** 63n), 0, 1, NaN, 1.5),
    // What is left of these in 64 bits is the address of memory.
    'memory and 2^64': () => base + 2n ** 64n, 'memory less 2^64': () => base - 2n ** 64n, 'memory and 2^128': () => base + 2n ** 128n,
    ...wrong,
  };
  const numbers = named(0, -0, 1, 7, 100, -1, 0.5, 1.5, NaN, Infinity, -Infinity, 2 ** 53, 2 ** 64, 1e20, 1e300, 0n, 1n);
  return { wrong, pointers, numbers, named };
}

function describe(value) {
  if (typeof value === 'bigint') return `${value}n`;
  if (Object.is(value, -0)) return '-0';
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function describeResult(ffi, value) {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    const bytes = Buffer.from(value.buffer ?? value, value.byteOffset ?? 0, value.byteLength);
    const buffer = value.buffer ?? value;
    return [
      Object.getPrototypeOf(value) === Buffer.prototype ? 'Buffer' : value.constructor.name, bytes.toString('hex'), value.byteOffset,
      buffer.byteLength, buffer.resizable, Object.getPrototypeOf(buffer) === ArrayBuffer.prototype, Object.isExtensible(value),
      Reflect.ownKeys(buffer).length,
    ].join(' ');
  }
  return `${typeof value} ${describe(value)}`;
}

const integers = ['Int8', 'Uint8', 'Int16', 'Uint16', 'Int32', 'Uint32'];
const elements = [...integers, 'Int64', 'Uint64', 'Float32', 'Float64'];

// The calls: `[function, name of the arguments, arguments]`, the arguments made anew for each call.
function* makeCalls(ffi, base, asked) {
  const { wrong, pointers, numbers, named } = makeArguments(ffi, base, asked);
  const offsets = { ...numbers, ...wrong };
  const values = {
    ...numbers, ...wrong,
    ...named(-128, 127, 128, -129, 255, 256, -32768, 32767, 32768, 65535, 65536, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1,
      2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, -(2 ** 53) + 1, -(2 ** 53), 2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n,
      2n ** 64n - 1n, 2n ** 64n, -1n, 2n ** 128n + 1n, 0.1, 1e-320),
  };
  const extended = (made, list) => made.flatMap((start) => Object.entries(list).map((entry) => [...start, entry]));
  const all = (lists) => lists.reduce(extended, [[]]);
  const calls = function* calls(name, ...lists) {
    for (const list of all(lists)) yield [name, list.map(([text]) => text).join(', '), list.map(([, make]) => make)];
  };
  const memory = { memory: pointers.memory };
  const zero = named(0);

  for (const element of elements) {
    yield* calls(`get${element}`);
    yield* calls(`get${element}`, pointers);
    yield* calls(`get${element}`, pointers, named(0, 1, undefined, null));
    yield* calls(`get${element}`, memory, offsets);
    // An address of its own is not needed for an offset to lead to one.
    yield* calls(`get${element}`, named(4096n), { 'the way to memory': () => Number(base) - 4096 });
    yield* calls(`get${element}`, named(2n ** 64n - 1n), named(1, 2 ** 32));
    yield* calls(`set${element}`, named(2n ** 64n - 1n), named(1, 2 ** 32), named(1, 1n));
    yield* calls(`set${element}`);
    yield* calls(`set${element}`, pointers);
    yield* calls(`set${element}`, pointers, named(0, 8, undefined), named(1, 1n, 'x', undefined));
    yield* calls(`set${element}`, memory, offsets, named(1, 1n));
    yield* calls(`set${element}`, memory, named(0, 9, 100), values);
  }

  const lengths = { ...numbers, ...wrong, ...named(2, 8, 31, 63, 64, 65, 127, 200) };
  const copies = { ...named(undefined, true, false, null, 0, 1, '', 'false', NaN), 'an object': wrong['an object'] };
  for (const name of ['toBuffer', 'toArrayBuffer']) {
    yield* calls(name);
    yield* calls(name, pointers);
    yield* calls(name, pointers, named(0, 1, 64, 100));
    yield* calls(name, pointers, named(0, 8), named(false));
    yield* calls(name, memory, lengths);
    yield* calls(name, memory, named(0, 1, 64, 65), copies);
  }

  yield* calls('toString');
  yield* calls('toString', pointers);

  const long = 'abcdefghij'.repeat(30);
  const strings = {
    ...named('', 'a', 'plain ASCII', 'Gr\u00fc\u00dfe', '\u00ff', 'a\0b', '\u20ac', '\u{1f600}', 'lone \ud800', '\udc00'),
    long: () => long, rope: () => long.slice(0, 20) + String(base > 0n) + long.slice(0, 15), slice: () => long.slice(3, 40),
    'external': () => Buffer.alloc(300, 'x').latin1Slice(),
  };
  const encodings = named(undefined, 'utf8', 'UTF-8', 'latin1', 'binary', 'ascii', 'utf16le', 'ucs2', 'hex', 'base64', '', 'buffer',
    'bogus', null, 1);
  yield* calls('exportString');
  yield* calls('exportString', { ...strings, ...wrong }, memory, named(400, 12, 3, 1, 0));
  yield* calls('exportString', named('text', '\u00e9', ''), pointers, named(100));
  yield* calls('exportString', named('text', '\u00e9'), memory, lengths);
  yield* calls('exportString', strings, memory, named(500, 8), encodings);

  const bytes = (length) => Uint8Array.from({ length }, (_, index) => index + 1);
  const detached = (make) => () => {
    const value = make();
    structuredClone(value.buffer ?? value, { transfer: [value.buffer ?? value] });
    return value;
  };
  const moved = () => {
    const value = Buffer.from(bytes(16));
    return value.buffer && value;
  };
  const sources = {
    'a small Buffer': () => Buffer.alloc(16, 7), 'a pooled Buffer': () => Buffer.from('pooled'), 'a moved Buffer': moved,
    'a large Buffer': () => Buffer.alloc(300, 9), 'part of a Buffer': () => Buffer.alloc(100, 'abc').subarray(1, 20),
    'an empty Buffer': () => Buffer.alloc(0), 'a Buffer over shared memory': () => Buffer.from(new SharedArrayBuffer(8)),
    'a detached Buffer': detached(() => Buffer.from(new ArrayBuffer(16))),
    'a small Uint8Array': () => bytes(20), 'an Int16Array': () => Int16Array.of(1, 2, 3), 'a Float64Array': () => Float64Array.of(0.5),
    'a BigInt64Array': () => BigInt64Array.of(1n, -1n), 'a DataView': () => new DataView(bytes(20).buffer, 3, 9),
    'a detached DataView': detached(() => new DataView(new ArrayBuffer(8))),
    'a detached Int8Array': detached(() => new Int8Array(new ArrayBuffer(8))),
    'an ArrayBuffer': () => bytes(24).buffer, 'an empty ArrayBuffer': () => new ArrayBuffer(0),
    'a detached ArrayBuffer': detached(() => new ArrayBuffer(8)), 'a SharedArrayBuffer': () => new SharedArrayBuffer(8),
    'a Buffer of 16-bit elements': () => Object.setPrototypeOf(Int16Array.of(1, 2, 3, 4), Buffer.prototype),
    'a DataView that says it is a Buffer': () => Object.setPrototypeOf(new DataView(new ArrayBuffer(8)), Buffer.prototype),
    'an object that says it is a Buffer': () => Object.create(Buffer.prototype),
    'a Buffer that says it is none': () => Object.setPrototypeOf(Buffer.alloc(8, 1), Uint8Array.prototype),
    'a Buffer with a length of its own': () => Object.defineProperty(Buffer.alloc(8, 1), 'length', { value: 2 }),
    'a resizable ArrayBuffer': () => new ArrayBuffer(8, { maxByteLength: 16 }),
    'a view that follows its buffer': () => new Uint8Array(new ArrayBuffer(8, { maxByteLength: 16 })),
    'a view out of bounds': () => {
      const buffer = new ArrayBuffer(8, { maxByteLength: 16 });
      const view = new Uint8Array(buffer, 2, 6);
      buffer.resize(4);
      return view;
    },
    ...wrong,
  };
  for (const name of ['exportBuffer', 'exportArrayBuffer', 'exportArrayBufferView']) {
    yield* calls(name);
    yield* calls(name, sources, memory, named(400, 16, 8, 1, 0));
    const one = name === 'exportArrayBuffer' ? { 'an ArrayBuffer': sources['an ArrayBuffer'] } : { 'a Buffer': sources['a small Buffer'] };
    yield* calls(name, one, pointers, named(100));
    yield* calls(name, one, memory, lengths);
  }
  yield* calls('getRawPointer');
  yield* calls('getRawPointer', sources, zero);
}

// Asks every function everything, `passes` times, but what `skip` is true for; `between` runs after each pass but the last. Gives the answers
// of each pass, and how often an argument was asked for a number.
exports.survey = function survey(ffi, passes, { between = () => {}, skip = () => false } = {}) {
  const asked = { count: 0 };
  const memory = new SharedArrayBuffer(SIZE);
  const bytes = Buffer.from(memory);
  const base = ffi.getRawPointer(bytes);
  const text = Buffer.from('native text, Gr\u00fc\u00dfe \u20ac \0');
  const results = [];
  for (let pass = 0; pass < passes; pass++) {
    const answers = {};
    for (const [name, label, makers] of makeCalls(ffi, base, asked)) {
      if (skip(`${name}(${label})`)) continue;
      for (let index = 0; index < SIZE; index++) bytes[index] = index * 7;
      text.copy(bytes);
      const before = Buffer.from(bytes);
      const values = makers.map((make) => make());
      let said;
      try {
        const result = ffi[name](...values);
        if (name === 'getRawPointer') {
          said = result === 0n ? '0n' : `where ${ffi.getUint8(result)} is`;
        } else {
          said = describeResult(ffi, result);
          // A view is of the memory, a copy is not.
          if (result?.byteLength > 0) {
            bytes[0] ^= 0xff;
            said += ` ${new Uint8Array(result.buffer ?? result)[0] === bytes[0] ? 'view' : 'copy'}`;
            bytes[0] ^= 0xff;
          }
        }
      } catch (error) {
        said = `${error.name} ${error.code}: ${error.message}`;
      }
      const changed = [];
      for (let index = 0; index < SIZE; index++) if (bytes[index] !== before[index]) changed.push(`${index}=${bytes[index]}`);
      answers[`${name}(${label})`] = `${said}; ${changed.join(' ')}`;
    }
    results.push(answers);
    if (pass < passes - 1) between(ffi, base);
  }
  return { results, asked: asked.count };
};

// Calls everything often enough for V8 to optimise it, with valid arguments, each from code of its own. The number of wrong answers.
exports.heat = function heat(ffi, base, iterations = 20_000) {
  let wrong = 0;
  const run = (call, right) => {
    const loop = compile('call', 'right', 'count', `let wrong = 0;
      for (let i = 0; i < count; i++) if (!right(call(i), i)) wrong++;
      return wrong;`);
    wrong += loop(call, right, iterations);
  };
  const rounded = { Float32: Math.fround, Int64: BigInt, Uint64: BigInt };
  for (const element of elements) {
    const [get, set, round] = [ffi[`get${element}`], ffi[`set${element}`], rounded[element] ?? Number];
    const access = compile('get', 'set', 'base', 'round', `return (i) => {
      set(base, i & 63, round(i & 127));
      return get(base, i & 63);
    };`);
    run(access(get, set, base, round), (result, index) => result === round(index & 127));
  }
  ffi.exportString('hot text', base, 100);
  const source = Buffer.from(new SharedArrayBuffer(8));
  const address = ffi.getRawPointer(source);
  run(() => ffi.toString(base), (result) => result === 'hot text');
  run((i) => ffi.toBuffer(base, 1 + (i & 127)), (result, i) => result.length === 1 + (i & 127) && result[0] === 0x68);
  run((i) => ffi.toArrayBuffer(base, 1 + (i & 127)), (result, i) => result.byteLength === 1 + (i & 127));
  run((i) => ffi.toBuffer(base, 1 + (i & 127), false), (result, i) => result.length === 1 + (i & 127) && result[0] === 0x68);
  run((i) => ffi.toArrayBuffer(base, 1 + (i & 127), false), (result, i) => result.byteLength === 1 + (i & 127));
  run(() => ffi.getRawPointer(source), (result) => result === address);
  run(() => ffi.exportString('hot text', base + 200n, 20), () => ffi.getUint8(base, 207) === 0x74);
  run(() => ffi.exportString('hot t\u00e9xt', base + 200n, 20), () => ffi.getUint8(base, 208) === 0x74);
  run(() => ffi.exportString('hot t\u00e9xt', base + 200n, 20, 'latin1'), () => ffi.getUint8(base, 207) === 0x74);
  run((i) => {
    source[0] = i;
    ffi.exportBuffer(source, base + 300n, 8);
  }, (_, i) => ffi.getUint8(base, 300) === (i & 0xff));
  run((i) => {
    source[1] = i;
    ffi.exportArrayBufferView(source, base + 300n, 8);
  }, (_, i) => ffi.getUint8(base, 301) === (i & 0xff));
  const plain = new Uint8Array(new ArrayBuffer(8));
  run((i) => {
    plain[2] = i;
    ffi.exportArrayBuffer(plain.buffer, base + 300n, 8);
  }, (_, i) => ffi.getUint8(base, 302) === (i & 0xff));
  return wrong;
};
