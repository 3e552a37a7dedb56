'use strict';

// Node's permission model: who may use the module, and that nothing but the start of the process decides it.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { describe, test } = require('node:test');
const os = require('node:os');
const path = require('node:path');

const root = path.join(__dirname, '..');
const launcher = path.join(root, 'bin', 'ferrule.js');
const program = path.join(__dirname, 'permission', 'observe.cjs');

const knows = (option) => process.allowedNodeEnvironmentFlags.has(option);
const permission = knows('--permission') ? '--permission' : '--experimental-permission';
const hasFfi = knows('--allow-ffi');
const hasDrop = (() => {
  const { stdout } = spawnSync(process.execPath, [permission, '-p', 'typeof process.permission.drop'], { encoding: 'utf8' });
  return stdout.trim() === 'function';
})();

const titleIsHarmless = (hasFfi && 'Node itself knows the option') || (process.platform === 'win32' && 'titles are elsewhere there') ||
  (process.env.FERRULE_EMULATED !== undefined && 'an emulator has a command line of its own');

const model = [permission, '--allow-addons', '--allow-worker', '--allow-fs-read=*'];
const granted = [...model, '--allow-ffi'];

const denial = {
  name: 'Error',
  code: 'ERR_ACCESS_DENIED',
  message: 'Access to this API has been restricted. Use --allow-ffi to manage permissions.',
  own: [['code', 'ERR_ACCESS_DENIED'], ['permission', 'FFI'], ['resource', '']],
};
const published = { permission: 'FFI', resource: '' };

function run(args, { warnings = false, env = {} } = {}) {
  const { NODE_OPTIONS, NODE_TEST_CONTEXT, NODE_NO_WARNINGS, ...inherited } = process.env;
  const settings = { ...inherited, ...(warnings ? {} : { NODE_NO_WARNINGS: '1' }), ...env };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: root, env: settings });
  return { status, stdout, stderr };
}

function observe(args, options) {
  const { status, stdout, stderr } = run(args, options);
  assert.deepEqual([status, stderr], [0, '']);
  return JSON.parse(stdout);
}

function assertDenied({ results, call, constants, working, has }) {
  const names = Object.keys(results);
  assert.ok(names.length > 30, names.join());
  for (const name of names) assert.deepEqual([name, results[name]], [name, denial]);
  assert.equal(call.code, 'ERR_CONSTRUCT_CALL_REQUIRED');
  assert.deepEqual(constants, ['string', 20]);
  assert.deepEqual(working, denial);
  assert.equal(has, false);
}

function assertAllowed({ results, working, has }, { model: hasModel = true } = {}) {
  const denied = Object.keys(results).filter((name) => results[name].code === denial.code);
  assert.deepEqual([denied, working, has], [[], 'number', hasModel ? true : undefined]);
}

