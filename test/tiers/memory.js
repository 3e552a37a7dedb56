'use strict';

// Memory of every kind as JavaScript sees it, filled with 1, 2, 3 ... Each function makes it anew.

const vm = require('node:vm');

const SIZE = 24;

function fill(buffer) {
  const bytes = new Uint8Array(buffer);
  for (let index = 0; index < bytes.length; index++) bytes[index] = index + 1;
  return buffer;
}

const filled = (size = SIZE) => fill(new ArrayBuffer(size));
const shared = (size = SIZE) => fill(new SharedArrayBuffer(size));
const resizable = (size = SIZE) => fill(new ArrayBuffer(size, { maxByteLength: 64 }));
const growable = (size = SIZE) => fill(new SharedArrayBuffer(size, { maxByteLength: 64 }));

function webAssembly() {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 4 });
  fill(memory.buffer);
  return memory;
}

// What was made of memory that has then moved.
function left(make) {
  const memory = webAssembly();
  const it = make(memory);
  memory.grow(1);
  return it;
}

function detach(buffer) {
  structuredClone(buffer, { transfer: [buffer] });
}

// A view of memory that `change` is done to afterwards.
function changed(buffer, view, change) {
  const it = view(buffer);
  change(buffer);
  return it;
}

const disguise = (view, prototype) => Object.setPrototypeOf(view, prototype);

const typedArrays = [Uint8Array, Int8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array,
  BigInt64Array, BigUint64Array, ...globalThis.Float16Array ? [globalThis.Float16Array] : []];

const views = {
  'a view from the middle': () => new Uint8Array(filled(), 8, 8),
  'a data view': () => new DataView(filled()),
  'a data view from the middle': () => new DataView(filled(), 3, 4),
  'a buffer': () => Buffer.from(filled()),
  'a buffer from the pool': () => Buffer.from([1, 2, 3, 4]),
  'a buffer of its own': () => Buffer.alloc(100, 7),
  'a subarray': () => Buffer.from(filled()).subarray(5, 9),
  'a subclass': () => new (class Bytes extends Uint8Array {})(filled()),
  'an array in the heap': () => Uint8Array.of(1, 2, 3),
  'the largest array in the heap': () => new Uint8Array(64).fill(3),
  'the smallest array outside of the heap': () => new Uint8Array(65).fill(3),
  'an array in the heap whose buffer was asked for': () => {
    const view = Uint8Array.of(1, 2, 3);
    return view.buffer && view;
  },
  'a view with other properties': () => Object.defineProperties(new Uint8Array(filled()), {
    length: { value: 1 }, byteLength: { value: 1 }, byteOffset: { value: 8 }, buffer: { value: new ArrayBuffer(8) },
  }),
  'a view without a prototype': () => disguise(new Uint8Array(filled()), null),
  'a data view without a prototype': () => disguise(new DataView(filled()), null),
  'a view of another context': () => vm.runInNewContext('Uint8Array.of(1, 2, 3, 4)'),
  'a frozen empty view': () => Object.freeze(new Uint8Array(0)),
  'a view of shared memory': () => new Uint8Array(shared()),
  'a data view of shared memory': () => new DataView(shared(), 4),
  'a buffer of shared memory': () => Buffer.from(shared(), 2),
};
for (const TypedArray of typedArrays) views[`${TypedArray.name}`] = () => new TypedArray(filled());

const buffers = {
  'an array buffer': () => filled(),
  'an array buffer without a prototype': () => disguise(filled(), null),
  'an array buffer of another context': () => vm.runInNewContext('new ArrayBuffer(8)'),
};

const empty = {
  'an empty buffer': () => Buffer.alloc(0),
  'an empty array': () => new Uint8Array(0),
  'an empty array of bigints': () => new BigInt64Array(0),
  'an empty array buffer': () => new ArrayBuffer(0),
  'an empty data view': () => new DataView(new ArrayBuffer(0)),
  'an empty view of filled memory': () => new Uint8Array(filled(), 8, 0),
  'an empty view at the end': () => new Uint8Array(filled(), SIZE),
  'an empty view of shared memory': () => new Uint8Array(shared(), 8, 0),
  'a detached array buffer': () => changed(filled(), (buffer) => buffer, detach),
  'a detached view': () => changed(filled(), (buffer) => new Uint8Array(buffer), detach),
  'a detached view from the middle': () => changed(filled(), (buffer) => new Uint16Array(buffer, 8), detach),
  'a detached data view': () => changed(filled(), (buffer) => new DataView(buffer, 3), detach),
  'a detached array that was in the heap': () => changed(Uint8Array.of(1, 2), (view) => view, (view) => detach(view.buffer)),
};

// There is none where V8 must not compile.
if (globalThis.WebAssembly) {
  buffers['WebAssembly\'s memory'] = () => webAssembly().buffer;
  views['a view of WebAssembly\'s memory'] = () => new Uint8Array(webAssembly().buffer, 4, 8);
  empty['memory that WebAssembly has left'] = () => left((memory) => memory.buffer);
  empty['a view of memory that WebAssembly has left'] = () => left((memory) => new Uint8Array(memory.buffer, 4));
}

const resize = (size) => (buffer) => buffer.resize(size);
const grow = (size) => (buffer) => buffer.grow(size);
const resized = {
  'a resizable array buffer': () => resizable(),
  'a resizable array buffer that is empty': () => resizable(0),
  'a resizable array buffer that was emptied': () => changed(resizable(), (buffer) => buffer, resize(0)),
  'a view of resizable memory': () => new Uint8Array(resizable(), 4, 8),
  'a view that tracks the length': () => new Uint8Array(resizable(), 4),
  'a data view of resizable memory': () => new DataView(resizable(), 4, 8),
  'a data view that tracks the length': () => new DataView(resizable(), 4),
  'a view that has grown': () => changed(resizable(), (buffer) => new Uint8Array(buffer, 4), resize(48)),
  'a view that has shrunk': () => changed(resizable(), (buffer) => new Uint8Array(buffer, 4), resize(12)),
  'a view that has shrunk to nothing': () => changed(resizable(), (buffer) => new Uint8Array(buffer, 4), resize(4)),
  'a view that is out of bounds': () => changed(resizable(), (buffer) => new Uint8Array(buffer, 4, 8), resize(10)),
  'a view that begins out of bounds': () => changed(resizable(), (buffer) => new Uint8Array(buffer, 16), resize(8)),
  'a data view that has grown': () => changed(resizable(), (buffer) => new DataView(buffer, 4), resize(48)),
  'a data view that is out of bounds': () => changed(resizable(), (buffer) => new DataView(buffer, 4, 8), resize(10)),
  'a data view that begins out of bounds': () => changed(resizable(), (buffer) => new DataView(buffer, 16), resize(8)),
  'a view that was out of bounds': () => changed(resizable(), (buffer) => new Uint8Array(buffer, 4, 8), (buffer) => {
    buffer.resize(8);
    fill(buffer).resize(SIZE);
  }),
  'a view of growable memory': () => new Uint8Array(growable(), 4, 8),
  'a view that tracks growable memory': () => changed(growable(), (buffer) => new Uint8Array(buffer, 4), grow(48)),
  'a data view that tracks growable memory': () => changed(growable(), (buffer) => new DataView(buffer, 4), grow(48)),
};

Object.assign(exports, { views, buffers, empty, resized, all: { ...views, ...buffers, ...empty, ...resized } });
