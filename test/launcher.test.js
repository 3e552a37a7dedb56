'use strict';

// The command `ferrule`: what it passes on, and how it ends.

const assert = require('node:assert/strict');
const { execFileSync, fork, spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const os = require('node:os');
const { describe, test } = require('node:test');
const path = require('node:path');
const { withoutEnding } = require('./child');
const { skip } = require('./guard/process');
const { version } = require('../package.json');

const bin = path.join(__dirname, '..', 'bin');
const launcher = path.join(bin, 'ferrule.js');
const programs = path.join(__dirname, 'guard');
const posix = { skip: process.platform === 'win32' && 'signals are others there' };

function environment(extra) {
  const { NODE_OPTIONS, NODE_TEST_CONTEXT, FERRULE_GUARD, FERRULE_TIERS, ...env } = process.env;
  // What Node says of the module being experimental: test/gate-and-warning.test.js.
  return { ...env, NODE_NO_WARNINGS: '1', ...extra };
}

function ferrule(args, { env, input } = {}) {
  const child = spawnSync(process.execPath, [launcher, ...args], { encoding: 'utf8', env: environment(env), input });
  return { status: child.status, signal: child.signal, stdout: lines(child.stdout), stderr: lines(withoutEnding(child.stderr)) };
}

// Line breaks are as the platform has them.
const lines = (text) => text.replaceAll('\r\n', '\n');

const ended = (stdout, extra) => ({ status: 0, signal: null, stdout, stderr: '', ...extra });

describe('a program gets', () => {
  for (const name of ['program.mjs', 'program.cjs']) {
    const file = path.join(programs, name);
    const observe = (args, options) => {
      const result = ferrule(args, options);
      assert.deepEqual({ ...result, stdout: '' }, ended(''));
      return JSON.parse(result.stdout);
    };

    test(`node:ffi from Ferrule, its own arguments and Node's options, in ${name}`, () => {
      // On Windows it is the title of the console, if there is one.
      const consoleTitle = (...options) => execFileSync(process.execPath, [...options, '-p', 'process.title'], { encoding: 'utf8' }).trimEnd();
      const [title, mine] = process.platform === 'win32' ? [consoleTitle(), consoleTitle('--title', 'mine')] : ['node', 'mine'];
      const plain = { isFerrule: true, guard: null, args: [], title };
      assert.deepEqual(observe([file]), plain);
      assert.deepEqual(observe(['--', file, '--guard']), { ...plain, args: ['--guard'] });
      assert.deepEqual(observe(['--title', 'mine', file, 'a b', '--guard', '--help', '--']),
        { ...plain, title: mine, args: ['a b', '--guard', '--help', '--'] });
    });

    test(`guarded mode when asked for, in ${name}`, { skip }, () => {
      const guarded = { isFerrule: true, guard: '1', args: ['x'], title: 'mine' };
      for (const options of [['--guard', '--title=mine'], ['--title=mine', '--guard'], ['--title', 'mine', '--guard', '--']]) {
        assert.deepEqual(observe([...options, file, 'x']), guarded);
      }
      assert.equal(observe([file], { env: { FERRULE_GUARD: '0' } }).guard, '0');
      assert.equal(observe(['--guard', file], { env: { FERRULE_GUARD: '0' } }).guard, '1');
    });
  }

  test('node:ffi in what it preloads', () => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-launcher-'));
    try {
      const preload = path.join(directory, 'preload.cjs');
      fs.writeFileSync(preload, 'globalThis.preloaded = require("node:ffi");');
      const options = ['--disable-warning=ExperimentalWarning', '--require', preload];
      assert.deepEqual(ferrule([...options, '-p', 'typeof preloaded.getNativeFunction']), ended('function\n'));
    } finally {
      fs.rmSync(directory, { recursive: true });
    }
  });

  test('text from -e, -p and standard input', () => {
    const source = 'require("node:ffi").sizeof("int")';
    assert.deepEqual(ferrule(['-p', source]), ended('4\n'));
    assert.deepEqual(ferrule(['--no-warnings', '-e', `console.log(${source}, process.argv[1])`, '--', '--guard']), ended('4 --guard\n'));
    assert.deepEqual(ferrule([], { input: `console.log(${source})` }), ended('4\n'));
    assert.deepEqual(ferrule(['-', '--guard'], { input: 'console.log(process.argv[2], process.env.FERRULE_GUARD)' }), ended('--guard undefined\n'));
  });
});