describe('without permission', () => {
  test('every function and the constructor are refused, under both names', () => {
    assertDenied(observe([...model, program, 'ferrule']));
    assertDenied(observe([launcher, ...model, program, 'node:ffi']));
    assertDenied(observe([launcher, ...model, program, 'ferrule']));
  });

  for (const attempt of [['environment'], ['arguments'], ['title'], ['again'], ['environment', 'arguments', 'title', 'again']]) {
    test(`nothing that the program changes gives it: ${attempt.join(', ')}`, () => {
      assertDenied(observe([...model, program, 'ferrule', ...attempt]));
      assertDenied(observe([...model, program, 'ferrule', ...attempt, 'worker']));
      assertDenied(observe([launcher, ...model, program, 'node:ffi', ...attempt]));
    });
  }

  test('nor what it puts in the place of process and its permissions, as ferrule/register has looked at them', () => {
    assertDenied(observe([launcher, ...model, program, 'node:ffi', 'process']));
    assertDenied(observe(['--require', path.join(root, 'lib', 'register.js'), ...model, program, 'ferrule', 'process']));
  });

  test('a Worker does not have it either', () => {
    assertDenied(observe([...model, program, 'ferrule', 'worker']));
    assertDenied(observe([launcher, ...model, program, 'node:ffi', 'worker']));
  });

  test('nor one with options of its own, wherever those of the process are from', () => {
    const file = path.join(__dirname, 'permission', 'own-options.cjs');
    for (const own of [{ execArgv: [] }, { env: {} }]) {
      const args = [file, JSON.stringify(own)];
      assert.equal(run([...model, ...args]).stdout, 'ERR_ACCESS_DENIED\n');
      assert.equal(run(['--conditions', 'x', ...model, ...args]).stdout, 'ERR_ACCESS_DENIED\n');
      assert.equal(run(['--unhandled-rejections', 'strict', ...model, ...args]).stdout, 'ERR_ACCESS_DENIED\n');
      assert.equal(run(['--disable-warning=x', ...model.map((option) => option.replace('--allow-a', '--allow_a')), ...args]).stdout, 'ERR_ACCESS_DENIED\n');
      const source = `process.argv[2] = ${JSON.stringify(args[1])}; process.title = 'mine'; require(${JSON.stringify(file)});`;
      assert.equal(run(['-e', source, ...model]).stdout, 'ERR_ACCESS_DENIED\n');
      assert.equal(run(args, { env: { NODE_OPTIONS: `--title "a b" ${model.join(' ')}` } }).stdout, 'ERR_ACCESS_DENIED\n');
    }
  });

  test('nor one whose own options give it', { skip: !hasFfi && 'this Node has no such option' }, () => {
    const file = path.join(__dirname, 'permission', 'own-options.cjs');
    const args = [file, JSON.stringify({ execArgv: granted })];
    assert.equal(run([...model, ...args]).stdout, 'ERR_ACCESS_DENIED\n');
    assert.equal(run(['--require', path.join(root, 'lib', 'register.js'), ...model, ...args]).stdout, 'ERR_ACCESS_DENIED\n');
  });

  test('arguments are not looked at', () => {
    const file = path.join(__dirname, 'permission', 'traps.cjs');
    assert.deepEqual(observe([...model, file]), ['ERR_ACCESS_DENIED']);
  });

  test('neither does who loads the addon itself', () => {
    const addon = Object.keys(require.cache).find((file) => file.endsWith('.node')) ?? (require('ferrule'), Object.keys(require.cache).find((file) => file.endsWith('.node')));
    const source = `const binding = require(${JSON.stringify(addon)});
      for (const name of ['openLibrary', 'getInt8', 'setInt8', 'toString', 'toBuffer', 'getRawPointer', 'exportString', 'getNativeFunction', 'sizeof']) {
        try { binding[name](null); console.log(name); } catch ({ code }) { if (code !== 'ERR_ACCESS_DENIED') console.log(name, code); }
      }`;
    assert.deepEqual(run([...model, '-e', source]), { status: 0, stdout: '', stderr: '' });
  });

  test('the mark among the arguments of the program is not the command line\'s', () => {
    assertDenied(observe([...model, program, 'ferrule'], { env: { FERRULE_ALLOW_FFI: '1' } }));
    const all = ['ferrule', 'channel'];
    assertDenied(observe([...model, '--', program, ...all]));
    assertDenied(observe([...model, '--conditions=ferrule-allow-ffi', program, ...all]));
    if (!hasFfi) assertDenied(observe([...model, program, ...all], { env: { NODE_OPTIONS: '--conditions=ferrule-allow-ffi' } }));
  });

  test('diagnostics channels are told', () => {
    const found = observe([launcher, ...model, program, 'node:ffi', 'channel']);
    assertDenied(found);
    // One for each function, for the library at the end, and for the question.
    assert.equal(found.published.length, Object.keys(found.results).length + 2);
    for (const message of found.published) assert.deepEqual(message, published);
  });
});

