'use strict';

// What an error of each kind is, beyond its message: properties, inheritance, the first line of its stack.

exports.cases = (record, ffi, fixture) => {
  const raisers = { ...ofLibraries(ffi, fixture), ...ofMemory(ffi) };
  for (const [label, raise] of Object.entries(raisers)) {
    const error = thrownBy(raise);
    const base = globalThis[error.name];
    record(`error/${label}/kind`, () => [
      error instanceof base,
      error.constructor === base,
      Object.prototype.toString.call(error),
    ]);
    record(`error/${label}/keys`, () => Object.keys(error));
    record(`error/${label}/name is inherited`, () => Object.hasOwn(error, 'name'));
    record(`error/${label}/String`, () => String(error));
    record(`error/${label}/header of the stack`, () => error.stack.split('\n')[0]);
    record.property(`error/${label}/code`, error, 'code');
    record.property(`error/${label}/message`, error, 'message');
    record(`error/${label}/is caught at its call`, () => error.stack.includes(__filename));
  }
};

function ofLibraries(ffi, fixture) {
  const closed = fixture.open();
  const closedNoop = closed.getFunction('noop', {});
  const closedNine = closed.getFunction('weigh_9_i32', { return: 'i64', arguments: Array(9).fill('i32') });
  closed.close();
  const add = fixture.native('add_i32', 'i32', 'i32', 'i32');
  return {
    'wrapper, wrong count': () => add(1),
    'wrapper, wrong type': () => add(1, 'x'),
    'wrapper, closed': () => closedNoop(),
    'shared-buffer wrapper, closed': () => closedNine(...Array(9).keys()),
    'constructor, wrong type': () => new ffi.DynamicLibrary(1),
    'constructor, without new': () => ffi.DynamicLibrary(fixture.path),
    'constructor, missing file': () => new ffi.DynamicLibrary('/nope'),
    'getSymbol, unknown': () => fixture.open().getSymbol('zzz'),
    'getSymbol, closed': () => closed.getSymbol('noop'),
    'getFunction, bad type': () => fixture.open().getFunction('noop', { return: 'bad' }),
    'getFunction, closed': () => closed.getFunction('noop', {}),
    'functions, closed': () => closed.functions,
    'symbols, closed': () => closed.symbols,
    'registerCallback, nothing': () => fixture.open().registerCallback(),
    'unregisterCallback, unknown': () => fixture.open().unregisterCallback(1n),
    receiver: () => closed.getSymbol.call({}),
    'getFunctions, wrong type': () => fixture.open().getFunctions(1),
    'dlopen, missing file': () => ffi.dlopen('/nope'),
  };
}

function ofMemory(ffi) {
  return {
    'getInt8, wrong type': () => ffi.getInt8(1),
    'getInt8, null pointer': () => ffi.getInt8(0n),
    'getInt8, large offset': () => ffi.getInt8(1n, 1e300),
    'setInt8, no offset': () => ffi.setInt8(1n),
    'toString, wrong type': () => ffi.toString(1),
    'toBuffer, null pointer': () => ffi.toBuffer(0n, 1),
    'toBuffer, large length': () => ffi.toBuffer(1n, 1e300),
    'exportString, wrong type': () => ffi.exportString(1),
    'exportString, unknown encoding': () => ffi.exportString('a', 1n, 4, 'bogus'),
    'exportString, short length': () => ffi.exportString('a', 1n, 1),
    'exportString, null pointer': () => ffi.exportString('a', 0n, 4),
    'exportBuffer, wrong type': () => ffi.exportBuffer(1),
    'exportBuffer, short length': () => ffi.exportBuffer(Buffer.alloc(2), 1n, 1),
    'exportBuffer, null pointer': () => ffi.exportBuffer(Buffer.alloc(2), 0n, 2),
    'getRawPointer, wrong type': () => ffi.getRawPointer(1),
  };
}

function thrownBy(raise) {
  try {
    raise();
  } catch (error) {
    return error;
  }
  throw new Error(`${raise} did not throw`);
}
