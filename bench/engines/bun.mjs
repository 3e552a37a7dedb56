// Bun has no strings as arguments: they are encoded by the caller, with a NUL at the end. Its pointers are numbers.

// What must not be collected.
const kept = [];

export default () => {
  let ffi;
  return {
    async load() {
      ffi = await import('bun:ffi');
    },
    scope: { Buffer: globalThis.Buffer },
    call(name, parameters, expressions) {
      const written = expressions.map((text, index) => (parameters[index] === 'string' ? `Buffer.from(${text} + '\\0')` : text));
      return `${name}(${written.join(', ')})`;
    },
    open(path) {
      const type = (name) => (name === 'string' || name === 'buffer' || name === 'pointer' ? 'ptr' : name);
      const defineAll = (list) => {
        const description = list.map(([symbol, result, parameters]) => [symbol, { args: parameters.map(type), returns: type(result) }]);
        const { symbols } = ffi.dlopen(path, Object.fromEntries(description));
        return list.map(([symbol]) => symbols[symbol]);
      };
      const define = (...description) => defineAll([description])[0];
      return {
        define,
        defineAll,
        keepCallback(symbol, callback) {
          const { ptr } = new ffi.JSCallback(callback, { args: ['i32'], returns: 'i32' });
          return define(symbol, 'i32', ['ptr', 'i32'])(ptr, 21);
        },
      };
    },
  };
};
