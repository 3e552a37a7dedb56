'use strict';

// Small worlds with a caller that V8 compiles under assumptions, and a change that makes one of them wrong. In the caller's source, CALL(r)
// stands for a call of C, which calls back, and through it the change may come. What the caller gives must be as if nobody had compiled it.

const { compile } = require('../compile');

exports.worlds = {
  'a method is replaced': `
    class Counter { step(value) { return value + 1; } }
    const counter = new Counter();
    const caller = (value) => { let r = counter.step(value); CALL(r); return counter.step(r); };
    const change = () => { Counter.prototype.step = function step(value) { return value + 100; }; };`,
  'a method is hidden by one of the object': `
    class Counter { step(value) { return value + 1; } }
    const counter = new Counter();
    const caller = (value) => { let r = counter.step(value); CALL(r); return counter.step(r); };
    const change = () => { counter.step = (value) => value + 100; };`,
  'another prototype is set': `
    class Counter { step(value) { return value + 1; } }
    const counter = new Counter();
    const caller = (value) => { let r = counter.step(value); CALL(r); return counter.step(r); };
    const change = () => { Object.setPrototypeOf(counter, { step(value) { return value + 100; } }); };`,
  'a method becomes a getter': `
    class Counter { step(value) { return value + 1; } }
    const counter = new Counter();
    const caller = (value) => { let r = counter.step(value); CALL(r); return counter.step(r); };
    const change = () => { Object.defineProperty(Counter.prototype, 'step', { get: () => (value) => value + 100 }); };`,
  'a variable that never changed changes': `
    let amount = 1;
    const caller = (value) => { let r = value + amount; CALL(r); return r + amount; };
    const change = () => { amount = 100; };`,
  'a variable becomes a fraction': `
    let amount = 1;
    const caller = (value) => { let r = value + amount; CALL(r); return r + amount; };
    const change = () => { amount = 0.5; };`,
  'a property that never changed changes': `
    const settings = { amount: 1 };
    const caller = (value) => { let r = value + settings.amount; CALL(r); return r + settings.amount; };
    const change = () => { settings.amount = 100; };`,
  'a property becomes a fraction': `
    const settings = { amount: 1 };
    const caller = (value) => { let r = value + settings.amount; CALL(r); return r + settings.amount; };
    const change = () => { settings.amount = 0.5; };`,
  'a property becomes a text': `
    const settings = { amount: 1 };
    const caller = (value) => { let r = value + settings.amount; CALL(r); return r + settings.amount; };
    const change = () => { settings.amount = 'text'; };`,
  'a property goes and comes again': `
    const settings = { first: 0, amount: 1 };
    const caller = (value) => { let r = value + settings.amount; CALL(r); return r + settings.amount; };
    const change = () => { delete settings.first; delete settings.amount; settings.amount = 100; };`,
  'a global function is replaced': `
    globalThis.helper = (value) => value + 1;
    const caller = (value) => { let r = helper(value); CALL(r); return helper(r); };
    const change = () => { globalThis.helper = (value) => value + 100; };`,
  'a function of the language is replaced': `
    const { max } = Math;
    const caller = (value) => { let r = Math.max(value, 1); CALL(r); return Math.max(r, 2); };
    const change = () => { Math.max = (a, b) => { Math.max = max; return 100; }; };`,
  'elements become fractions': `
    const list = [1, 2, 3];
    const caller = (value) => { let r = value + list[0]; CALL(r); return r + list[0]; };
    const change = () => { list[0] = 0.5; };`,
  'elements become anything': `
    const list = [1, 2, 3];
    const caller = (value) => { let r = value + list[0]; CALL(r); return r + list[0] + list.length; };
    const change = () => { list[0] = 'text'; list.push({}); };`,
  'elements go': `
    const list = [1, 2, 3];
    const caller = (value) => { let r = value + list[2]; CALL(r); return r + list[2]; };
    const change = () => { list.length = 1; };`,
  'a loop goes over more than it began with': `
    const list = [1, 2, 3];
    const caller = (value) => { let sum = value; for (const it of list) { let r = it; CALL(r); sum += r; } return sum; };
    const change = () => { list.push(100); };`,
  'a method of arrays calls it': `
    let factor = 1;
    const list = [1, 2, 3];
    const caller = (value) => list.map((it) => { let r = it + value; CALL(r); return r * factor; }).reduce((a, b) => a + b);
    const change = () => { factor = 100; };`,
  'a typed array is detached': `
    const bytes = Uint8Array.of(1, 2, 3);
    const caller = (value) => { let r = value + bytes[0]; CALL(r); return r + (bytes[0] ?? 100) + bytes.length; };
    const change = () => { structuredClone(bytes.buffer, { transfer: [bytes.buffer] }); };`,
  'a local variable is assigned to': `
    let change;
    const caller = (value) => { let local = 1; change = () => { local = 100; }; let r = value + local; CALL(r); return r + local; };
    return { caller, change: () => change() };`,
  'the frame has a handler of exceptions': `
    let amount = 1;
    const caller = (value) => {
      let r = value;
      try { r += amount; CALL(r); if (amount > 1) throw new Error(); } catch { r += 1000; } finally { r += amount; }
      return r;
    };
    const change = () => { amount = 100; };`,
  'the caller is a generator': `
    let amount = 1;
    function* steps(value) { let r = value + amount; CALL(r); yield r + amount; }
    const caller = (value) => steps(value).next().value;
    const change = () => { amount = 100; };`,
  'the caller is deoptimised': `
    const caller = (value) => { let r = value + 1; CALL(r); return r + 1; };
    const change = () => deoptimize(caller);`,
};

