'use strict';

// Every outcome that is not the built-in's, and why. `ids` says which cases, `ferrule` says what their outcome is to be
// (from Ferrule's outcome, the built-in's, and the id). `nodes` limits a difference to the Node lines whose engine is
// its cause, `musl` to systems with that C library, `windows` to that system, `jitless: false` to processes in which V8 compiles. The test fails
// for a difference that is not here, and for one here that is none.

const { isDeepStrictEqual } = require('node:util');

const top = 2n ** 64n;

const is = (expected) => (outcome) => isDeepStrictEqual(outcome, expected);
const returns = (value) => is({ returns: value });

function throws(name, code, message) {
  return is({ throws: { name, code, message, constructor: name, keys: 'code' } });
}

const throwsValue = (message) => throws('TypeError', 'ERR_INVALID_ARG_VALUE', message);

// The built-in's list with more in it: everything that it has, in its order, and these besides.
function listWith(...added) {
  return (ferrule, builtIn) => {
    const names = added.map((name) => `string ${JSON.stringify(name)}`);
    const kept = ferrule.returns.filter((name) => !names.includes(name));
    return names.every((name) => ferrule.returns.includes(name)) && isDeepStrictEqual(kept, builtIn.returns);
  };
}

const supersets = [
  {
    reason: 'Ferrule exports the functions of the earlier proposal as well',
    ids: ['module/keys', 'module/own keys', 'namespace/names'],
    ferrule: listWith('getNativeFunction', 'getBufferPointer', 'sizeof'),
  },
  {
    reason: 'a library can call a bare address (getFunctionFromPointer)',
    ids: ['prototype/keys', 'prototype/own keys', 'instance/keys of for-in'],
    ferrule: listWith('getFunctionFromPointer'),
  },
];

// The number in an id like `argument/i64/number 127`; undefined if it is no integer that is safe and in the type's range.
function safeNumber(id) {
  const match = /\/(?:i|u|int|uint)64(?: first| last)?\/number (\S+)$/.exec(id);
  const value = match ? Number(match[1]) : NaN;
  return Number.isSafeInteger(value) && (value >= 0 || !/\/u(int)?64/.test(id)) ? value : undefined;
}

const numbers = [
  {
    reason: '64-bit parameters accept safe integers, as later versions of node:ffi do',
    ids: (id) =>
      /^(argument|argument alias|nine parameters|beside a function)\//.test(id) && safeNumber(id) !== undefined,
    ferrule: (outcome, _, id) =>
      (/^nine parameters.* last\//.test(id) ? returns('undefined') : returns(`bigint ${BigInt(safeNumber(id))}`))(
        outcome,
      ),
  },
  {
    reason: '64-bit parameters accept safe integers, as later versions of node:ffi do',
    ids: (id) => id.startsWith('second argument/') && safeNumber(id) !== undefined,
    ferrule: (outcome, _, id) => returns(`bigint ${BigInt(safeNumber(id)) + 1n}`)(outcome),
  },
  {
    reason: '-0 is 0 for every integer type, on every path; the built-in refuses it for i32 and u32 on some',
    ids: (id) => /^argument\/[iu]32\/number -0$/.test(id),
    ferrule: returns('number 0'),
  },
  {
    reason: '-0 is 0 for every integer type, on every path; the built-in refuses it for i32 and u32 on some',
    ids: (id) => /^second argument\/[iu]32\/number -0$/.test(id),
    ferrule: returns('number 1'),
  },
  {
    reason: '-0 is 0 for every integer type, on every path; the built-in refuses it for i32 and u32 on some',
    ids: /^many\/record_(8|12|20)_mixed\/negative zeros$/,
    ferrule: ({ returns: text }) => /^string "(0{16}|0{14}80){7,19}(ee)+"$/.test(text),
  },
];

