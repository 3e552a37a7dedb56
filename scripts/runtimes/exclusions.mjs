const both = ['bun', 'deno'];
export const exclusions = [
  ...['test/abi.test.js', 'test/tier.test.js', 'test/gate.test.js', 'test/launcher.test.js', 'test/register.test.js', 'test/leak.test.js', 'test/conformance/conformance.test.js', 'test/guard-fault.test.js'].map((file) => ({ runtimes: both, file, reason: 'x' })),
];