describe('with permission', () => {
  test('everything works, in Workers too', () => {
    for (const name of ['ferrule', 'node:ffi']) {
      assertAllowed(observe([launcher, ...granted, program, name]));
      assertAllowed(observe([launcher, '--allow-ffi', ...model, '--', program, name, 'worker']));
    }
  });

  test('a title that the program gives itself does not take it away, nor do options of a Worker\'s own', () => {
    assert.deepEqual(run([launcher, ...granted, path.join(__dirname, 'permission', 'title.cjs')]), { status: 0, stdout: 'object true\n', stderr: '' });
    for (const own of [{ execArgv: [] }, { env: {} }]) {
      const args = [path.join(__dirname, 'permission', 'own-options.cjs'), JSON.stringify(own)];
      assert.equal(run([launcher, ...granted, ...args]).stdout, 'object\n');
    }
  });

  test('it is said when a title from Node\'s options takes it away', { skip: titleIsHarmless }, () => {
    const { stderr } = run([launcher, ...granted, '--title=mine', '-e', '0'], { warnings: true });
    assert.match(stderr, /^\(node:\d+\) FerruleWarning: --allow-ffi has no effect, .*--title/m);
  });

  test('libraries are loaded that no permission to read covers', () => {
    const file = require('./fixture').path;
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-permission-'));
    try {
      const script = path.join(directory, 'main.cjs');
      fs.writeFileSync(script, `console.log(typeof require('node:ffi').dlopen(${JSON.stringify(file)}, {}).lib.path)`);
      const flags = [permission, '--allow-ffi', '--allow-addons', `--allow-fs-read=${directory}`];
      assert.deepEqual(run([launcher, ...flags, script]), { status: 0, stdout: 'string\n', stderr: '' });
    } finally {
      fs.rmSync(directory, { recursive: true });
    }
  });

  test('there is a warning at the start', () => {
    const { stderr } = run([launcher, ...granted, '-e', '0'], { warnings: true });
    const text = '[PERM0003] SecurityWarning: The flag --allow-ffi must be used with extreme caution. It could invalidate the permission model.\n';
    assert.equal(stderr.split(text).length, 2, stderr);
  });

  test('it is Node\'s error to have nothing to except it from', () => {
    const { status, stderr } = run([launcher, '--allow-ffi', '-e', '0']);
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`^TypeError \\[ERR_MISSING_OPTION\\]: ${permission} is required$`, 'm'));
    assert.match(stderr, /code: 'ERR_MISSING_OPTION'/);
  });

  test('it can be dropped, by which nothing is lost that was got before', { skip: !hasDrop && 'no permission can be dropped in this Node' }, () => {
    const { kept, ...found } = observe([launcher, ...granted, program, 'node:ffi', 'drop']);
    assertDenied(found);
    assert.deepEqual(kept, [65, 'function', 'undefined']);
  });
});

describe('the rest of the permission model', () => {
  test('without it nobody is asked', () => {
    assertAllowed(observe([program, 'ferrule']), { model: false });
  });

  test('--permission-audit reports and refuses nothing', { skip: !knows('--permission-audit') && 'this Node has none' }, () => {
    // All the same, some lines refuse to read files then, or to load addons.
    const found = observe([launcher, '--permission-audit', '--allow-addons', '--allow-fs-read=*', program, 'node:ffi', 'channel']);
    const denied = Object.keys(found.results).filter((name) => found.results[name].code === denial.code);
    assert.deepEqual([denied, found.working, found.has], [[], 'number', false]);
    assert.ok(found.published.length > Object.keys(found.results).length);
    for (const message of found.published) assert.deepEqual(message, published);
  });

  test('other answers of process.permission are Node\'s', () => {
    const source = `const { permission } = process;
      console.log(JSON.stringify([permission.has('addon'), permission.has('fs.write', '/'), permission.has.length, permission.has.name]));
      try { permission.has(1); } catch ({ code }) { console.log(code); }`;
    assert.equal(run([launcher, ...granted, '-e', source]).stdout, run([...model, '-e', source]).stdout);
  });

  test('without --allow-addons the error says what to do', () => {
    for (const args of [[launcher, permission, '--allow-ffi', '--allow-fs-read=*'], [permission, '--allow-fs-read=*'], ['--no-addons']]) {
      const source = `try { require('ferrule'); } catch ({ code, message }) { console.log(code, message); }`;
      const { stdout } = run([...args, '-e', source]);
      const what = args.includes('--no-addons') ? 'without --no-addons' : 'with --allow-addons';
      assert.match(stdout, new RegExp(`^ERR_DLOPEN_DISABLED Ferrule .* addons?.* ${what}`));
    }
  });
});
