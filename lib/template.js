'use strict';

// The source of wrappers, put together from a template for each type. Only names from this file and numbers get into it.
//
// A wrapper asks whether the arguments are obviously valid, and never throws: what is not goes to the slow tier, in Rust, which converts or
// says what is wrong. So the tiers agree wherever more than one can be taken. What it does with valid arguments:
//
// * 64-bit integers and addresses go into the cells, whence compiled code takes them: V8 passes none of them in every version.
// * While the gate is open, V8's fast call is tried. Code that is not optimised gets `undefined` from it, and nothing has happened.
// * Otherwise the rest of the arguments goes into the cells, too, and an ordinary native function calls C with them (the cell tier).
// * In Deno, while the gate is open, everything goes into the cells, and a fast call of Deno's own enters the compiled code.

const { cells, outcomes } = require('./binding.js');
const { slowBigInts } = require('./runtime.js');

const argumentCell = (index) => cells.ARGUMENTS + index;
// Where a cell begins in the typed arrays of four-byte elements.
const half = (cell) => 2 * cell;

// A type of at most 32 bits: V8 passes it, unless its cell has to.
const scalar = (check, array, position = half) => ({
  __proto__: null,
  check: (value) => `if (typeof ${value} !== 'number'${check(value)}) break valid;`,
  store: (value, cell) => `${array}[${position(cell)}] = ${value};`,
});

const integer = (converted) => scalar((value) => ` || (${converted(value)}) !== ${value}`, 'int32');

// A bigint goes into a cell, or `refused` is run when it does not fit; without that, it is known to. An engine that is slow with arrays of
// bigints, not with numbers, gets the halves of a number, if the bigint is one.
function bigint(array, convert, value, cell, refused) {
  const check = refused === undefined ? '' : `if (${convert}(64, ${value}) !== ${value}) ${refused} `;
  const store = `${check}${array}[${cell}] = ${value};`;
  return !slowBigInts ? store : `const n${value} = number(${value});
      if (n${value} >= 0 && n${value} <= 0x1fffffffffffff) {
        int32[${half(cell)}] = n${value};
        int32[${half(cell) + 1}] = n${value} / 0x100000000;
      } else { ${store} }`;
}

const zero = (cell) => (slowBigInts ? `int32[${half(cell)}] = int32[${half(cell) + 1}] = 0;` : `uint64[${cell}] = 0n;`);

const readBigInt = (array, cell) => (!slowBigInts ? `${array}[${cell}]` : `(int32[${half(cell) + 1}] >>> 0) < 0x200000 ?
        toBigInt(int32[${half(cell) + 1}] * 0x100000000 + (int32[${half(cell)}] >>> 0)) : ${array}[${cell}]`);

// A 64-bit integer: a bigint in range, or a number that is a safe integer.
const wide = (array, convert, range) => ({
  __proto__: null,
  check: (value, cell) => `
    if (typeof ${value} === 'bigint') {
      ${bigint(array, convert, value, cell, 'break valid;')}
    } else if (typeof ${value} === 'number' && isSafeInteger(${value})${range(value)}) {
      int32[${half(cell)}] = ${value};
      int32[${half(cell) + 1}] = floor(${value} / 0x100000000);
    } else break valid;`,
  again: (value, cell) => `if (typeof ${value} === 'bigint') { ${bigint(array, convert, value, cell)} }
    else {
      int32[${half(cell)}] = ${value};
      int32[${half(cell) + 1}] = floor(${value} / 0x100000000);
    }`,
});

// An address: a bigint in range or none. Anything else that has one is a value, which somebody asks for it.
const address = (values) => ({
  __proto__: null,
  check: (value, cell) => `
    if (typeof ${value} === 'bigint') {
      ${bigint('uint64', 'asUintN', value, cell, 'break valid;')}
    } else if (${value} === undefined || ${value} === null) {
      ${zero(cell)}
    } ${values(value)}else break valid;`,
  again: (value, cell) => (slowBigInts
    ? `if (typeof ${value} === 'bigint') { ${bigint('uint64', 'asUintN', value, cell)} } else { ${zero(cell)} }`
    : `uint64[${cell}] = typeof ${value} === 'bigint' ? ${value} : 0n;`),
});

