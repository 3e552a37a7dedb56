// The resolve hook of register.js for a Node without module.registerHooks. Node runs it in a thread of its own, so it is
// told the name and the address of Ferrule's ES module.

let redirection;

export function initialize(data) {
  redirection = data;
}

export async function resolve(specifier, context, nextResolve) {
  if (specifier !== redirection.name) return nextResolve(specifier, context);
  return { url: redirection.url, format: 'module', shortCircuit: true };
}
