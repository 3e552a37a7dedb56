'use strict';

// The JavaScript functions that users call: the wrappers around native functions.
//
// A wrapper is a method: it is no constructor, has no `prototype`, and knows how many arguments it was called with. Each has code of its
// own, because V8 learns about a call where it stands in the source: functions that share it would make each other slow. Evaluating a
// script again gives its functions new feedback; parsing it again is not needed, so there is one script for each signature.
//
// Nothing here goes through what a program can change: the language's functions are taken at load, descriptors have no prototype, and
// arguments are spread by `apply`, not by their iterator.

const { Script } = require('node:vm');

const binding = require('./binding.js');
const exchange = require('./exchange.js');
const runtime = require('./runtime.js');
const { receiver, source } = require('./template.js');

const { BigInt, Number } = globalThis;
const { defineProperty } = Object;
const { apply } = Reflect;
const { isSafeInteger } = Number;
const { floor } = Math;
const { runInThisContext } = Script.prototype;

// Which tier the last call took, if tests have asked for it at load.
const trace = runtime.variable('FERRULE_TIER_TRACE') ? { __proto__: null, last: undefined } : undefined;

// What all wrappers use.
const shared = {
  __proto__: null,
  ...exchange,
  asIntN: runtime.asIntN,
  asUintN: runtime.asUintN,
  floor,
  isSafeInteger,
  number: Number,
  toBigInt: BigInt,
  leave: binding.leave,
  // A call with too few or too many arguments: only their number matters.
  mismatch: (slow, count) => apply(slow, undefined, { __proto__: null, length: count }),
  trace,
};

function compile(types, result, tiers) {
  const text = source(types, result, { __proto__: null, ...tiers, trace: trace !== undefined });
  return new Script(text, { __proto__: null, filename: 'ferrule' });
}

const instantiate = (script, shape, slow, target, place) => apply(runInThisContext, script, [])(shared, shape, slow, target, place);

// What the wrappers of a signature have in common. The functions are the ways into compiled code, as far as there are any. Where V8's are not
// to be had, `entry` is the address of the code, for the runtime's own FFI.
exports.shape = function shape(fast, fastValues, call, callValues, entry, mayReenter, result, ...types) {
  const enter = entry === undefined || mayReenter ? undefined : runtime.enter;
  const tiers = {
    __proto__: null, call: true, fast: fast !== undefined, fastValues: fastValues !== undefined, enter: enter !== undefined,
  };
  const ordinary = entry === undefined ? undefined : runtime.ordinary?.(entry);
  return { fast, fastValues, enter, entry, call: ordinary ?? call, callValues, script: compile(types, result, tiers) };
};

// The function that V8 calls for C, of a signature.
exports.receive = function receive(result, ...types) {
  const script = new Script(receiver(types, result), { __proto__: null, filename: 'ferrule' });
  return apply(runInThisContext, script, [])(shared);
};

// Beyond this many parameters, slow calls go through a rest array: V8 has a limit on parameters, and nobody calls such a function in a loop.
const MAX_NAMED_PARAMETERS = 64;

// The scripts of wrappers that only know the slow tier, by their number of parameters.
const slowScripts = { __proto__: null };

function slowWrapper(slow, length) {
  if (length > MAX_NAMED_PARAMETERS) {
    return {
      call(...values) {
        if (trace !== undefined) trace.last = 'slow';
        return apply(slow, undefined, values);
      },
    }.call;
  }
  slowScripts[length] ??= compile({ __proto__: null, length }, 'void', { __proto__: null });
  return instantiate(slowScripts[length], { __proto__: null }, slow);
}

// The properties of wrappers. The descriptors are used again and again: making them would take longer than what they are for.
const ownerOf = { __proto__: null, value: undefined };
const nameOf = { __proto__: null, value: undefined };
const lengthOf = { __proto__: null, value: undefined };
const pointerOf = { __proto__: null, value: undefined, writable: true, enumerable: true, configurable: true };

function describe(object, property, descriptor, value) {
  descriptor.value = value;
  defineProperty(object, property, descriptor);
  descriptor.value = undefined;
}

// The wrapper of the native function `slow`, which nobody else sees. `shape` is undefined where there is no other tier; `target` is the
// address for compiled code, and `place` that of the function's library in the gate. As long as the wrapper lives, so does `owner`,
// the library that it came from.
exports.wrap = function wrap(slow, name, length, address, owner, shape, target, place) {
  describe(slow, 'owner', ownerOf, owner);
  const wrapper = shape === undefined ? slowWrapper(slow, length) : instantiate(shape.script, shape, slow, target, place);
  // Named parameters count themselves.
  if (length > MAX_NAMED_PARAMETERS) {
    describe(wrapper, 'length', lengthOf, length);
  }
  describe(wrapper, 'name', nameOf, name);
  describe(wrapper, 'pointer', pointerOf, address);
  return wrapper;
};

// 'fast', 'cell' or 'slow', when the environment variable FERRULE_TIER_TRACE was set at load.
exports.lastTier = () => trace?.last;