const PARAMETERS = {
  __proto__: null,
  int8: integer((value) => `${value} << 24 >> 24`),
  uint8: integer((value) => `${value} & 0xff`),
  int16: integer((value) => `${value} << 16 >> 16`),
  uint16: integer((value) => `${value} & 0xffff`),
  int32: integer((value) => `${value} | 0`),
  uint32: integer((value) => `${value} >>> 0`),
  float32: scalar(() => '', 'float32'),
  float64: scalar(() => '', 'float64', (cell) => cell),
  int64: wide('int64', 'asIntN', () => ''),
  uint64: wide('uint64', 'asUintN', (value) => ` && ${value} >= 0`),
  // A string for a pointer is Rust's to copy. In a fast call, V8 only hands over what is declared to be one.
  pointer: address((value) => `else if (typeof ${value} === 'object') { values = true; v${value} = ${value}; }
    else if (typeof ${value} === 'string') values = copies = true;
    `),
  // In a fast call, `null` among the values says that the text beside it is meant.
  string: address((value) => `else if (typeof ${value} === 'string') { values = true; v${value} = null; s${value} = ${value}; }
    else if (typeof ${value} === 'object') { values = true; v${value} = ${value}; }
    `),
};

// What a cell holds, by type.
const READS = {
  __proto__: null,
  void: () => '',
  int8: (cell) => `int32[${half(cell)}]`,
  uint8: (cell) => `int32[${half(cell)}]`,
  int16: (cell) => `int32[${half(cell)}]`,
  uint16: (cell) => `int32[${half(cell)}]`,
  int32: (cell) => `int32[${half(cell)}]`,
  uint32: (cell) => `int32[${half(cell)}] >>> 0`,
  float32: (cell) => `float32[${half(cell)}]`,
  float64: (cell) => `float64[${cell}]`,
  int64: (cell) => readBigInt('int64', cell),
  uint64: (cell) => readBigInt('uint64', cell),
  pointer: (cell) => readBigInt('uint64', cell),
};

// The results that a fast call leaves in the cell; all others it returns. For `void` it returns a number that says nothing.
const LEFT_IN_CELL = { __proto__: null, void: true, int64: true, uint64: true, pointer: true };

const isValue = (type) => type === 'pointer' || type === 'string';
const isPassed = (type) => PARAMETERS[type].store !== undefined;

// The texts for the parameters, one after another. A program can change what arrays do; it cannot change loops.
function each(types, text) {
  let all = '';
  for (let index = 0; index < types.length; index++) {
    all += text(types[index], `a${index}`, argumentCell(index));
  }
  return all;
}

// Set before values are passed, and 0 when C has been called.
const refused = `int32[${half(cells.REFUSED)}]`;

// Set by an ordinary call in a fast call's place.
const ordinary = `int32[${half(cells.ORDINARY)}]`;

// A wrapper's parameters, or the arguments of a call with all of them.
const names = (types) => each(types, (_, name) => `${name}, `);

// Which tier was taken, for tests.
const taken = (tier, tiers) => (tiers.trace ? `trace.last = '${tier}'; ` : '');

const slow = (types, tiers) => `${taken('slow', tiers)}return slowly(${names(types)});`;

// The source of the wrappers of a signature: an expression, the maker of wrappers. `tiers` tells what there is besides the slow tier
// (`call`, `fast`, `fastValues`, `enter`), and whether to `trace` which tier is taken.
exports.source = function source(types, result, tiers) {
  return `(function (shared, shape, slow, address, place) {
  'use strict';
  const { asIntN, asUintN, float32, float64, floor, gate, int32, int64, isSafeInteger, leave, mismatch, number, toBigInt, trace, uint64 } = shared;
  const { fast, fastValues, enter, entry, call, callValues } = shape;
  const slowly = slow, target = address, state = place;
  ${tiers.call ? `const cold = { cold(values, ${names(types)}) {${cold(types, result, tiers)}} }.cold;` : ''}
  return { call(${names(types)}) {${hot(types, result, tiers)}} }.call;
})`;
};

function hot(types, result, tiers) {
  const count = `
    if (arguments.length !== ${types.length}) { ${taken('slow', tiers)}return mismatch(slowly, arguments.length); }`;
  if (!tiers.call) {
    return `${count}
    ${slow(types, tiers)}
  `;
  }
  // A result in the cell is read in one place only: V8 has then seen it read before it makes the first fast call.
  return `${count}
    let values = false, copies = false${each(types, local)};
    valid: {
      ${each(types, (type, name, cell) => `${PARAMETERS[type].check(name, cell)}\n      `)}
      called: {
        ${fastCall(types, result, tiers)}
        const slowResult = cold(values, ${names(types)});
        if (slowResult !== undefined) return slowResult;
      }
      return ${READS[result](cells.RESULT)};
    }
    ${slow(types, tiers)}
  `;
}

// What a fast call gets of a value: the value, and beside it the text that `null` stands for.
function local(type, name) {
  if (type === 'string') return `, v${name}, s${name} = ''`;
  return isValue(type) ? `, v${name}` : '';
}

