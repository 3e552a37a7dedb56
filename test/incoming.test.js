'use strict';

// Calls from C under what can go wrong on the way in: values of every type from a C compiler's callers, callbacks in callbacks in callbacks,
// functions that are being collected, and code that a debugger runs in between.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { describe, test } = require('node:test');
const { run } = require('./child');
const { withoutFast } = require('./machine');

// What a process prints whose work should end well.
async function printed(body, options) {
  const { status, signal, stdout, stderr } = await run(body, options);
  assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: '' }, stdout);
  return stdout;
}

const isCompiler = spawnSync('cc', ['--version']).status === 0;
const skip = (process.platform === 'win32' || !isCompiler) && 'there is no C compiler';

describe('callers that a C compiler has made', { skip }, () => {
  const { DynamicLibrary, suffix, toArrayBuffer } = require('./subject');
  const { ROOM, random, signatures, source } = require('./incoming/source');
  const values = require('./incoming/values');

  function compiled(all) {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-incoming-'));
    process.on('exit', () => fs.rmSync(directory, { recursive: true, force: true }));
    const file = path.join(directory, `callers.${suffix}`);
    const { status, stderr } = spawnSync('cc', ['-O1', '-shared', '-fPIC', '-x', 'c', '-o', file, '-'], { input: source(all) });
    assert.equal(status, 0, String(stderr));
    return new DynamicLibrary(file);
  }

  for (const seed of [1, 2]) {
    test(`pass any values to callbacks of 120 random signatures, and get any result: seed ${seed}`, () => {
      const next = random(seed);
      const all = signatures(next, 120);
      const library = compiled(all);
      const table = new DataView(toArrayBuffer(library.getSymbol('table'), 8 * ROOM, false));
      all.forEach((signature, index) => {
        const caller = library.getFunction(`caller_${index}`, { return: signature.return, arguments: ['function'] });
        let seen, answer;
        const address = library.registerCallback(signature, (...received) => {
          seen = received;
          return answer;
        });
        for (let round = 0; round < 20; round++) {
          const expected = signature.arguments.map((type, parameter) => values.argument(next, type, table, parameter));
          const [returned, result] = values.result(next, signature.return);
          answer = returned;
          assert.ok(Object.is(caller(address), result), `caller_${index}: ${signature.return} of ${String(answer)}`);
          assert.deepEqual(seen, expected, `caller_${index}(${signature.arguments})`);
        }
        library.unregisterCallback(address);
      });
    });
  }
});

describe('calls within calls keep their values apart', () => {
  const nest = (...flags) => printed((_, seed) => {
    const { Nest } = require('./incoming/nest');
    const tree = new Nest(seed, 60);
    tree.grow(10_000);
    console.log(tree.wrong.length === 0 ? 'right' : tree.wrong.slice(0, 5).join('\n'));
  }, { flags, parameters: [11 + flags.length] });

  // The built-in gets to some 450 on Node 26 with the stack that Node has by default. Where nothing is compiled, a level takes twice as much.
  const otherStack = process.platform !== 'linux' || process.arch !== 'x64';
  test('recursion goes three hundred levels deep', { skip: (otherStack && 'a level takes another part of the stack here') || withoutFast }, async () => {
    assert.equal(await printed(({ fixture }) => {
      const call = fixture.native('call_i32', 'i32', 'function', 'i32');
      const down = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, (left) => (left === 0 ? 0 : 1 + call(down, left - 1)));
      console.log(call(down, 300));
    }), '300\n');
  });

  test('sixty deep', async () => assert.equal(await nest(), 'right\n'));
  test('while everything moves', async () => assert.equal(await nest('--gc-interval=500', '--stress-compaction'), 'right\n'));
});