describe('a program without options for Node runs in the process of the command, and cannot tell', () => {
  const register = path.join(__dirname, '..', 'lib', 'register.js');
  const observing = path.join(__dirname, 'launcher');
  const run = (args, { cwd, env } = {}) => {
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd, env: environment(env) });
    // How deep in Node's and our own functions a program runs is its only difference.
    const text = lines(stderr).replaceAll(/^ {4}at .*(node:internal|bin[\\/](here|ferrule)\.js|register-resolve\.mjs).*\n/gm, '').replace(/^node:internal.*\n/, '');
    return { status, signal, stdout, stderr: text };
  };
  const assertSame = (args, options) => {
    const result = run([launcher, ...args], options);
    assert.deepEqual(result, run(['--require', register, ...args], options));
    return result;
  };

  for (const name of ['observe.cjs', 'observe.mjs']) {
    test(`how it was started: ${name}`, () => {
      const file = path.join(observing, name);
      for (const args of [[file], [file, '--guard', 'a b', ''], [path.relative(observing, file), '--help']]) {
        assert.notEqual(assertSame(args, { cwd: observing }).stdout, '');
      }
    });
  }

  test('what its Workers are', () => {
    const { stdout } = assertSame([path.join(observing, 'workers.cjs')]);
    assert.deepEqual(JSON.parse(stdout).env, ['function', 'yes', 2]);
  });

  test('how it ends', () => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-launcher-'));
    const programs = {
      'exit.cjs': 'process.exitCode = 3; process.on("exit", (code) => console.log(code));',
      'throw.cjs': 'throw new TypeError("mine");',
      'throw.mjs': 'throw new TypeError("mine");',
      'reject.mjs': 'Promise.reject(new Error("mine"));',
      'unsettled.mjs': 'await new Promise(() => {});',
      'syntax.cjs': 'const const = 1;',
      'syntax.mjs': 'const const = 1;',
      'missing.mjs': 'import "./nowhere.mjs";',
      'data.json': '{ "a": 1 }',
      'directory/index.js': 'console.log(require.main === module, process.argv.length, __filename);',
      'no-extension': 'console.log(require.main === module);',
      'kill.cjs': 'process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000);',
    };
    try {
      for (const [name, text] of Object.entries(programs)) {
        const file = path.join(directory, name);
        fs.mkdirSync(path.dirname(file), { recursive: true });
        fs.writeFileSync(file, text);
        assertSame([name], { cwd: directory });
      }
      for (const name of ['nowhere.js', path.join(directory, 'throw.cjs'), 'directory', '.']) assertSame([name], { cwd: directory });
    } finally {
      fs.rmSync(directory, { recursive: true });
    }
  });

  test('there is no other process', posix, () => {
    const file = path.join(observing, 'parent.cjs');
    for (const args of [[file], ...(process.execve === undefined ? [] : [['--no-deprecation', file]])]) {
      const { stdout } = spawnSync(process.execPath, [launcher, ...args], { encoding: 'utf8', env: environment() });
      assert.equal(stdout, `${process.pid}\n`);
    }
  });
});

describe('messages', () => {
  for (const options of [[], ['--no-deprecation']]) {
    const exchange = async (serialization) => {
      const file = path.join(__dirname, 'launcher', 'messages.cjs');
      const child = fork(launcher, [...options, file], { env: environment(), execArgv: [], serialization });
      const received = [];
      child.on('message', (message) => {
        received.push(message);
        if (message === 'ready') child.send({ value: [1, 'x', null] });
      });
      const [status] = await once(child, 'close');
      return { status, received };
    };

    test(`go both ways ${options.join(' ')}`, async () => {
      assert.deepEqual(await exchange('json'), { status: 3, received: ['ready', { heard: { value: [1, 'x', null] } }, 'last'] });
      assert.deepEqual(await exchange('advanced'), { status: 3, received: ['ready', { heard: { value: [1, 'x', null] } }, 'last'] });
    });
  }
});

