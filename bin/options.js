'use strict';

// What the command line of `ferrule` says. Ferrule's own options may stand anywhere among Node's, before the program; everything else is
// Node's and the program's, and goes on as it is.

const { readFileSync } = require('node:fs');
const path = require('node:path');

const { mark } = require('../lib/permission.js');

const root = path.dirname(__dirname);

const help = `Usage: ferrule [options] [Node's options] [--] program.mjs [arguments]
       ferrule [options] [Node's options] doctor [--json]

Runs a program with the current Node and Ferrule under the name node:ffi.

  --allow-ffi              allows FFI under Node's permission model (docs/safety.md)
  --experimental-ffi       does nothing: node:ffi is there anyway
  --no-experimental-ffi    turns the name node:ffi off
  --guard                  checks every pointer before it is used, and says which native call
                           has ended the process (docs/guarded-mode.md)
  --help                   prints this text
  --version                prints Ferrule's version

All other options are Node's: see node --help. The options that Node 26 has for its own
node:ffi mean the same on every line of Node.

  doctor                   says what Ferrule finds: the runtime, the native binary, the ways
                           in which it can call, the permissions. Under the same options as
                           a program. A program of that name is run as ./doctor.
`;

const version = () => `${JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).version}\n`;

// Whether this Node has an option of that name for its own `node:ffi`.
const isNodes = (option) => process.allowedNodeEnvironmentFlags.has(option);

// Each changes the launch: the options of Node that come first or that are preloads, the environment, or the text to print instead.
const own = {
  '__proto__': null,
  '--allow-ffi': ({ options }) => { options.unshift(isNodes('--allow-ffi') ? '--allow-ffi' : mark); },
  '--experimental-ffi': (launch) => { launch.isOff = false; },
  '--no-experimental-ffi': (launch) => { launch.isOff = true; },
  '--guard': ({ env }) => { env.FERRULE_GUARD = '1'; },
  '--help': (launch) => { launch.print ??= () => help; },
  '--version': (launch) => { launch.print ??= version; },
};

// Under these, a process reads no file that it is not allowed to. Ferrule's own are needed before the program.
const PERMISSION = ['--permission', '--permission-audit', '--experimental-permission'];

// Where Ferrule's own files are: this package, and that of the binary, by the way to it and where that leads.
function directories() {
  const { name } = require('../lib/target.js').target();
  const beside = path.join(path.dirname(root), '@ferrule');
  try {
    return [root, beside, path.dirname(require.resolve(`@ferrule/${name}/ferrule.node`))];
  } catch {
    // There is none: the binary was built in this tree, or is missing, which who loads it will say.
    return [root];
  }
}

// Node's options that take the next argument for their value, of every line; a value that begins with a dash needs an equals sign. The
// end of the list of options is found by it, here and in crates/addon/src/permission.rs. test/launcher.test.js compares it with what each Node
// says of itself.
const withValue = new Set(require('../lib/options-with-value.json'));

// How many of the arguments are options and their values.
function optionsEnd(args) {
  let index = 0;
  while (index < args.length && args[index].startsWith('-') && args[index] !== '-' && args[index] !== '--') {
    const hasValue = withValue.has(args[index]) && index + 1 < args.length && !args[index + 1].startsWith('-');
    index += hasValue ? 2 : 1;
  }
  return index;
}

// `{ options, preload, program, args, env, isHere, print }`: Node's options, those of them that load Ferrule, the program and its arguments,
// what is added to the environment, and whether no other process is needed; or, if `print` is there, what makes the text to print instead.
function parse(given) {
  const launch = { options: [], preload: [], env: {}, isOff: false, print: undefined };
  const end = optionsEnd(given);
  const nodes = [];
  for (const argument of given.slice(0, end)) {
    // Node takes both spellings of its options, and these are of their kind.
    const name = argument.replaceAll('_', '-');
    if (name in own) {
      own[name](launch);
    } else {
      nodes.push(argument);
    }
  }
  if (nodes.some((option) => PERMISSION.includes(option))) nodes.unshift(...directories().map((directory) => `--allow-fs-read=${directory}`));
  if (launch.isOff && isNodes('--experimental-ffi')) nodes.unshift('--no-experimental-ffi');
  const preload = launch.isOff ? [] : ['--require', path.join(root, 'lib', 'register.js')];
  const [program, ...args] = given.slice(end);
  const isDoctor = program === 'doctor';
  return {
    // What the program preloads finds `node:ffi`, too.
    options: [...launch.options, ...preload, ...nodes],
    preload,
    program: isDoctor ? path.join(__dirname, 'doctor.js') : program,
    args,
    env: launch.env,
    // `-`, `--`, no program at all and Node's debugger are for Node to understand.
    isHere: launch.options.length + nodes.length === 0 && program !== undefined && !program.startsWith('-') && program !== 'inspect',
    print: launch.print,
  };
}

module.exports = { parse, withValue };
