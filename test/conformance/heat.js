'use strict';

// Calls a function from code that the engine has optimised for it, where a fast path lives and may convert differently.

const v8 = require('node:v8');
const { compile } = require('../compile');

// Only what is compiled after this may name the engine's own functions.
v8.setFlagsFromString('--allow-natives-syntax');
const prepare = compile('site', '%PrepareFunctionForOptimization(site);');
const optimise = compile('site', '%OptimizeFunctionOnNextCall(site);');

// The engine starts to note what a function sees only after some calls.
const CALLS_THAT_WAKE = 500;
const CALLS_THAT_TEACH = 5;

// The call site is this function's own, so that it sees one callable and the engine can inline it. It is optimised anew
// for each call: a surprising argument makes the engine throw the code away.
exports.heat = (callable, ...usual) => {
  const names = usual.map((_, index) => `a${index}`).join(', ');
  const site = compile('callable', names, `return callable(${names});`);
  const boxed = usual.map(boxedNumber);
  for (let call = 0; call < CALLS_THAT_WAKE; call++) {
    site(callable, ...usual);
  }
  return (...argumentList) => {
    if (argumentList.length !== usual.length) {
      throw new RangeError('A call site is optimised for one number of arguments');
    }
    prepare(site);
    for (let call = 0; call < CALLS_THAT_TEACH; call++) {
      site(callable, ...usual);
      site(callable, ...boxed);
    }
    optimise(site);
    site(callable, ...usual);
    return site(callable, ...argumentList);
  };
};

// The same number in the representation that -0 and fractions have: optimised code then leaves -0 to the callee.
function boxedNumber(value) {
  return typeof value === 'number' ? new Float64Array([value])[0] : value;
}
