// The configurations of Node that the whole JavaScript suite passes in: one record each, data only. scripts/configurations.mjs runs them.
//
//   what         for people
//   line         the Node line it is run on when none is asked for, if not `usualLine`
//   options      Node's own, for each file's process and whatever Node processes it starts; given the number of the line
//   confined     the command that the processes run under: a name in `confinements` of scripts/configurations/launcher.mjs
//   moved        the package and Node are copies in a directory of this name
//   worker       each file runs in a Worker, and the main thread loads nothing
//   environment  what tests have to know of it
//   oracle       the built-in that Ferrule is compared with is run with the options, too
//   holds        what is true in every one of these processes and their Workers, as an expression: nothing is tested in a configuration
//                before that has been seen
//   holdsAlso    the same for the thread that the file runs in

export const usualLine = 24;

// V8's compilers need memory that becomes executable, and so does all of V8 on Node 24 and later, except for --jitless, with which Ferrule
// does not even ask for any. So earlier lines do without the compilers one by one, and Ferrule knows nothing of it.
const withoutCompilers = ['--max-optimized-bytecode-size=0', '--no-sparkplug', '--no-maglev', '--regexp-interpret-all', '--no-short-builtin-calls'];

// Node says on standard error that these weaken the model, which tests would take for something said by what they test.
const permissions = ['--allow-fs-read=*', '--allow-fs-write=*', '--allow-addons', '--allow-child-process', '--allow-worker', '--disable-warning=SecurityWarning'];

// test/machine.js asks for it.
const uncompiled = { FERRULE_UNCOMPILED: '1' };

export const configurations = {
  'plain': {
    what: 'as Node comes',
    holds: 'process.permission === undefined && new Function("return true")()',
  },
  'jitless': {
    what: 'V8 compiles nothing (--jitless)',
    options: () => ['--jitless'],
    environment: uncompiled,
    oracle: true,
    holds: 'typeof WebAssembly === "undefined"',
  },
  'no-executable-memory': {
    what: 'the system gives no executable memory',
    line: 22,
    options: (line) => (line < 24 ? withoutCompilers : ['--jitless']),
    confined: 'refuseExecutableMemory',
    environment: uncompiled,
    oracle: true,
    // Filters are listed by their number (seccomp(2)): this one, and those of whatever started us.
    holds: '/^Seccomp:\\s+2$/m.test(require("node:fs").readFileSync("/proc/self/status", "utf8"))',
  },
  'no-code-from-strings': {
    what: 'eval and Function are off (--disallow-code-generation-from-strings)',
    options: () => ['--disallow-code-generation-from-strings'],
    holds: '(() => { try { new Function(""); } catch { return true; } })()',
  },
  'permission': {
    what: "Node's permission model, with FFI granted",
    // The grant as the command `ferrule` gives it, first of all, or Node's own.
    options: (line) => [
      line < 26 ? '--conditions=ferrule-allow-ffi' : '--allow-ffi',
      line < 22 ? '--experimental-permission' : '--permission',
      ...permissions,
      ...(line < 24 ? [] : ['--allow-inspector']),
      ...(line < 25 ? [] : ['--allow-net']),
    ],
    // Newer lines hand the model on to whatever Node they start, and no grant with it.
    oracle: true,
    holds: 'process.permission !== undefined',
  },
  'read-only': {
    what: 'the working directory and the package cannot be written',
    confined: 'mountReadOnly',
    holds: '(() => { try { require("node:fs").writeFileSync("written", ""); } catch (error) { return error.code === "EROFS"; } })()',
  },
  'odd-path': {
    what: 'the package and Node are in a directory with spaces and characters beyond ASCII in its name',
    moved: "two words, d'œuvre 100% #漢字 😀",
    holds: 'process.execPath.includes("#漢字 😀")',
    holdsAlso: 'process.argv[1].includes("#漢字 😀")',
  },
  'worker': {
    what: 'Ferrule is loaded in Workers alone',
    worker: true,
    holds: 'true',
    holdsAlso: '!require("node:worker_threads").isMainThread',
  },
};
