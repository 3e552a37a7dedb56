'use strict';

// The command `ferrule`: what it passes on, and how it ends.

const assert = require('node:assert/strict');
const { spawn, spawnSync } = require('node:child_process');
const { describe, test } = require('node:test');
const path = require('node:path');
const { version } = require('../package.json');

const bin = path.join(__dirname, '..', 'bin');
const launcher = path.join(bin, 'ferrule.js');
const programs = path.join(__dirname, 'guard');
const posix = { skip: process.platform === 'win32' && 'signals are others there' };

function environment(extra) {
  const { NODE_OPTIONS, NODE_TEST_CONTEXT, FERRULE_GUARD, ...env } = process.env;
  // What Node says of the module being experimental: test/gate-and-warning.test.js.
  return { ...env, NODE_NO_WARNINGS: '1', ...extra };
}

function ferrule(args, { env, input } = {}) {
  const child = spawnSync(process.execPath, [launcher, ...args], { encoding: 'utf8', env: environment(env), input });
  return { status: child.status, signal: child.signal, stdout: child.stdout, stderr: child.stderr };
}

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
      const plain = { isFerrule: true, guard: null, args: [], title: 'node' };
      assert.deepEqual(observe([file]), plain);
      assert.deepEqual(observe(['--', file, '--guard']), { ...plain, args: ['--guard'] });
      assert.deepEqual(observe(['--title', 'mine', file, 'a b', '--guard', '--help', '--']),
        { ...plain, title: 'mine', args: ['a b', '--guard', '--help', '--'] });
    });

    test(`guarded mode when asked for, in ${name}`, () => {
      const guarded = { isFerrule: true, guard: '1', args: ['x'], title: 'mine' };
      for (const options of [['--guard', '--title=mine'], ['--title=mine', '--guard'], ['--title', 'mine', '--guard', '--']]) {
        assert.deepEqual(observe([...options, file, 'x']), guarded);
      }
      assert.equal(observe([file], { env: { FERRULE_GUARD: '0' } }).guard, '0');
      assert.equal(observe(['--guard', file], { env: { FERRULE_GUARD: '0' } }).guard, '1');
    });
  }

  test('text from -e, -p and standard input', () => {
    const source = 'require("node:ffi").sizeof("int")';
    assert.deepEqual(ferrule(['-p', source]), ended('4\n'));
    assert.deepEqual(ferrule(['--no-warnings', '-e', `console.log(${source}, process.argv[1])`, '--', '--guard']), ended('4 --guard\n'));
    assert.deepEqual(ferrule([], { input: `console.log(${source})` }), ended('4\n'));
    assert.deepEqual(ferrule(['-', '--guard'], { input: 'console.log(process.argv[2], process.env.FERRULE_GUARD)' }), ended('--guard undefined\n'));
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
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2']) {
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
      const [status] = await require('node:events').once(child, 'close');
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
    const [status, signal] = await require('node:events').once(child, 'close');
    assert.deepEqual([status, signal], [null, 'SIGTERM']);
    assert.throws(() => process.kill(program, 0), { code: 'ESRCH' });
  });
});
