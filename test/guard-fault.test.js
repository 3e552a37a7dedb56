'use strict';

// Guarded mode: what ends the process inside a native call is reported, and the process ends as it would have. What is no mistake of a native
// call is left alone.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { constants: { signals } } = require('node:os');
const { path } = require('./fixture');
const { guarded, skip } = require('./guard/process');
const { ADDRESS_SIZE } = require('./machine');

const options = { concurrency: 2, skip };
const allAddresses = ADDRESS_SIZE === 4 && 'with 32 bits there is no such address';
const mapping = '0x[0-9a-f]+-0x[0-9a-f]+ [-rwxps]{4} \\S.*';
const nowhere = `lies in no mapping; the nearest, ${mapping}, (begins \\d+ bytes? after|ends \\d+ bytes? before|ends right before) it`;
// Where the registers are known.
const instruction = ['x64', 'arm64'].includes(process.arch) ? [`    instruction  0x[0-9a-f]+ lies in ${mapping}, at 0x[0-9a-f]+ of the file`] : [];

// The report, up to the JavaScript stack, line by line, each a pattern; and then the functions of the stack that come first.
async function assertReport(body, { signal, first, fault = [], called, stack, settings }) {
  const ended = await guarded(body, settings);
  assert.equal(ended.signal, signal, ended.stderr);
  assert.equal(ended.stdout, 'before\n', 'nothing ran afterwards');
  const lines = ended.stderr.split('\n');
  const [types, values] = called;
  const expected = [
    first,
    ...fault,
    `    declared as  ${types.replace(/[()]/g, '\\$&')}`,
    `    called with  \\(${values}\\)`,
    `    library      ${path}`,
    '    called from  JavaScript:',
  ];
  expected.forEach((pattern, index) => assert.match(lines[index] ?? '', new RegExp(`^${pattern}$`), ended.stderr));
  const frames = lines.slice(expected.length);
  stack.forEach((name, index) => assert.ok(frames[index]?.startsWith(`        at ${name} (`), ended.stderr));
  assert.ok(!ended.stderr.includes('lib/wrap.js') && !ended.stderr.includes('ferrule:'), ended.stderr);
}

const segmentation = (name) => `SIGSEGV \\(memory that cannot be accessed\\) in the native function ${name}`;

