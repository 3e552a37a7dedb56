'use strict';

// What site.js has, for engines that let nobody choose the compiler: code that runs for the first time, and code that has run often.

process.env.FERRULE_TIER_TRACE ??= '1';

const { lastTier } = require('../../lib/wrap.js');
const { compile } = require('../compile');

const OFTEN = 3000;

let sites = 0;

// A function that calls `callable` with `count` arguments, and shares no code with any other.
function site(callable, count) {
  const names = Array.from({ length: count }, (_, index) => `a${index}`).join(', ');
  return compile('callable', `return function site(${names}) { return callable(${names}); }; // ${sites++}`)(callable);
}

const ways = {
  cold: (callable, call, act) => act,
  worn(callable, call, act) {
    for (let count = 0; count < OFTEN; count++) act();
    return act;
  },
};

module.exports = { fragile: new Set(), lastTier, site, ways };
