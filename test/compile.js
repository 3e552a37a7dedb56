'use strict';

// Code from text, also where Node makes none of strings (--disallow-code-generation-from-strings): that is about `eval` and `Function`, not
// about scripts.

const { runInThisContext } = require('node:vm');

// What `eval` makes of it outside of all functions.
exports.evaluate = (text) => runInThisContext(text);

// What `new Function` makes of it.
exports.compile = (...given) => {
  const body = given.pop();
  return runInThisContext(`(function anonymous(${given}\n) {\n${body}\n})`);
};