describe('a fault inside a native call is reported', options, () => {
  test('SIGSEGV, for memory that is not mapped', () => assertReport(({ fixture }) => {
    const read = fixture.native('fault_read', 'u8', 'pointer');
    function inner() { console.log('before'); read(0x2an); console.log('after'); }
    function outer() { inner(); }
    outer();
  }, {
    signal: 'SIGSEGV',
    first: segmentation('fault_read'),
    fault: [`    address      0x2a ${nowhere}`, ...instruction],
    called: ['(pointer) -> uint8', '0x2a'],
    stack: ['inner', 'outer'],
  }));

  test('SIGSEGV, for memory that must not be written', () => assertReport(({ fixture }) => {
    const write = fixture.native('write_i32', 'void', 'pointer', 'i32');
    console.log('before');
    (function inner() { write(fixture.open().getSymbol('noop'), -7); })();
  }, {
    signal: 'SIGSEGV',
    first: segmentation('write_i32'),
    fault: [`    address      0x[0-9a-f]+ lies in 0x[0-9a-f]+-0x[0-9a-f]+ r-xp ${path}`, ...instruction],
    called: ['(pointer, int32) -> void', '0x[0-9a-f]+, -7'],
    stack: ['inner'],
  }));

  test('SIGSEGV, for an address that the processor does not have', { skip: allAddresses }, () => assertReport(({ fixture }) => {
    const read = fixture.native('fault_read', 'u8', 'pointer');
    console.log('before');
    (function inner() { read(0x2abcdef000000000n); })();
  }, {
    signal: 'SIGSEGV',
    first: segmentation('fault_read'),
    fault: process.arch === 'x64' ?
      ['    address      not known: no address of this processor\'s, or an instruction that is not allowed', ...instruction] :
      [`    address      0x[0-9a-f]+ ${nowhere}`, ...instruction],
    called: ['(pointer) -> uint8', '0x2abcdef000000000'],
    stack: ['inner'],
  }));

  test('SIGSEGV, because the stack is full', () => assertReport(({ fixture }) => {
    const recurse = fixture.native('fault_recurse', 'u64', 'u64');
    console.log('before');
    (function inner() { recurse(1); })();
  }, {
    signal: 'SIGSEGV',
    first: segmentation('fault_recurse'),
    fault: instruction.length === 0 ? ['    address .*'] :
      ['    address      0x[0-9a-f]+ .*', '    stack        the address is where the stack pointer is: the stack may be full', ...instruction],
    called: ['(uint64) -> uint64', '1'],
    stack: ['inner'],
  }));

  test('SIGBUS, for memory beyond the end of a file', () => assertReport(({ fixture }) => {
    const fs = require('node:fs');
    const file = `${require('node:os').tmpdir()}/ferrule-fault-${process.pid}`;
    fs.writeFileSync(file, '');
    const { SIZE } = require('./machine');
    const memory = fixture.native('mmap', 'pointer', 'pointer', SIZE, 'i32', 'i32', 'i32', SIZE)(null, 4096n, 1, 1, fs.openSync(file), 0n);
    fs.rmSync(file);
    const read = fixture.native('fault_read', 'u8', 'pointer');
    console.log('before');
    (function inner() { read(memory); })();
  }, {
    signal: 'SIGBUS',
    first: 'SIGBUS \\(memory that is not there\\) in the native function fault_read',
    fault: ['    address      0x[0-9a-f]+ lies in 0x[0-9a-f]+-0x[0-9a-f]+ r--s .*/ferrule-fault-\\d+ \\(deleted\\)', ...instruction],
    called: ['(pointer) -> uint8', '0x[0-9a-f]+'],
    stack: ['inner'],
  }));

  test('SIGILL', { skip: instruction.length === 0 }, () => assertReport(({ fixture }) => {
    const execute = fixture.native('fault_instruction', 'void');
    console.log('before');
    (function inner() { execute(); })();
  }, {
    signal: 'SIGILL',
    first: 'SIGILL \\(an illegal instruction\\) in the native function fault_instruction',
    fault: instruction,
    called: ['() -> void', ''],
    stack: ['inner'],
  }));

  test('SIGFPE', { skip: process.arch !== 'x64' && 'only x86-64 has it here' }, () => assertReport(({ fixture }) => {
    const divide = fixture.native('fault_divide', 'u32', 'u32', 'u32');
    console.log(divide(8, 2) === 4 ? 'before' : 'wrong');
    (function inner() { divide(1, 0); })();
  }, {
    signal: 'SIGFPE',
    first: 'SIGFPE \\(impossible arithmetic, as a division by zero\\) in the native function fault_divide',
    fault: instruction,
    called: ['(uint32, uint32) -> uint32', '1, 0'],
    stack: ['inner'],
  }));

  test('SIGABRT', () => assertReport(({ fixture }) => {
    const abort = fixture.native('fault_abort', 'void');
    console.log('before');
    (function inner() { abort(); })();
  }, {
    signal: 'SIGABRT',
    first: 'SIGABRT \\(the native code gave up\\) in the native function fault_abort',
    fault: ['    raised by this process'],
    called: ['() -> void', ''],
    stack: ['inner'],
  }));

  test('a signal that C sends itself', () => assertReport(({ fixture }) => {
    const raise = fixture.native('fault_raise', 'i32', 'i32');
    console.log('before');
    (function inner() { raise(require('node:os').constants.signals.SIGSEGV); })();
  }, {
    signal: 'SIGSEGV',
    first: segmentation('fault_raise'),
    fault: ['    raised by this process'],
    called: ['(int32) -> int32', `${signals.SIGSEGV}`],
    stack: ['inner'],
  }));

  test('with the arguments as they are, and what the program does to stacks ignored', () => assertReport(({ fixture }) => {
    Error.prepareStackTrace = () => { console.log('the user\'s'); };
    Error.stackTraceLimit = 0;
    Error.captureStackTrace = () => { console.log('the user\'s'); };
    Object.defineProperty(globalThis, 'Error', { value: undefined });
    const equal = fixture.native('string_equal', 'u8', 'string', 'string');
    console.log('before');
    // Of a C library that reads whole words, a multiple of the word's size is the address of the fault.
    (function inner() { equal('Grüße,\n"Welt"', 64n); })();
  }, {
    signal: 'SIGSEGV',
    first: segmentation('string_equal'),
    fault: [`    address      0x40 ${nowhere}`, ...instruction],
    called: ['(string, string) -> uint8', '0x[0-9a-f]+ "Grüße,\\\\n\\\\"Welt\\\\"", 0x40'],
    stack: ['inner'],
  }));

  test('with numbers and a long text', () => assertReport(({ fixture }) => {
    const read = fixture.native('fault_read', 'u8', 'pointer', 'i8', 'u64', 'i64', 'f32', 'f64', 'string', 'buffer');
    console.log('before');
    (function inner() { read(1n, -1, 2n ** 64n - 1n, -(2n ** 63n), 0.5, NaN, 'x'.repeat(100), null); })();
  }, {
    signal: 'SIGSEGV',
    first: segmentation('fault_read'),
    fault: [`    address      0x1 ${nowhere}`, ...instruction],
    called: ['(pointer, int8, uint64, int64, float32, float64, string, buffer) -> uint8',
      '0x1, -1, 18446744073709551615, -9223372036854775808, 0.5, NaN, 0x[0-9a-f]+ "x{60}"\\.\\.\\., 0x0'],
    stack: ['inner'],
  }));

  test('of a function without a name', () => assertReport(({ fixture }) => {
    const library = fixture.open();
    const read = library.getFunctionFromPointer(library.getSymbol('fault_read'), { return: 'u8', arguments: ['pointer'] });
    console.log('before');
    (function inner() { read(2n); })();
  }, {
    signal: 'SIGSEGV',
    first: segmentation('without a name'),
    fault: [`    address      0x2 ${nowhere}`, ...instruction],
    called: ['(pointer) -> uint8', '0x2'],
    stack: ['inner'],
  }));

  test('after a callback, and inside one', () => assertReport(({ fixture }) => {
    const library = fixture.open();
    const read = fixture.native('fault_read', 'u8', 'pointer');
    const call = fixture.native('call_void', 'void', 'function');
    const after = fixture.native('fault_after_callback', 'u8', 'function', 'pointer');
    const nothing = library.registerCallback(() => {});
    call(library.registerCallback(function inner() {
      call(nothing);
      console.log('before');
      after(nothing, 9n);
    }));
  }, {
    signal: 'SIGSEGV',
    first: segmentation('fault_after_callback'),
    fault: [`    address      0x9 ${nowhere}`, ...instruction],
    called: ['(function, pointer) -> uint8', '0x[0-9a-f]+, 0x9'],
    stack: ['inner'],
  }));

  test('in a Worker, also when its stack is full', async () => {
    for (const [name, type] of [['fault_read', 'pointer'], ['fault_recurse', 'u64']]) {
      const { signal, stderr } = await guarded(({ start }, name, type) => {
        start(({ fixture: { native } }, name, type) => {
          const call = native(name, 'u64', type);
          (function inner() { call(3n); })();
        }, [name, type]);
      }, { parameters: [name, type] });
      assert.equal(signal, 'SIGSEGV', stderr);
      assert.match(stderr, new RegExp(`^${segmentation(name)}\n`));
      assert.match(stderr, /\n {8}at inner \(\[worker eval\]/);
    }
  });
});

describe('what is no fault of a native call is left alone', options, () => {
  // A module whose function `read` loads what is beyond its memory; WebAssembly makes an exception of the SIGSEGV.
  const module = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 6, 1, 0x60, 1, 0x7f, 1, 0x7f, 3, 2, 1, 0, 5, 3, 1, 0, 1, 7, 8, 1, 4, 0x72, 0x65, 0x61, 0x64, 0,
    0, 10, 9, 1, 7, 0, 0x20, 0, 0x28, 2, 0, 0x0b];

  test('WebAssembly\'s traps, outside and inside of callbacks, and a fault after them', async () => {
    const { signal, stdout, stderr } = await guarded(({ fixture }, bytes) => {
      const { read } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes))).exports;
      const trap = () => {
        try {
          return read(0x7fffffff);
        } catch (error) {
          return `${error.name} ${error.message}`;
        }
      };
      const library = fixture.open();
      const call = fixture.native('call_void', 'void', 'function');
      console.log(`${read(0)} ${trap()}`);
      call(library.registerCallback(() => {
        console.log(trap());
        call(library.registerCallback(() => console.log(trap())));
        console.log(trap());
      }));
      console.log(trap());
      fixture.native('fault_read', 'u8', 'pointer')(0x2an);
    }, { parameters: [module] });
    const trapped = 'RuntimeError memory access out of bounds\n';
    assert.equal(stdout, `0 ${trapped.repeat(5)}`);
    assert.equal(signal, 'SIGSEGV');
    assert.match(stderr, new RegExp(`^${segmentation('fault_read')}\n`));
  });

  test('faults of the program outside of native calls, and signals from outside', async () => {
    for (const name of ['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP', 'SIGABRT']) {
      const { signal, stderr } = await guarded(({ fixture }, name) => {
        fixture.native('noop', 'void')();
        process.kill(process.pid, name);
        setInterval(() => {}, 1000);
      }, { parameters: [name] });
      assert.deepEqual({ signal, stderr }, { signal: name, stderr: '' });
    }
  });

  test('what a callback does to end the process', async () => {
    const { signal, stderr } = await guarded(({ fixture }) => {
      fixture.native('call_void', 'void', 'function')(fixture.open().registerCallback(function thrower() { throw new Error('mine'); }));
    });
    assert.equal(signal, 'SIGABRT');
    assert.match(stderr, /^Callbacks cannot throw an exception\nError: mine\n/);
    assert.ok(!stderr.includes('SIGABRT'), stderr);
  });

  test('an endless recursion of C and JavaScript', async () => {
    const { signal, stderr } = await guarded(({ fixture }) => {
      const call = fixture.native('call_i32', 'i32', 'function', 'i32');
      const callback = fixture.open().registerCallback({ return: 'i32', arguments: ['i32'] }, function deeper(value) {
        return call(callback, value);
      });
      call(callback, 1);
    });
    assert.equal(signal, 'SIGABRT');
    assert.match(stderr, /^Callbacks cannot throw an exception\nRangeError: Maximum call stack size exceeded\n/);
  });

  test('many threads that begin and end', async () => {
    const { status, stdout, stderr } = await guarded(async ({ start }) => {
      const { once } = require('node:events');
      for (let round = 0; round < 5; round++) {
        const workers = Array.from({ length: 4 }, () => start(({ fixture: { native, open }, worker: { parentPort } }) => {
          const call = native('call_times_i32', 'i64', 'function', 'u32');
          const callback = open().registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => value);
          parentPort.postMessage(call(callback, 100));
        }));
        for (const [sum] of await Promise.all(workers.map((worker) => once(worker, 'message')))) console.log(sum);
      }
    });
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.equal(stdout, '4950n\n'.repeat(20));
  });
});