const ranges = [
  {
    reason: 'offsets above 2^53 - 1 are refused; the built-in wraps them into addresses',
    ids: /^[gs]etInt8\/offset (?!18446744073709551616)\d+ from the top$/,
    ferrule: throws('RangeError', 'ERR_OUT_OF_RANGE', 'The offset is too large'),
  },
  {
    reason: 'lengths above 2^53 - 1 are out of range',
    ids: (id) => {
      const match = /^to(?:Array)?Buffer\/(?:length number )?(\d+)(?: bytes)?(?:, (?:zero-copy|null pointer))?$/.exec(
        id,
      );
      return match !== null && Number(match[1]) >= 2 ** 53 && Number(match[1]) <= 2 ** 64;
    },
    ferrule: throws('RangeError', 'ERR_OUT_OF_RANGE', 'The length is too large'),
  },
];

const brands = [
  {
    reason: 'an ArrayBuffer is one whatever its tag or prototype',
    ids: [
      'exportArrayBuffer/stranger ArrayBuffer with a tag',
      'exportArrayBuffer/stranger ArrayBuffer without prototype',
    ],
    ferrule: returns('undefined'),
  },
  {
    reason: 'an object that has the tag of an ArrayBuffer is none',
    ids: [
      'exportArrayBuffer/stranger fake ArrayBuffer',
      'exportArrayBuffer/stranger object with the prototype of ArrayBuffer',
    ],
    ferrule: (outcome, _, id) =>
      throws(
        'TypeError',
        'ERR_INVALID_ARG_TYPE',
        `The "arrayBuffer" argument must be an instance of ArrayBuffer. Received an instance of ${id.includes('fake') ? 'Object' : 'ArrayBuffer'}`,
      )(outcome),
  },
];

// What `signature keys of <user>/<label>` gives with the five keys understood and any other refused.
const severalResults = "must have either 'returns', 'return' or 'result' property";
const severalLists = "must have either 'parameters' or 'arguments' property";
const signatureKeys = {
  parameters: { length: 1 },
  'result and parameters': { length: 1 },
  'bad result': 'Unsupported FFI type: bad',
  'bad returns': 'Return value type of function NAME must be a string',
  'bad parameters': 'Unsupported FFI type: bad',
  'return and result': `Function signature of NAME ${severalResults}`,
  'return and returns': `Function signature of NAME ${severalResults}`,
  'all three': `Function signature of NAME ${severalResults}`,
  'arguments and parameters': `Function signature of NAME ${severalLists}`,
  'result undefined': 'Return value type of function NAME must be a string',
  'unknown key': "Function signature of NAME has an unknown property 'retrun'",
  'unknown key with return': "Function signature of NAME has an unknown property 'argument'",
  'numeric key': "Function signature of NAME has an unknown property '0'",
  'abi key': "Function signature of NAME has an unknown property 'abi'",
  'unknown key, undefined': "Function signature of NAME has an unknown property 'extra'",
};

// Values that have a key, which is none of a signature's.
const keyed = {
  'object with valueOf': 'valueOf',
  'object with pointer': 'pointer',
  'new String': '0',
  'Proxy of Buffer': '0',
};

// The value that stands for a signature in these ids: `registerCallback/new String and a function`.
function keyedValue(id) {
  const match =
    /^(?:signature of getFunctions?\/given|definitions of \w+\/value) (.*)$/.exec(id) ??
    /^registerCallback\/(.*) and a function$/.exec(id);
  return match && Object.hasOwn(keyed, match[1]) ? match[1] : undefined;
}

const nameIn = (id) => (id.includes('registerCallback') ? '<callback>' : 'noop');

