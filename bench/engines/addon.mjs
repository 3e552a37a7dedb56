// The addon of native/addon.c: its functions are in it, with their types, and have the names of the C functions.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const partOfIt = 'an addon has its functions from the start';

export default ({ addon }) => {
  let functions;
  return {
    load() {
      functions = require(addon);
    },
    unsupported: { 'get-function': partOfIt, 'first-call': partOfIt, memory: partOfIt },
    open() {
      return {
        define(symbol) {
          const [, index] = /^sum_(\d+)$/.exec(symbol) ?? [];
          const found = index ? functions.bind_sum(Number(index) - 1000) : functions[symbol];
          if (typeof found !== 'function') throw new Error(`the addon has no ${symbol}`);
          return found;
        },
        keepCallback: (_symbol, callback) => functions.keep_callback(callback, 21),
      };
    },
  };
};
