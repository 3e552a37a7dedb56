// Deno has no strings as arguments: they are encoded by the caller, with a NUL at the end.

// What must not be collected.
const kept = [];

export default () => ({
  unsupported: { load: 'Deno has no module to load' },
  scope: { encoder: new TextEncoder() },
  call(name, parameters, expressions) {
    const written = expressions.map((text, index) => (parameters[index] === 'string' ? `encoder.encode(${text} + '\\0')` : text));
    return `${name}(${written.join(', ')})`;
  },
  open(path) {
    const type = (name) => (name === 'string' ? 'buffer' : name);
    const defineAll = (list) => {
      const description = list.map(([symbol, result, parameters]) => [symbol, { parameters: parameters.map(type), result }]);
      const { symbols } = Deno.dlopen(path, Object.fromEntries(description));
      return list.map(([symbol]) => symbols[symbol]);
    };
    const define = (...description) => defineAll([description])[0];
    return {
      define,
      defineAll,
      keepCallback(symbol, callback) {
        const unsafe = new Deno.UnsafeCallback({ parameters: ['i32'], result: 'i32' }, callback);
        kept.push(unsafe);
        return define(symbol, 'i32', ['function', 'i32'])(unsafe.pointer, 21);
      },
    };
  },
});