const signatures = [
  {
    reason:
      'a signature has five keys (returns, return, result; parameters, arguments), at most one of each kind, and no others',
    ids: (id) =>
      /^signature keys of /.test(id) &&
      Object.hasOwn(signatureKeys, id.split('/')[1]) &&
      !(id.startsWith('signature keys of registerCallback') && typeof signatureKeys[id.split('/')[1]] !== 'string'),
    ferrule: (outcome, _, id) => {
      const expected = signatureKeys[id.split('/')[1]];
      return (
        typeof expected === 'string'
          ? throwsValue(expected.replace('NAME', nameIn(id)))
          : returns(`number ${expected.length}`)
      )(outcome);
    },
  },
  {
    reason: 'an object with keys that no signature has is a mistake, not the signature void ()',
    ids: (id) => keyedValue(id) !== undefined,
    ferrule: (outcome, _, id) =>
      throwsValue(`Function signature of ${nameIn(id)} has an unknown property '${keyed[keyedValue(id)]}'`)(outcome),
  },
  {
    reason: 'an object with keys that no signature has is a mistake, not the signature void ()',
    ids: /^signature of \w+\/container boxed string$/,
    ferrule: (outcome, _, id) =>
      throwsValue(`Function signature of ${nameIn(id)} has an unknown property '0'`)(outcome),
  },
  {
    reason: 'all keys are looked for, reentrant among those of a function, then the own keys are checked, then what is there is read',
    ids: /^signature trace of /,
    ferrule: ({ returns: trace }, builtIn, id) => {
      const reentrant = id.includes('registerCallback') ? [] : ['reentrant'];
      const has = ['returns', 'return', 'result', 'parameters', 'arguments', ...reentrant].map((key) => `string "has ${key}"`);
      const rest = builtIn.returns.filter((step) => !step.startsWith('string "has '));
      const own = trace.slice(has.length, trace.length - rest.length);
      return (
        isDeepStrictEqual(trace.slice(0, has.length), has) &&
        isDeepStrictEqual(trace.slice(trace.length - rest.length), rest) &&
        own[0] === 'string "ownKeys"' &&
        own.slice(1).every((step) => /^string "(getOwnPropertyDescriptor .*|getPrototypeOf)"$/.test(step))
      );
    },
  },
];

const order = [
  {
    reason: 'arguments are converted from left to right; the built-in checks floats and pointers after the others',
    ids: /^argument order\/(f32|pointer) (?!f32|pointer)\w+\/both bad$/,
    ferrule: (outcome, _, id) =>
      throwsValue(
        id.includes('/f32 ')
          ? 'Argument 0 must be a float'
          : 'Argument 0 must be a buffer, an ArrayBuffer, a string, or a bigint',
      )(outcome),
  },
];

const shapes = [
  {
    reason: 'the accessors of a library are getters as a program would write them, without a prototype',
    ids: ['instance/path property', 'instance/symbols property'],
    ferrule: is({
      property: { flags: 'enumerable', get: { function: '', length: 0, keys: 'length name' }, set: 'undefined' },
    }),
  },
  {
    reason: 'the accessors of a library are getters as a program would write them, without a prototype',
    ids: ['instance/getters are anonymous'],
    ferrule: returns([
      ['string ""', 'number 0', 'boolean false'],
      ['string ""', 'number 0', 'boolean false'],
    ]),
  },
  {
    reason: 'the getter of functions bears the name of its property',
    ids: ['prototype/functions property'],
    ferrule: is({
      property: {
        flags: 'enumerable configurable',
        get: { function: 'functions', length: 0, keys: 'length name' },
        set: 'undefined',
      },
    }),
  },
  {
    reason: 'the engine words an assignment to a getter otherwise than to an accessor of its embedder',
    ids: ['assign path/strict', 'assign symbols/strict'],
    ferrule: (outcome, _, id) =>
      is({
        throws: {
          name: 'TypeError',
          message: `Cannot set property ${id.split(/[ /]/)[1]} of #<DynamicLibrary> which has only a getter`,
          constructor: 'TypeError',
          keys: '',
        },
      })(outcome),
  },
  {
    reason: 'the engine words the refusal to clone an object of an addon otherwise than one of Node itself',
    ids: ['clone/library'],
    ferrule: returns(['string "DataCloneError"', 'number 25', 'string "#<DynamicLibrary> could not be cloned."']),
  },
  {
    reason:
      'errors have one form, whichever layer raises them; those that the built-in raises in JavaScript show their code in the stack',
    ids: /^error\/export(String|Buffer), (wrong type|unknown encoding|short length)\/(String|header of the stack)$/,
    ferrule: (ferrule, builtIn) => ferrule.returns === builtIn.returns.replace(/ \[ERR_\w+\]:/, ':'),
  },
];