// How C is called: the name in the fixture, its signature, the callback's, and the source that stands for CALL(r).
exports.calls = {
  'an int32': {
    name: 'call_i32', signature: { return: 'i32', arguments: ['pointer', 'i32'] }, callback: { return: 'i32', arguments: ['i32'] },
    source: 'r = fire(box.callback, r | 0)',
  },
  'a double': {
    name: 'call_f64', signature: { return: 'f64', arguments: ['pointer', 'f64'] }, callback: { return: 'f64', arguments: ['f64'] },
    source: 'r = fire(box.callback, r)',
  },
  'an int64': {
    name: 'call_i64', signature: { return: 'i64', arguments: ['pointer', 'i64'] }, callback: { return: 'i64', arguments: ['i64'] },
    source: 'r = Number(fire(box.callback, BigInt(r | 0)))',
  },
  'a text': {
    name: 'string_after_callback', signature: { return: 'u64', arguments: ['string', 'pointer'] }, callback: {},
    source: "r += Number(fire('a text', box.callback))",
  },
  'nothing': {
    name: 'call_void', signature: { return: 'void', arguments: ['pointer'] }, callback: {}, source: 'fire(box.callback)',
  },
};

// V8 keeps what it has learnt about a source text, so none comes twice.
let sources = 0;

function attempt(act) {
  try {
    return String(act());
  } catch (error) {
    return String(error);
  }
}

// Calls the caller of a world, optimised and not, before, at and after the change. Gives the two lists of what came back.
exports.change = function change(world, { name, signature, callback, source }, library, { optimize, neverOptimize, deoptimize }) {
  const fire = library.getFunctionFromPointer(library.getSymbol(name), signature);
  const box = {};
  const create = (call) => compile('fire', 'box', 'deoptimize', `${world.replace(/CALL\(r\)/g, `{ ${call}; }`)}
    return { caller, change }; // ${sources++}`)(fire, box, deoptimize);
  const answers = [];
  for (const isOptimized of [false, true]) {
    const { caller, change: changeWorld } = create(source);
    let changeNow = false;
    const address = library.registerCallback(callback, (value) => {
      if (changeNow) changeWorld();
      changeNow = false;
      return value;
    });
    box.callback = address;
    const act = () => caller(5);
    if (isOptimized) optimize(caller, act, { callees: [fire], fastest: 'cell' });
    else neverOptimize(caller);
    const list = [attempt(act)];
    changeNow = true;
    list.push(attempt(act), attempt(act), attempt(act));
    library.unregisterCallback(address);
    answers.push(list);
  }
  return answers;
};
