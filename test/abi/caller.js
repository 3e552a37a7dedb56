'use strict';

// JavaScript that calls a function under test, compiled for that one, so that V8 optimises each for what it calls; and V8's own
// functions to have that done at once (with --allow-natives-syntax).

const { MOST_PARAMETERS } = require('./record');
const { compile: compileText } = require('../compile');

// What the callers of the style `loaded` read their arguments from: V8 knows what is in a typed array, and passes it on unboxed.
const sources = {
  numbers: new Float64Array(MOST_PARAMETERS),
  signed: new BigInt64Array(MOST_PARAMETERS),
  unsigned: new BigUint64Array(MOST_PARAMETERS),
  others: new Array(MOST_PARAMETERS).fill(undefined),
};

function sourceOf({ values }, wideNumbers) {
  if (values === 'pointer') return 'others';
  if (values !== 'i64' && values !== 'u64') return 'numbers';
  if (wideNumbers) return 'others';
  return values === 'i64' ? 'signed' : 'unsigned';
}

// V8 finds equal text in a cache, with the code and the feedback that belong to it: the symbol makes texts differ.
function compile({ symbol }, parameters, body) {
  return compileText(...parameters, `/* ${symbol} */ ${body}`);
}

/**
 * What calls `callable`: `{ call, code }`. `call(values)` calls it with these arguments, and `code` is the function that contains the
 * call site. Of the styles of a signature, `wrapper` and `arguments` pass parameters on, and `loaded` reads typed arrays.
 */
function callerOf(callable, signature) {
  const { parameters, caller, wideNumbers } = signature;
  if (caller !== 'loaded') {
    const names = parameters.map((_, index) => `a${index}`).join(', ');
    const code = compile(signature, ['callable'], `return (${names}) => callable(${names});`)(callable);
    return { code, call: (values) => Reflect.apply(code, undefined, values) };
  }
  const places = parameters.map((parameter) => sourceOf(parameter, wideNumbers));
  const loads = places.map((source, index) => `${source}[${index}]`).join(', ');
  const code = compile(signature, ['callable', ...Object.keys(sources)], `return () => callable(${loads});`)(
    callable, ...Object.values(sources));
  return {
    code,
    call(values) {
      for (let index = 0; index < values.length; index++) sources[places[index]][index] = values[index];
      return code();
    },
  };
}

const prepare = compileText('code', '%PrepareFunctionForOptimization(code);');
const optimise = compileText('code', '%OptimizeFunctionOnNextCall(code);');

/** Whether V8 would run TurboFan's code for `code` now. */
const isOptimised = compileText('code', 'return %ActiveTierIsTurbofan(code);');

/** Whether V8 can optimise `code`: the functions of Node's own module are not all JavaScript. */
function isJavaScript(code) {
  return !Function.prototype.toString.call(code).endsWith('{ [native code] }');
}

module.exports = { callerOf, isJavaScript, isOptimised, optimise, prepare };