const corners = [
  {
    reason: 'no bytes at NULL are an empty buffer, also without a copy; the built-in fails in its own code',
    ids: /^toBuffer\/-?0 bytes from NULL, zero-copy$/,
    ferrule: returns({ view: 'Buffer', byteOffset: 0, bufferLength: 0, bytes: '' }),
  },
  {
    reason: 'a view is measured by what it is; the built-in asks its byteLength property, which this one does not have',
    ids: ['exportArrayBufferView/Uint8Array without prototype, no room'],
    ferrule: throws(
      'RangeError',
      'ERR_OUT_OF_RANGE',
      'The value of "len" is out of range. It must be >= 8. Received 0',
    ),
  },
];

const engines = [
  {
    reason:
      'the memory of a zero-copy Buffer is marked as untransferable, and since Node 24 that forbids transfer() too',
    nodes: [24, 25, 26],
    ids: /^toBuffer\/zero-copy transfer/,
    ferrule: is({
      throws: {
        name: 'TypeError',
        message: 'ArrayBuffer is not detachable and could not be cloned.',
        constructor: 'TypeError',
        keys: '',
      },
    }),
  },
  {
    reason: 'V8 before 14 gives the offset that an out-of-bounds view was made with, later ones give 0',
    nodes: [20, 22, 24],
    ids: /^(pointer\/\w+|getRawPointer)\/out-of-bounds /,
    ferrule: returns('bigint 8'),
  },
  {
    reason: 'V8 before 14 words the error of an out-of-bounds DataView otherwise',
    nodes: [20, 22, 24, 25],
    ids: /^exportArrayBufferView\/out-of-bounds DataView/,
    ferrule: ({ throws: { name, message } }) =>
      name === 'TypeError' &&
      /^Cannot perform (get )?DataView\.prototype\.byteLength on a detached ArrayBuffer$/.test(message),
  },
  {
    reason: 'V8 11 has no ArrayBuffer.prototype.transfer',
    nodes: [20],
    ids: /^to(Array)?Buffer\/(zero-)?copy transfer/,
    ferrule: is({
      throws: { name: 'TypeError', message: 'store.transfer is not a function', constructor: 'TypeError', keys: '' },
    }),
  },
  {
    reason: 'Node 20 copies what cannot be transferred, instead of refusing',
    nodes: [20],
    ids: ['toBuffer/zero-copy structuredClone with transfer'],
    ferrule: ({ returns: [length, clone, isSame] }) =>
      length === 'number 4' && clone.view === 'Uint8Array' && isSame === 'boolean false',
  },
];

const stack = [
  {
    reason: 'V8 calls a JavaScript function of Ferrule\'s for C, which calls the callback and is below it on the stack',
    jitless: false,
    ids: ['callback of the loop/functions on the stack'],
    ferrule: returns('number 2'),
  },
];

const loaders = [
  {
    reason: 'musl refuses an empty path, which is the process itself for glibc',
    musl: true,
    ids: ['path/string empty', 'path/string empty through dlopen'],
    ferrule: throws('Error', 'ERR_FFI_CALL_FAILED', 'dlopen failed: Error loading shared library : Invalid argument'),
  },
  {
    reason: 'a Node for musl has no address of its own for printf, as executables at a fixed address have',
    musl: true,
    ids: ['path/a library finds its dependencies'],
    ferrule: returns('boolean true'),
  },
];

// Where the built-in has another way to call on Windows than elsewhere, Ferrule does as it does elsewhere.
const windows = [
  {
    reason: 'node:ffi has no fast calls on Windows, and the error of what it calls instead has its code before the message',
    windows: true,
    ids: ['error/wrapper, closed/String', 'error/wrapper, closed/header of the stack'],
    ferrule: returns('string "Error: Library is closed"'),
  },
  {
    reason: 'node:ffi extends no narrow arguments on Windows, where C may not rely on it',
    windows: true,
    ids: ['narrow parameter/i8/-128', 'narrow parameter/i16/-32768'],
    ferrule: (outcome, _, id) => returns(`number ${/-\d+$/.exec(id)[0]}`)(outcome),
  },
];

exports.differences = [
  ...loaders,
  ...windows,
  ...supersets,
  ...numbers,
  ...order,
  ...ranges,
  ...brands,
  ...signatures,
  ...shapes,
  ...corners,
  ...stack,
  ...engines,
];
