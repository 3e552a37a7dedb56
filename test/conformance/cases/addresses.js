'use strict';

// getRawPointer and getCurrentEventLoop (behaviour 6).

const { everything } = require('../values');
const { lenders, empties, detached, outOfBounds } = require('../sources');

exports.cases = (record, ffi, fixture) => {
  const lent = new Set(['Buffer', 'Uint8Array', 'DataView', 'ArrayBuffer', 'SharedArrayBuffer']);
  for (const { label, make } of [...everything.filter(({ label }) => !lent.has(label)), ...empties, ...detached]) {
    record(`getRawPointer/${label}`, () => ffi.getRawPointer(make()));
  }
  record('getRawPointer/nothing', () => ffi.getRawPointer());
  record('getRawPointer/empty SharedArrayBuffer', () => ffi.getRawPointer(new SharedArrayBuffer(0)));
  const identity = fixture.native('identity_pointer', 'pointer', 'pointer');
  for (const { label, make } of lenders) {
    record(`getRawPointer/${label}`, () => {
      const lender = make();
      const address = ffi.getRawPointer(lender);
      return [typeof address, address !== 0n, address === ffi.getRawPointer(lender), address === identity(lender)];
    });
    record(`getRawPointer/${label} adds the offset`, () => {
      const lender = make();
      const { buffer } = Object.getPrototypeOf(lender) === null ? {} : lender;
      return buffer === undefined
        ? 'no view'
        : ffi.getRawPointer(lender) - ffi.getRawPointer(buffer) === BigInt(lender.byteOffset);
    });
  }
  for (const { label, make } of outOfBounds) {
    record(`getRawPointer/${label}`, () => {
      const lender = make();
      return ffi.getRawPointer(lender) - ffi.getRawPointer(lender.buffer);
    });
  }
  sharedMemory(record, ffi);
  eventLoop(record, ffi);
};

function sharedMemory(record, ffi) {
  const kinds = {
    SharedArrayBuffer: () => new SharedArrayBuffer(16),
    'growable SharedArrayBuffer': () => new SharedArrayBuffer(16, { maxByteLength: 64 }),
    'shared WebAssembly memory': () => new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true }).buffer,
  };
  for (const [label, make] of Object.entries(kinds)) {
    record(`getRawPointer/${label} is what its view says`, () => {
      const buffer = make();
      return [
        ffi.getRawPointer(buffer) === ffi.getRawPointer(new Uint8Array(buffer)),
        ffi.getRawPointer(buffer) !== 0n,
      ];
    });
    record(`getRawPointer/${label} is where its bytes are`, () => {
      const buffer = make();
      ffi.setUint8(ffi.getRawPointer(buffer), 3, 200);
      return new Uint8Array(buffer)[3];
    });
  }
  record('getRawPointer/writes arrive', () => {
    const bytes = new Uint8Array(4);
    ffi.setUint32(ffi.getRawPointer(bytes), 0, 0x04030201);
    return bytes;
  });
}

function eventLoop(record, ffi) {
  record('getCurrentEventLoop/kind', () => typeof ffi.getCurrentEventLoop());
  record('getCurrentEventLoop/constant', () => ffi.getCurrentEventLoop() === ffi.getCurrentEventLoop(1, 'x'));
  record('getCurrentEventLoop/not NULL', () => ffi.getCurrentEventLoop() > 0n);
}