// Functions are held until the collection that takes them: the engine collects on its own, too, and then finalizers have their turn.
describe('a function that has been collected, before its finalizers have run,', () => {
  test('makes calls do nothing and answer zero', async () => {
    const answers = await printed(({ fixture, garbage }) => {
      const library = fixture.open();
      const types = ['i8', 'u16', 'i32', 'i64', 'u64', 'f32', 'f64', 'pointer'];
      const isWide = (type) => ['i64', 'u64', 'pointer'].includes(type);
      const callers = types.map((type) => fixture.native(`call_${type}`, type, 'function', type));
      let functions = types.map((type) => () => (isWide(type) ? 9n : 9));
      const addresses = types.map((type, index) => {
        const address = library.registerCallback({ return: type, arguments: [type] }, functions[index]);
        library.unrefCallback(address);
        return address;
      });
      const answers = () => types.map((type, index) => String(callers[index](addresses[index], isWide(type) ? 3n : 3))).join();
      const before = answers();
      setImmediate(() => {
        functions = undefined;
        garbage.gc();
        console.log(before, answers());
      });
    });
    assert.equal(answers, '9,9,9,9,9,9,9,9 0,0,0,0,0,0,0,0\n');
  });

  test('while C is running, does so as well', async () => {
    const answer = await printed(({ fixture, garbage }) => {
      const library = fixture.open();
      const signature = { return: 'i32', arguments: ['i32'] };
      const compose = fixture.native('compose_i32', 'i32', 'function', 'function', 'i32');
      let held = [(value) => value + 1];
      const outer = library.registerCallback(signature, held[0]);
      library.unrefCallback(outer);
      const inner = library.registerCallback(signature, (value) => {
        held = undefined;
        garbage.gc();
        return value;
      });
      setImmediate(() => console.log(compose(outer, inner, 41)));
    });
    assert.equal(answer, '0\n');
  });

  test('is not found by refCallback, and unregistered as ever', async () => {
    const answer = await printed(({ fixture, garbage }) => {
      const library = fixture.open();
      let held = [() => {}];
      const address = library.registerCallback({}, held[0]);
      library.unrefCallback(address);
      setImmediate(() => {
        held = undefined;
        garbage.gc();
        try {
          library.refCallback(address);
        } catch (error) {
          console.log(error.message, library.unregisterCallback(address));
        }
      });
    });
    assert.equal(answer, 'Callback not found undefined\n');
  });
});

describe('what a debugger evaluates while the program works does not change', () => {
  test('the arguments that C passes to callbacks', async () => {
    const wrong = await printed(async ({ fixture }) => {
      const { interrupted } = require('./incoming/inspector');
      const library = fixture.open();
      const echoed = fixture.native('call_i64', 'i64', 'function', 'i64');
      const echo = library.registerCallback({ return: 'i64', arguments: ['i64'] }, (value) => value);
      const times = fixture.native('call_times_i32', 'i64', 'function', 'u32');
      let expected = 0;
      let first;
      const counts = library.registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => {
        if (value !== expected++) first ??= `${value} for ${expected - 1}`;
        return 0;
      });
      const count = () => {
        expected = 0;
        times(counts, 1000);
        return first;
      };
      console.log(JSON.stringify(await interrupted({ count }, () => echoed(echo, 0x1111_1111_2222_2222n))));
    });
    assert.equal(wrong, '{}\n');
  });

  // Cold code, where functions are called that optimised code has inside of its callers.
  test('the arguments of native functions', async () => {
    const wrong = await printed(async ({ fixture }) => {
      const { interrupted } = require('./incoming/inspector');
      const { setFlagsFromString } = require('node:v8');
      for (const flag of ['--no-opt', '--max-optimized-bytecode-size=0']) setFlagsFromString(flag);
      const identity = fixture.native('identity_i64', 'i64', 'i64');
      const pointer = fixture.native('identity_pointer', 'pointer', 'pointer');
      const other = fixture.native('identity_i64', 'i64', 'i64');
      let value = 0n;
      const same = (call) => () => {
        value++;
        const result = call(value);
        return result === value ? undefined : `${result} for ${value}`;
      };
      const works = { identity: same(identity), pointer: same(pointer) };
      console.log(JSON.stringify(await interrupted(works, () => other(0x1111_1111_2222_2222n))));
    });
    assert.equal(wrong, '{}\n');
  });
});
