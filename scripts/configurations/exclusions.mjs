// What does not make sense in a configuration, and why: data only. With `tests`, those single tests fail there, and a run that finds one of
// them passing fails; without, the file is not run there. With `lines`, it is so on those Node lines alone.
//
// A test that only wants to know whether there is something (a tier, WebAssembly) asks for that, and says itself that it is skipped.

const uncompiled = ['jitless', 'no-executable-memory'];
const optimised = 'every call comes from code that V8 has optimised, and V8 optimises nothing';

/** What `npm test` does not run in any configuration but the plain one, and `npm run test:configurations` does. */
export const lengthy = {
  files: ['test/leak.test.js', 'test/tiers/memory.test.js', ...['collection', 'flat', 'interrupts', 'process', 'threads'].map((name) => `test/stress/${name}.test.js`)],
  reason: 'looks for a long time at memory or for races; npm run test:configurations runs it',
};

export const exclusions = [
  { configurations: uncompiled, file: 'test/abi.test.js', reason: optimised },
  { configurations: uncompiled, file: 'test/tiers/ending.test.js', reason: optimised },
  { configurations: uncompiled, file: 'test/tier.test.js', tests: ['the same arguments > on the slow tier'], reason: optimised },
  {
    configurations: uncompiled,
    file: 'test/tiers/reentry.test.js',
    tests: [
      'the code of the caller > is given up where it stands',
      'the code of the caller > is given up where it stands, though no callback was there when it was made',
      'without a callback of Ferrule\'s > the event loop runs inside of a hot call',
    ],
    reason: optimised,
  },
  {
    configurations: ['no-executable-memory'],
    file: 'test/tiers/flags.test.js',
    tests: ['with the flag > --always-sparkplug', 'with the flag > none, and nobody asks which tier it was'],
    lines: [20, 22],
    reason: 'V8 ends the process: the flag asks for one of its compilers',
  },
  {
    configurations: ['no-executable-memory'],
    file: 'test/conformance/conformance.test.js',
    lines: [20, 22],
    reason: 'the built-in runs there with --jitless alone, and so without WebAssembly; the configuration jitless compares them',
  },
  {
    configurations: uncompiled,
    file: 'test/runtime.test.js',
    reason: 'it is about the other tiers',
  },
  {
    configurations: uncompiled,
    file: 'test/troubleshooting.test.js',
    tests: ['each line is what ends the process, when a callback > was released long ago', 'every entry was seen'],
    reason: "the addresses of callbacks are libffi's, which soon belong to others",
  },
  { configurations: uncompiled, file: 'test/gate.test.js', reason: 'there are no fast calls that a gate could keep from being made' },
  {
    configurations: ['no-executable-memory'],
    file: 'test/migrating.test.js',
    tests: ['bun:ffi and Deno.dlopen', 'bun:ffi and Deno.dlopen > bun', 'bun:ffi and Deno.dlopen > deno'],
    reason: 'neither runtime has an FFI without executable memory',
  },
  {
    configurations: uncompiled,
    file: 'test/executable-memory.test.js',
    reason: 'there is no executable memory that could be refused later',
  },
  {
    configurations: uncompiled,
    file: 'test/guard-fault.test.js',
    tests: ['what is no fault of a native call is left alone > WebAssembly\'s traps, outside and inside of callbacks, and a fault after them'],
    reason: 'WebAssembly is compiled',
  },
  {
    configurations: [...uncompiled, 'no-code-from-strings'],
    file: 'test/launcher.test.js',
    tests: ['how it was started: observe.cjs', 'how it was started: observe.mjs', 'what its Workers are'].map((name) => (
      `a program without options for Node runs in the process of the command, and cannot tell > ${name}`
    )),
    reason: "Node lets nobody give a Worker V8's options, so they are not in its process.execArgv where the command adds to that",
  },
  {
    configurations: ['permission'],
    file: 'test/permission.test.js',
    reason: 'its processes have permissions of their own',
  },
  {
    configurations: ['permission'],
    file: 'test/gate-and-warning.test.js',
    tests: ['the warning > has no code and is an Error of that name'],
    reason: 'Node emits warnings about the options as well, which are only not printed',
  },
  {
    configurations: ['permission'],
    file: 'test/launcher.test.js',
    tests: [
      ...['says what there is', 'says what is permitted', 'fails where the binary cannot be used, and says why'].map((name) => `ferrule doctor > ${name}`),
      'a program without options for Node runs in the process of the command, and cannot tell > what its Workers are',
      'the command itself > says what to do where it may start no other process',
    ],
    reason: 'it says what permissions there are, and these are others',
  },
  {
    configurations: ['permission'],
    file: 'test/troubleshooting.test.js',
    tests: ['a process that may not > use it', 'every entry was seen'],
    reason: 'its processes have permissions of their own',
  },
  {
    configurations: ['permission'],
    file: 'test/direct.test.js',
    tests: ['the functions are there, and take what is valid'],
    reason: 'each function of the module asks for permission, in Rust',
  },
  {
    configurations: ['worker'],
    file: 'test/libraries/libc.test.js',
    tests: ['the environment is that of process.env'],
    reason: "a Worker's process.env is a copy, which the C library does not see",
  },
];