describe('ferrule doctor', () => {
  const examine = (args, options) => {
    const { stdout, stderr, ...rest } = ferrule([...args, 'doctor', '--json'], options);
    // V8 says on some lines what else it turns off.
    assert.deepEqual({ ...rest, stderr: stderr.replace(/^Warning: disabling flag .*\n/, '') }, { status: 0, signal: null, stderr: '' });
    return JSON.parse(stdout);
  };
  const require_ = createRequire(__filename);

  test('says what there is', () => {
    const found = examine([]);
    const { versions } = process;
    assert.equal(found.ferrule, version);
    assert.deepEqual([found.runtime.node, found.runtime.v8, found.runtime.executable], [versions.node, versions.v8, process.execPath]);
    assert.deepEqual([found.platform.os, found.platform.architecture], [process.platform, process.arch]);
    assert.equal(found.binary.file, Object.keys(require_.cache).find((file) => file.endsWith('.node')) ?? found.binary.file);
    assert.ok(fs.existsSync(found.binary.file));
    assert.deepEqual(Object.keys(found.binary.tiers), ['fast', 'cell', 'slow', 'callback']);
    assert.deepEqual([found.binary.guarded, found.nodeFfi, found.permission], [false, 'Ferrule', { model: false, ffi: true }]);
    const text = ferrule(['doctor']);
    assert.equal(text.status, 0);
    for (const line of ['Ferrule ', 'runtime ', 'platform ', 'binary ', 'tiers ', 'guarded ', 'node:ffi ', 'permission ']) {
      assert.match(text.stdout, new RegExp(`^${line}`, 'm'));
    }
  });

  test('says why a tier is off', () => {
    for (const [args, env] of [[['--jitless'], {}], [[], { FERRULE_TIERS: 'slow' }], ...(skip ? [] : [[['--guard'], {}]])]) {
      const { binary: { tiers, guarded } } = examine(args, { env });
      assert.deepEqual([tiers.fast.on, tiers.cell.on, tiers.slow.on, guarded], [false, false, true, args[0] === '--guard']);
      assert.match(tiers.fast.reason, /./);
    }
    assert.match(ferrule(['--jitless', 'doctor']).stdout, /^tiers +fast +off: ./m);
  });

  test('says what is permitted', () => {
    const knows = (option) => process.allowedNodeEnvironmentFlags.has(option);
    const model = [knows('--permission') ? '--permission' : '--experimental-permission', '--allow-addons', '--allow-worker'];
    assert.deepEqual(examine(model).permission, { model: true, ffi: false, audit: false });
    assert.deepEqual(examine([...model, '--allow-ffi']).permission, { model: true, ffi: true, audit: false });
    if (knows('--permission-audit')) assert.deepEqual(examine(['--permission-audit', '--allow-addons']).permission, { model: true, ffi: false, audit: true });
    assert.equal(examine(['--no-experimental-ffi']).nodeFfi, null);
  });

  test('fails where the binary cannot be used, and says why', () => {
    const { status, stdout } = ferrule(['--no-addons', 'doctor']);
    assert.equal(status, 1);
    assert.match(stdout, /^binary +cannot be used: .*--no-addons/m);
    assert.equal(JSON.parse(ferrule(['--no-addons', 'doctor', '--json']).stdout).binary.code, 'ERR_DLOPEN_DISABLED');
  });
});

