'use strict';

// The calls of one generated function: cold, hot in code that V8 has optimised, with arguments that this code has not seen, and with
// a callback alive. After each, C's record, the memory that was passed and the result are compared with the prediction.

const { inspect } = require('node:util');
const { callerOf, isJavaScript, isOptimised, optimise, prepare } = require('./caller');
const { predicted } = require('./record');
const { setOf, stages, valueText } = require('./sets');
const { fill } = require('./values');

// V8 has no feedback for what follows a fast call before there has been one, throws the code away when it gets there, and knows more
// the next time. This is more often than any wrapper needs.
const OPTIMISATIONS = 6;

// Wrappers of more parameters are mostly too long for V8 to inline. Nobody gains by trying.
const MOST_INLINED_PARAMETERS = 6;

// The deliberate error on this side: a prediction that is off by one bit.
function falsify({ expected }) {
  for (const argument of expected) argument.low ^= 1;
}

class Trial {
  #environment;
  #signature;
  #callable;
  #caller;
  #sets = new Map();

  // `environment`: what all trials of a process share (batch.js).
  constructor(environment, signature) {
    const { library } = environment;
    this.#environment = environment;
    this.#signature = signature;
    this.#callable = library.getFunction(signature.symbol, {
      return: signature.result.name,
      arguments: signature.parameters.map(({ name }) => name),
    });
    this.#caller = callerOf(this.#callable, signature);
  }

  #set(number) {
    const { seed, record, fault } = this.#environment;
    if (!this.#sets.has(number)) {
      const set = setOf(seed, this.#signature, number, record.charIsSigned);
      if (fault === 'prediction') falsify(set);
      this.#sets.set(number, set);
    }
    return this.#sets.get(number);
  }

  // Calls once and compares. Answers which tier took the call.
  #call(stage, set) {
    const { record, progress, lastTier, fail, counts } = this.#environment;
    const { index } = this.#signature;
    const { expected, values, result, number } = set;
    for (const { value, content } of expected) if (content !== undefined) fill(value, content);
    record.prepare(result, expected);
    progress(index, stage, number);
    let returned;
    let lines;
    try {
      returned = this.#caller.call(values);
      lines = record.differences(index, expected);
      if (!Object.is(returned, result.value)) lines.push('the result is wrong');
    } catch (error) {
      lines = [`it threw ${inspect(error)}`];
    }
    // null where nobody knows.
    const tier = lastTier ? lastTier() : null;
    counts.calls += 1;
    if (tier !== null) counts.tiers[stage][tier] = (counts.tiers[stage][tier] ?? 0) + 1;
    if (lines.length > 0) {
      fail({
        ...this.#failure(stage, set, tier, lines),
        predicted: predicted(expected),
        received: record.received(expected.length),
        returned: valueText(returned),
        result: `${valueText(result.value)} of 0x${result.bits.toString(16).padStart(16, '0')}`,
      });
    }
    return tier;
  }

  #failure(stage, { values, number }, tier, lines) {
    return { index: this.#signature.index, stage, set: number, tier, lines, values: values.map(valueText) };
  }

  // One pass over the hot sets; answers for which of them the fast tier was due and another took the call.
  #pass() {
    const late = [];
    for (const number of stages.hot) {
      const set = this.#set(number);
      const tier = this.#call('hot', set);
      if (tier !== null && tier !== 'fast' && set.fast) late.push({ set, tier });
    }
    return late;
  }

  // What is optimised: the wrapper, or the call site with the wrapper inlined, and both where that has not been enough.
  #codes(attempt) {
    const { parameters, caller } = this.#signature;
    const codes = [this.#callable, this.#caller.code].filter(isJavaScript);
    if (codes.length === 1 || attempt > 1) return codes;
    return [codes[caller === 'wrapper' || parameters.length > MOST_INLINED_PARAMETERS ? 0 : 1]];
  }

  // Optimises, and calls until the fast tier takes what it has to.
  #heat() {
    const { requireFast, fail, counts } = this.#environment;
    let codes;
    let late;
    for (let attempt = 0; attempt < OPTIMISATIONS; attempt++) {
      codes = this.#codes(attempt);
      for (const code of codes) {
        prepare(code);
        optimise(code);
      }
      late = this.#pass();
      if (late.length === 0 && codes.some(isOptimised)) break;
    }
    const optimised = codes.some(isOptimised);
    counts.heated += 1;
    if (optimised) counts.optimised += 1;
    if (!requireFast || (optimised && late.length === 0)) return;
    const { set, tier } = late[0] ?? { set: this.#set(stages.hot[0]) };
    fail(this.#failure('hot', set, tier, [optimised ? 'optimised code did not take the fast tier' : 'V8 did not keep optimised code']));
  }

  #stage(stage) {
    for (const number of stages[stage]) this.#call(stage, this.#set(number));
  }

  /** All calls without a callback alive. */
  run() {
    this.#stage('cold');
    for (const code of [this.#callable, this.#caller.code].filter(isJavaScript)) prepare(code);
    this.#stage('warm');
    this.#heat();
    this.#stage('fresh');
  }

  /** The calls with a callback alive, which the fast tier must leave alone, or those after its end. */
  again(stage) {
    const { fail } = this.#environment;
    for (const number of stages[stage]) {
      const set = this.#set(number);
      const tier = this.#call(stage, set);
      if (stage === 'callback' && tier === 'fast') {
        fail(this.#failure(stage, set, tier, ['the fast tier took a call with a callback alive']));
      }
    }
  }
}

module.exports = { Trial };
