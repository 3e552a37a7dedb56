'use strict';

// Uses everything once and tells what came of it, as texts by name, in a program whose globals and prototypes may be anybody's. So it
// goes through nothing that can be changed: what it needs of the language it takes when it is loaded, before any change.

const { getOwnPropertyDescriptor, getPrototypeOf, is, keys } = Object;
const { apply } = Reflect;
const { Float64Array, String, Symbol } = globalThis;
const { Error, RangeError, TypeError } = globalThis;
const { alloc } = Buffer;
const { byteLength } = Object.getOwnPropertyDescriptors(ArrayBuffer.prototype);
const classes = { __proto__: null, Error: Error.prototype, RangeError: RangeError.prototype, TypeError: TypeError.prototype };

// Its class, and its own code and message: what stands on a prototype is not the error's.
function describeError(error) {
  // What is asked for the stack first also decides what it looks like.
  const { stack } = error;
  if (stack === undefined) return 'no stack';
  let name = 'another class';
  for (const known in classes) if (getPrototypeOf(error) === classes[known]) name = known;
  return `${name} ${getOwnPropertyDescriptor(error, 'code')?.value}: ${getOwnPropertyDescriptor(error, 'message')?.value}`;
}

function listed(object) {
  const names = keys(object);
  let text = '';
  for (let index = 0; index < names.length; index++) text += `${names[index]} `;
  return text;
}

function bytesOf(buffer, length) {
  let text = '';
  for (let index = 0; index < length; index++) text += `${buffer[index]} `;
  return text;
}

function described(object, name) {
  const { value, writable, enumerable, configurable } = getOwnPropertyDescriptor(object, name);
  return `${typeof value} ${writable} ${enumerable} ${configurable}`;
}

function many(length, value) {
  const values = [];
  for (let index = 0; index < length; index++) values[index] = value;
  return values;
}

// What making these goes through can be changed as well.
const seventyTypes = many(70, 'i32');
const seventyValues = many(70, 1);
const memory = alloc(64);
const bytes = alloc(3, 7);
const otherBytes = alloc(3, 8);
const arrayBuffer = new ArrayBuffer(20);
const numbers = new Float64Array(4);

const i32 = { return: 'i32', arguments: ['i32'] };
const i32Twice = { return: 'i32', arguments: ['i32', 'i32'] };
// What callbacks are given and answer, to the limits of each type.
const passed = {
  __proto__: null,
  i8: [-128, 127, -0], u8: [255, 0], i16: [-32768, 32767], u16: [65535], i32: [-2147483648, 2147483647, 1073741824], u32: [4294967295, 2147483648],
  i64: [-9223372036854775808n, 9223372036854775807n, -1n, 0n], u64: [18446744073709551615n, 9007199254740993n],
  f32: [0.5, -0, NaN, Infinity, 1e300], f64: [0.1, -0, NaN, 5e-324], pointer: [18446744073709551615n, 0n, null, undefined], bool: [1, 0],
};
const passedSignatures = { __proto__: null };
for (const type in passed) passedSignatures[type] = { return: type, arguments: [type] };
const mixedSignature = { return: 'f64', arguments: ['i8', 'i64', 'f32', 'pointer', 'u16', 'u64', 'f64'] };

function exerciseFunctions(note, library) {
  const add = library.getFunction('add_i32', i32Twice);
  note('call', () => add(2, 3));
  note('known', () => library.getFunction('add_i32', i32Twice) === add);
  note('other signature', () => library.getFunction('add_i32', i32));
  note('too few', () => add(1));
  note('too many', () => add(1, 2, 3));
  note('wrong type', () => add('x', 1));
  note('wrong object', () => add({}, 1));
  note('properties', () => `${described(add, 'name')}, ${described(add, 'length')}, ${described(add, 'pointer')}`);
  note('pointer', () => add.pointer === library.getSymbol('add_i32'));
  note('five', () => {
    const types = ['i32', 'i32', 'i32', 'i32', 'i32'];
    return library.getFunctionFromPointer(add.pointer, { return: 'i32', arguments: types })(1, 2, 3, 4, 5);
  });
  note('six', () => {
    const types = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'];
    return library.getFunctionFromPointer(add.pointer, { return: 'i32', arguments: types })(1, 2, 3, 4, 5, 6);
  });
  note('seventy', () => apply(
    library.getFunctionFromPointer(library.getSymbol('weigh_20_i32'), { return: 'i64', arguments: seventyTypes }),
    undefined,
    seventyValues,
  ));
  note('text', () => library.getFunction('string_length', { return: 'u64', arguments: ['string'] })('hé'));
  note('functions', () => listed(library.functions));
  note('getFunctions', () => listed(library.getFunctions({ noop: {}, add_i32: i32Twice })));
  note('getFunctions fails', () => library.getFunctions({ noop: {}, no_such_symbol: {} }));
  note('symbols', () => listed(library.symbols));
  note('no symbol', () => library.getSymbol('no_such_symbol').slice(0));
  note('no type', () => library.getFunction('noop_too', { return: 'no_type' }));
  note('path', () => typeof library.path);
}