describe('the command itself', () => {
  test('--help and --version', () => {
    assert.deepEqual(ferrule(['--version']), ended(`${version}\n`));
    const { stdout, ...rest } = ferrule(['--no-warnings', '--help', path.join(programs, 'program.cjs')]);
    assert.deepEqual(rest, { status: 0, signal: null, stderr: '' });
    assert.match(stdout, /^Usage: ferrule \[options\]/);
    for (const option of ['--guard', '--help', '--version']) assert.ok(stdout.includes(`\n  ${option} `), option);
  });

  test('says what to do where it may start no other process', () => {
    const permission = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
    const env = { NODE_OPTIONS: `${permission} --allow-fs-read=* --allow-addons` };
    const { status, stderr } = ferrule(['--no-deprecation', path.join(programs, 'program.cjs')], { env });
    assert.deepEqual([status, stderr.split('\n').filter((line) => line.includes('ferrule')).length], [1, 1]);
    assert.match(stderr, /^ferrule: .* NODE_OPTIONS/m);
  });

  test('what it does not know is Node\'s to refuse', () => {
    const { status, stderr } = ferrule(['--no-such-option', 'program.mjs']);
    assert.equal(status, 9);
    assert.match(stderr, /bad option: --no-such-option\n$/);
  });

  test('knows which of Node\'s options take the next argument', () => {
    const { withValue } = require('../bin/options.js');
    const { stdout } = spawnSync(process.execPath, ['--help'], { encoding: 'utf8' });
    const described = [...stdout.matchAll(/^ {2}(-[^[=\n]*)(?:=| \[)\.\.\./gm)].flatMap(([, names]) => names.split(', '));
    assert.ok(described.length > 50, stdout);
    assert.deepEqual(described.filter((name) => !withValue.has(name)), []);
  });
});

describe('the end of the program is the end of the command', () => {
  test('with its exit code', () => {
    assert.deepEqual(ferrule(['-e', 'process.exitCode = 7']), ended('', { status: 7 }));
    assert.equal(ferrule(['-e', 'throw new Error("mine")']).status, 1);
  });

  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGSEGV', 'SIGABRT', 'SIGINT', 'SIGHUP', 'SIGUSR2']) {
    test(`by ${signal}`, posix, () => {
      const source = `process.kill(process.pid, ${JSON.stringify(signal)}); setInterval(() => {}, 1000);`;
      assert.deepEqual(ferrule(['-e', source]), ended('', { status: null, signal }));
    });
  }

  test('by a signal that Node ignores', posix, () => {
    // What kills the program must not be ignored there: C resets it.
    const source = `const { DynamicLibrary } = require('node:ffi');
      const { signal, raise } = new DynamicLibrary(null).getFunctions({
        signal: { arguments: ['i32', 'pointer'], return: 'pointer' }, raise: { arguments: ['i32'], return: 'i32' } });
      const { SIGPIPE } = require('node:os').constants.signals;
      signal(SIGPIPE, 0n); raise(SIGPIPE);`;
    // Where the command has to stay, Node ignores it there, too.
    const ending = process.execve === undefined ? { status: 128 + 13 } : { status: null, signal: 'SIGPIPE' };
    assert.deepEqual(ferrule(['-e', source]), ended('', ending));
  });
});

describe('a signal to the command', posix, () => {
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGXCPU']) {
    test(`goes to the program: ${signal}`, async () => {
      const source = `process.once('${signal}', () => { console.log('heard'); process.exitCode = 5; clearInterval(waiting); });
        const waiting = setInterval(() => {}, 1000);
        console.log('ready');`;
      const child = spawn(process.execPath, [launcher, '-e', source], { env: environment(), stdio: ['ignore', 'pipe', 'ignore'] });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text) => {
        if (output === '') child.kill(signal);
        output += text;
      });
      const [status] = await once(child, 'close');
      assert.deepEqual([status, output], [5, 'ready\nheard\n']);
    });
  }

  test('that the program does not handle ends both', async () => {
    const child = spawn(process.execPath, [launcher, '-e', 'setInterval(() => {}, 1000); console.log(process.pid);'], {
      env: environment(), stdio: ['ignore', 'pipe', 'ignore'],
    });
    let program;
    child.stdout.setEncoding('utf8').once('data', (text) => {
      program = Number(text);
      child.kill('SIGTERM');
    });
    const [status, signal] = await once(child, 'close');
    assert.deepEqual([status, signal], [null, 'SIGTERM']);
    assert.throws(() => process.kill(program, 0), { code: 'ESRCH' });
  });
});

for (const option of [['--stack-size=900'], ['--title', 'x']]) {
  test(`Workers start where Node was given options that they refuse to be given: ${option.join(' ')}`, () => {
    const program = path.join(__dirname, 'launcher', 'observe.cjs');
    const child = spawnSync(process.execPath, [...option, launcher, program], { encoding: 'utf8', env: environment() });
    assert.deepEqual([child.status, child.stderr], [0, '']);
    assert.deepEqual(Object.fromEntries(JSON.parse(child.stdout).slice(1)).text[1], true);
  });
}
