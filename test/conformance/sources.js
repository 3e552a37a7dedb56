'use strict';

// Everything that lends its memory to native code, and what looks like it but does not.

exports.typedArrays = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];

exports.lenders = [
  ...exports.typedArrays.flatMap((TypedArray) => [
    { label: `${TypedArray.name} of 3`, make: () => new TypedArray(3) },
    { label: `${TypedArray.name} of 300`, make: () => new TypedArray(300) },
    { label: `${TypedArray.name} at an offset`, make: () => new TypedArray(new ArrayBuffer(64), 16, 2) },
  ]),
  { label: 'Buffer.alloc', make: () => Buffer.alloc(16) },
  { label: 'Buffer of the pool', make: () => Buffer.from('pooled text') },
  { label: 'Buffer slice', make: () => Buffer.alloc(16).subarray(5, 9) },
  { label: 'Buffer of a SharedArrayBuffer', make: () => Buffer.from(new SharedArrayBuffer(8), 2, 4) },
  { label: 'Buffer subclass', make: () => Object.setPrototypeOf(Buffer.alloc(8), class extends Buffer {}.prototype) },
  { label: 'Uint8Array without prototype', make: () => Object.setPrototypeOf(new Uint8Array(8), null) },
  { label: 'DataView', make: () => new DataView(new ArrayBuffer(16)) },
  { label: 'DataView at an offset', make: () => new DataView(new ArrayBuffer(16), 3, 4) },
  { label: 'DataView of a SharedArrayBuffer', make: () => new DataView(new SharedArrayBuffer(16), 4) },
  { label: 'ArrayBuffer', make: () => new ArrayBuffer(16) },
  { label: 'ArrayBuffer subclass', make: () => new (class extends ArrayBuffer {})(16) },
  { label: 'resizable ArrayBuffer', make: () => new ArrayBuffer(8, { maxByteLength: 64 }) },
  { label: 'view of a resizable ArrayBuffer', make: () => new Uint8Array(resizable(8), 2, 4) },
  { label: 'length-tracking view', make: () => new Uint8Array(resizable(8), 4) },
  { label: 'DataView of a resizable ArrayBuffer', make: () => new DataView(resizable(8), 2) },
  { label: 'view of a SharedArrayBuffer', make: () => new Uint8Array(new SharedArrayBuffer(16), 4) },
  { label: 'view of a growable SharedArrayBuffer', make: () => new Uint8Array(growable(), 4) },
  { label: 'memory of WebAssembly', make: () => memory().buffer },
  { label: 'view of WebAssembly memory', make: () => new Uint8Array(memory().buffer, 1000, 5) },
  { label: 'view of shared WebAssembly memory', make: () => new Uint8Array(memory({ shared: true }).buffer, 1000, 5) },
  { label: 'empty view inside a buffer', make: () => new Uint8Array(new ArrayBuffer(16), 8, 0) },
  { label: 'empty DataView at the end', make: () => new DataView(new ArrayBuffer(16), 16) },
  { label: 'empty Buffer slice', make: () => Buffer.alloc(16).subarray(4, 4) },
];

exports.empties = [
  { label: 'empty ArrayBuffer', make: () => new ArrayBuffer(0) },
  { label: 'empty Uint8Array', make: () => new Uint8Array(0) },
  { label: 'empty DataView', make: () => new DataView(new ArrayBuffer(0)) },
  { label: 'Buffer.alloc(0)', make: () => Buffer.alloc(0) },
  { label: 'view of an empty SharedArrayBuffer', make: () => new Uint8Array(new SharedArrayBuffer(0)) },
];

exports.detached = [
  { label: 'detached ArrayBuffer', make: () => detach(new ArrayBuffer(8)) },
  { label: 'detached resizable ArrayBuffer', make: () => detach(resizable(8)) },
  { label: 'detached empty ArrayBuffer', make: () => detach(new ArrayBuffer(0)) },
  { label: 'Uint8Array of a detached buffer', make: () => detachedView((buffer) => new Uint8Array(buffer)) },
  { label: 'Float64Array of a detached buffer', make: () => detachedView((buffer) => new Float64Array(buffer)) },
  { label: 'DataView of a detached buffer', make: () => detachedView((buffer) => new DataView(buffer)) },
  { label: 'Buffer of a detached buffer', make: () => detachedView((buffer) => Buffer.from(buffer)) },
  { label: 'detached WebAssembly memory', make: grownMemory },
];

exports.outOfBounds = [
  { label: 'out-of-bounds Uint8Array', make: () => shrunk(Uint8Array) },
  { label: 'out-of-bounds Float64Array', make: () => shrunk(Float64Array) },
  { label: 'out-of-bounds DataView', make: () => shrunk(DataView) },
];

function resizable(byteLength) {
  return new ArrayBuffer(byteLength, { maxByteLength: 64 });
}

function growable() {
  return new SharedArrayBuffer(16, { maxByteLength: 64 });
}

function memory({ shared = false } = {}) {
  return new WebAssembly.Memory({ initial: 1, maximum: 2, shared });
}

function detach(buffer) {
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}

function detachedView(viewOf) {
  const buffer = new ArrayBuffer(16);
  const view = viewOf(buffer);
  detach(buffer);
  return view;
}

function grownMemory() {
  const grown = memory();
  const { buffer } = grown;
  grown.grow(1);
  return buffer;
}

function shrunk(View) {
  const buffer = resizable(32);
  const view = new View(buffer, 8, 1);
  buffer.resize(4);
  return view;
}