function exerciseCallbacks(note, library) {
  const call = library.getFunction('call_i32', { return: 'i32', arguments: ['function', 'i32'] });
  let callback;
  note('register', () => {
    callback = library.registerCallback(i32, (value) => value * 2);
    return typeof callback;
  });
  note('callback', () => call(callback, 4));
  for (const type in passed) {
    const signature = passedSignatures[type];
    const values = passed[type];
    note(`callback of ${type}`, () => {
      let seen;
      let index = 0;
      let text = '';
      const address = library.registerCallback(signature, (value) => {
        seen = value;
        return values[index];
      });
      const pass = library.getFunctionFromPointer(address, signature);
      for (; index < values.length; index++) {
        const answer = pass(values[index]);
        text += `${typeof seen} ${is(seen, -0) ? '-0' : String(seen)} ${typeof answer} ${is(answer, -0) ? '-0' : String(answer)}, `;
      }
      library.unregisterCallback(address);
      return text;
    });
  }
  note('callback of several', () => {
    let seen;
    const address = library.registerCallback(mixedSignature, (a, b, c, d, e, f, g) => {
      seen = `${a} ${b} ${c} ${d} ${e} ${f} ${g}`;
      return g;
    });
    const answer = library.getFunctionFromPointer(address, mixedSignature)(-1, -2n, 0.5, 4n, 5, 6n, 7.5);
    library.unregisterCallback(address);
    return `${seen} ${answer}`;
  });
  note('callback of nothing', () => {
    const address = library.registerCallback(() => bytes);
    const answer = library.getFunctionFromPointer(address, {})();
    library.unregisterCallback(address);
    return answer;
  });
  note('callback that catches', () => {
    const address = library.registerCallback(i32, () => {
      try {
        return call('x', 1, 2);
      } catch {
        return 6;
      }
    });
    const answer = call(address, 1);
    library.unregisterCallback(address);
    return answer;
  });
  note('reference', () => `${library.unrefCallback(callback)} ${library.refCallback(callback)}`);
  note('unregister', () => library.unregisterCallback(callback));
  note('no callback', () => library.unregisterCallback(callback));
}

function exerciseMemory(note, ffi) {
  const address = ffi.getRawPointer(memory);
  note('set', () => `${ffi.setUint32(address, 0, 0x42424242)} ${ffi.getUint16(address, 0)} ${ffi.getInt8(address)}`);
  note('set too much', () => ffi.setInt8(address, 0, 300));
  note('get nothing', () => ffi.getInt8('x'));
  note('string', () => ffi.toString(address));
  note('copy', () => bytesOf(ffi.toBuffer(address, 2), 2));
  note('view', () => bytesOf(ffi.toBuffer(address, 2, false), 2));
  note('array buffer', () => apply(byteLength.get, ffi.toArrayBuffer(address, 7), []));
  note('array buffer view', () => apply(byteLength.get, ffi.toArrayBuffer(address, 9, false), []));
  note('no memory', () => ffi.toArrayBuffer(address, 2 ** 53 - 1));
  note('no buffer', () => ffi.toBuffer(0n, 1));
  note('export string', () => `${ffi.exportString('abc', address, 4)} ${bytesOf(memory, 4)}`);
  note('export hex', () => `${ffi.exportString('0a0b', address, 3, 'hex')} ${bytesOf(memory, 3)}`);
  note('export buffer', () => `${ffi.exportBuffer(bytes, address, 3)} ${bytesOf(memory, 4)}`);
  note('export no buffer', () => ffi.exportBuffer({}, address, 3));
  note('export numbers', () => ffi.exportBuffer(numbers, address, 32));
  note('export array buffer', () => `${ffi.exportArrayBuffer(arrayBuffer, address, 20)} ${bytesOf(memory, 4)}`);
  note('export into too little', () => ffi.exportArrayBuffer(arrayBuffer, address, 10));
  note('export view of numbers', () => ffi.exportArrayBufferView(numbers, address, 31));
  note('export undefined', () => ffi.exportString(undefined, address, 4));
  note('export a number', () => ffi.exportString(-0, address, 4));
  note('export a symbol', () => ffi.exportString(Symbol.iterator, address, 4));
  note('export a function', () => ffi.exportString(getPrototypeOf, address, 4));
  note('export as text', () => ffi.exportBuffer("it's quite a long text that is no buffer", address, 4));
  note('export view', () => `${ffi.exportArrayBufferView(otherBytes, address, 3)} ${bytesOf(memory, 4)}`);
}

function exerciseModule(note, ffi, path) {
  note('dlopen', () => {
    const opened = ffi.dlopen(path, { add_i32: i32Twice });
    const text = `${opened.functions.add_i32(2, 3)} ${typeof ffi.dlsym(opened.lib, 'noop')} ${typeof opened[Symbol.dispose]}`;
    ffi.dlclose(opened.lib);
    return text;
  });
  note('dlopen without', () => listed(ffi.dlopen(path).functions));
  note('dlopen nothing', () => ffi.dlopen('/no/such/library.so', {}));
  note('without new', () => ffi.DynamicLibrary(path));
  note('another receiver', () => apply(ffi.DynamicLibrary.prototype.close, {}, []));
  note('legacy', () => ffi.getNativeFunction(path, 'add_i32', 'int', ['int', 'int'])(2, 3));
  note('legacy size', () => ffi.sizeof('long'));
}

module.exports = function exercise(ffi, path) {
  const seen = { __proto__: null };
  const note = (name, act) => {
    try {
      seen[name] = String(act());
    } catch (error) {
      seen[name] = describeError(error);
    }
  };
  const library = new ffi.DynamicLibrary(path);
  exerciseFunctions(note, library);
  exerciseCallbacks(note, library);
  exerciseMemory(note, ffi);
  exerciseModule(note, ffi, path);
  note('close', () => library.close());
  note('closed', () => library.getSymbol('noop'));
  return seen;
};
