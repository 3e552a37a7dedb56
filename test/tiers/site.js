'use strict';

// Call sites whose code comes from a compiler of V8's that a test chooses, and which of Ferrule's tiers a call took. Load this before the
// module under test: Ferrule decides at load whether it tells.

// Engines that are not Node's have less.
if (process.versions.bun !== undefined || process.versions.deno !== undefined) {
  module.exports = require('./site-elsewhere');
  return;
}

const v8 = require('node:v8');
const { reached } = require('../machine');
const { compile } = require('../compile');

process.env.FERRULE_TIER_TRACE ??= '1';
v8.setFlagsFromString('--allow-natives-syntax');

const { lastTier } = require('../../lib/wrap.js');

const native = (source) => compile('code', source);
const prepare = native('%PrepareFunctionForOptimization(code)');
const optimizeNext = native('%OptimizeFunctionOnNextCall(code)');
const optimizeWithMaglevNext = native('%OptimizeMaglevOnNextCall(code)');
const compileBaseline = native('%CompileBaseline(code)');
const deoptimize = native('%DeoptimizeFunction(code)');
const neverOptimize = native('%NeverOptimizeFunction(code)');
const isOptimized = native('return %ActiveTierIsTurbofan(code)');
const hasMaglev = native('return %IsMaglevEnabled()')();

// V8 keeps what it has learnt about a source text, so no two sites have the same.
let sites = 0;

// A function that calls `callable` with `count` arguments, and shares no code with any other.
function site(callable, count) {
  const names = Array.from({ length: count }, (_, index) => `a${index}`).join(', ');
  return compile('callable', `return function site(${names}) { return callable(${names}); }; // ${sites++}`)(callable);
}

// Has `code`, which `act` runs, compiled by the optimising compiler, so that `act` takes the tier `fastest`, where there are all of them. So is what it calls, where that is
// too large to be inlined.
function optimize(code, act, { callees = [], fastest = 'fast' } = {}) {
  const due = reached(fastest);
  for (let attempt = 0; attempt < 3; attempt++) {
    for (const each of [code, ...callees]) prepare(each);
    act();
    act();
    for (const each of [code, ...callees]) {
      optimizeNext(each);
      act();
      act();
      if (isOptimized(code) && lastTier() === due) return;
    }
  }
  throw new Error(`${isOptimized(code) ? 'optimised' : 'not optimised'} code took the tier '${lastTier()}', not '${due}'`);
}

// The ways to run a call. Each is given the callable, a site for it, and `act`, which calls the site with valid arguments; it gives a function
// that brings the code into its state for the next call. Optimised code has to take the tier `fastest` then.
const ways = {
  cold(callable, call, act) {
    neverOptimize(call);
    return act;
  },
  baseline(callable, call, act) {
    act();
    compileBaseline(callable);
    compileBaseline(call);
    return act;
  },
  ...hasMaglev && {
    maglev: (callable, call, act) => () => {
      for (const code of [callable, call]) {
        prepare(code);
        act();
        optimizeWithMaglevNext(code);
        act();
      }
    },
  },
  // The site, with what it inlines.
  inlined: (callable, call, act, fastest) => () => optimize(call, act, { callees: [callable], fastest }),
  // The callable's own code, called from a site that is not optimised.
  alone(callable, call, act, fastest) {
    neverOptimize(call);
    return () => optimize(callable, act, { fastest });
  },
  deoptimized: (callable, call, act, fastest) => () => {
    optimize(call, act, { callees: [callable], fastest });
    deoptimize(call);
    deoptimize(callable);
  },
  // The site stays as it is as long as V8 lets it: it has learnt from all that came before.
  worn: (callable, call, act, fastest) => () => {
    act();
    if (!isOptimized(call) || lastTier() !== fastest) optimize(call, act, { callees: [callable], fastest });
  },
};

// The ways whose state a call can spoil for the calls after it.
const fragile = new Set(['inlined', 'alone', 'deoptimized']);

module.exports = { compileBaseline, deoptimize, fragile, isOptimized, lastTier, native, neverOptimize, optimize, optimizeNext, prepare, site, ways };
