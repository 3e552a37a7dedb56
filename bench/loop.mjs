// Makes the loops of the hot cases, and holds their sums against the reference.

/** How a call is written in most engines. `name` is a constant that holds the function. */
export function plainCall(name, _parameters, expressions) {
  return `${name}(${expressions.join(', ')})`;
}

/**
 * The loop of `hotCase` over `natives` (its functions, by name): `count => sum` for `count` iterations. Two loops share no code.
 *
 * `call(name, parameters, argumentExpressions)` writes a call of a function with parameters of these types, and `operations[name]
 * (...argumentExpressions)` the use of an operation; without `operations`, those are functions among the natives too.
 */
export function makeLoop(hotCase, natives, data, { call = plainCall, operations, scope = {}, label = hotCase.name } = {}) {
  const constants = { ...natives, ...data, ...scope };
  const write = (name, ...expressions) => {
    if (operations && hotCase.operations?.includes(name)) return operations[name](...expressions);
    return call(name, hotCase.functions?.[name]?.[2], expressions);
  };
  const { batch, body, finish } = hotCase;
  const source = `
'use strict';
// ${label}
const { ${Object.keys(constants).join(', ')} } = constants;
return function loop(count) {
  let sum = ${hotCase.start ?? '0'};
  ${batch ? batch(write) : `for (let i = 0; i < count; i++) {
    ${body(write)}
  }`}
  ${finish ? finish(write) : ''}
  return sum;
};`;
  return new Function('constants', source)(constants);
}

/** One loop over a family of loops that take turns, `turn` iterations each; `count` is a multiple of `size × turn`. */
export function takingTurns(loops, turn) {
  return (count) => {
    let sum = 0;
    for (let done = 0; done < count; done += loops.length * turn) {
      for (const loop of loops) sum += loop(turn);
    }
    return sum;
  };
}

/** The least number of iterations a case's loop can do, of which any other is a multiple. */
export function granularity({ family }) {
  return family ? family.size * family.turn : 1;
}

/** What the loop of a case must return after `count` iterations. */
export function expectedSum(hotCase, data, count) {
  const { family } = hotCase;
  if (!family) return makeLoop(hotCase, hotCase.reference(data), data)(count);
  const loops = Array.from({ length: family.size }, (_, index) => makeLoop(hotCase, hotCase.reference(data, index), data));
  return takingTurns(loops, family.turn)(count);
}