function fastCall(types, result, tiers) {
  if (tiers.enter) {
    return `if (!values && gate[state] === 1) { ${stores(types)} enter(entry); ${taken('fast', tiers)}break called; }`;
  }
  if (!tiers.fast) {
    return '';
  }
  const scalars = each(types, (type, name) => (isPassed(type) ? `${name}, ` : ''));
  const call = `${taken('fast', tiers)}const result = fast(${scalars}target);`;
  const withScalars = `${call} if (result !== undefined) ${LEFT_IN_CELL[result] ? 'break called' : 'return result'};`;
  if (!tiers.fastValues) {
    return `if (!values && gate[state] === 1) { ${withScalars} }`;
  }
  const all = each(types, (type, name) => {
    if (type === 'string') return `s${name}, v${name}, `;
    if (isValue(type)) return `v${name}, `;
    return isPassed(type) ? `${name}, ` : '';
  });
  return `if (gate[state] === 1) {
          if (!values) { ${withScalars} }
          else if (!copies) {
            ${stores(types)} ${refused} = 1;
            ${tiers.trace ? `${ordinary} = 0;` : ''}
            fastValues(${all}target);
            ${tiers.trace ? `trace.last = ${ordinary} === 0 ? 'fast' : 'cell';` : ''}
            if (${refused} === 0) break called;
          }
        }`;
}

// V8 passes these in a fast call with values, but where it makes an ordinary call of it (a string that it cannot hand over as it is, code
// that is not optimised), everything has to be in the cells.
function stores(types) {
  const scalars = each(types, (type, name, cell) => (isPassed(type) ? `${PARAMETERS[type].store(name, cell)} ` : ''));
  return `${scalars}float64[${cells.TARGET}] = target;`;
}

// What the checks have stored, once more: at the entry of a function of JavaScript, such as the one that does this, V8 lets a debugger
// evaluate what it likes, which can make calls of its own through the cells.
function storesAgain(types) {
  return each(types, (type, name, cell) => (isPassed(type) ? '' : `${PARAMETERS[type].again(name, cell)}\n    `));
}

// Through the cells, where the result is left, too. What is returned is the slow tier's. State 3 is a library that has been closed. A
// callback may close libraries while C is running: they are let go when the last call has left.
function cold(types, result, tiers) {
  const left = `if (int32[${half(cells.RELEASES)}] !== 0 && int32[${half(cells.DEPTH)}] === 0) leave();`;
  const values = each(types, (type, name) => (isValue(type) ? `typeof ${name} === 'bigint' ? undefined : ${name}, ` : ''));
  const call = values === '' ? 'call();' : `if (!values) call();
    else {
      ${refused} = 1;
      callValues(${values});
      if (${refused} !== 0) { ${slow(types, tiers)} }
    }`;
  return `
    if (gate[state] === 3) { ${slow(types, tiers)} }
    ${storesAgain(types)}
    ${stores(types)}
    ${call}
    ${left}
    ${taken('cell', tiers)}
  `;
}

// What a callback may return, beside the types whose results are as their parameters: no number for a 64-bit integer, and for `void`
// anything but a promise, which only Rust can tell.
const returned = (array, convert) => ({
  __proto__: null,
  check: (value) => `if (typeof ${value} !== 'bigint' || ${convert}(64, ${value}) !== ${value}) break valid;`,
  store: (value, cell) => `${array}[${cell}] = ${value};`,
});

const RETURNS = {
  __proto__: null,
  void: { __proto__: null, check: (value) => `if (typeof ${value} === 'object' && ${value} !== null) break valid;` },
  int64: returned('int64', 'asIntN'),
  uint64: returned('uint64', 'asUintN'),
  pointer: address(() => ''),
};

// The source of the function that V8 calls for C with a callback: an expression, its maker. The arguments are in cells, and the result goes
// into one. What is no obviously valid result, or was thrown, is returned for Rust to look at.
exports.receiver = function receiver(types, result) {
  let values = '';
  for (let index = 0; index < types.length; index++) {
    values += `${READS[types[index]](cells.INCOMING_ARGUMENTS + index)}, `;
  }
  const { check, store } = RETURNS[result] ?? PARAMETERS[result];
  const outcome = `int32[${half(cells.INCOMING_OUTCOME)}]`;
  return `(function (shared) {
  'use strict';
  const { asIntN, asUintN, float32, float64, int32, int64, number, toBigInt, uint64 } = shared;
  return { callback(callback) {
    let result;
    try {
      result = callback(${values});
    } catch (error) {
      ${outcome} = ${outcomes.EXCEPTION};
      return error;
    }
    valid: {
      ${check('result', cells.INCOMING_RESULT)}
      ${store?.('result', cells.INCOMING_RESULT) ?? ''}
      ${outcome} = ${outcomes.RESULT};
      return;
    }
    ${outcome} = ${outcomes.VALUE};
    return result;
  } }.callback;
})`;
};
