import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier !== 'virtual:answer') return nextResolve(specifier, context);
    return { url: 'virtual:answer', format: 'module', shortCircuit: true };
  },
  load(url, context, nextLoad) {
    if (url !== 'virtual:answer') return nextLoad(url, context);
    return { format: 'module', source: 'export default 42;', shortCircuit: true };
  },
});
