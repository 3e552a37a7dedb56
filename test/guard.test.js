'use strict';

// Guarded mode: what is refused instead of ending the process, and what is as it always is.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { describe, test } = require('node:test');
const { guarded, skip } = require('./guard/process');

const options = { concurrency: 2, skip };

// What `body` printed as JSON.
async function answer(body, settings) {
  const { status, signal, stdout, stderr } = await guarded(body, settings);
  assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: '' });
  return JSON.parse(stdout);
}

const mapping = '0x[0-9a-f]+-0x[0-9a-f]+ [-rwxps]{4} \\S.*';
const nowhere = `lies in no mapping; the nearest, ${mapping}, (begins \\d+ bytes? after|ends \\d+ bytes? before|ends right before) it`;
const without = (permission) => `lies in ${mapping}, which is not ${permission}`;

// Each text of `found` is `CODE message` with the pattern of the same name.
function assertRefused(found, expected) {
  assert.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort());
  for (const [name, pattern] of Object.entries(expected)) {
    assert.match(found[name], new RegExp(`^Error ERR_FFI_INVALID_POINTER ${pattern}$`), name);
  }
}

describe('a pointer that JavaScript hands out', options, () => {
  test('to nowhere, to what is read-only, and to what is not readable', async () => {
    const found = await answer(({ ffi, fixture }) => {
      const attempt = (body) => {
        try {
          return `returned ${String(body())}`;
        } catch (error) {
          return `${error.name} ${error.code} ${error.message}`;
        }
      };
      const found = {};
      const code = fixture.open().getSymbol('noop');
      const elements = ['Int8', 'Uint8', 'Int16', 'Uint16', 'Int32', 'Uint32', 'Int64', 'Uint64', 'Float32', 'Float64'];
      for (const name of elements) {
        const value = name.endsWith('t64') && !name.startsWith('F') ? 1n : 1;
        found[`get${name}`] = attempt(() => ffi[`get${name}`](0x2an, 8));
        found[`set${name}`] = attempt(() => ffi[`set${name}`](0x2an, 8, value));
        found[`set${name} of code`] = attempt(() => ffi[`set${name}`](code, 0, value));
      }
      const { SIZE } = require('./machine');
      const page = fixture.native('mmap', 'pointer', 'pointer', SIZE, 'i32', 'i32', 'i32', SIZE)(null, 8192n, 0, 0x22, -1, 0n);
      found['getInt8 of none'] = attempt(() => ffi.getInt8(page));
      found.toString = attempt(() => ffi.toString(0x2an));
      found['toBuffer, a copy'] = attempt(() => ffi.toBuffer(0x2an, 3));
      found['toBuffer, a view'] = attempt(() => ffi.toBuffer(0x2an, 3, false));
      found['toArrayBuffer, a copy'] = attempt(() => ffi.toArrayBuffer(0x2an, 1));
      found['toArrayBuffer, a view'] = attempt(() => ffi.toArrayBuffer(0x2an, 1, false));
      found.exportString = attempt(() => ffi.exportString('abc', 0x2an, 100));
      found['exportString, as utf16le'] = attempt(() => ffi.exportString('abc', 0x2an, 100, 'utf16le'));
      found['exportString to code'] = attempt(() => ffi.exportString('abc', code, 100));
      found.exportBuffer = attempt(() => ffi.exportBuffer(Buffer.alloc(5), 0x2an, 100));
      found.exportArrayBuffer = attempt(() => ffi.exportArrayBuffer(new ArrayBuffer(5), 0x2an, 100));
      found.exportArrayBufferView = attempt(() => ffi.exportArrayBufferView(new Uint8Array(5), 0x2an, 100));
      console.log(JSON.stringify(found));
    });
    const sizes = { 8: '1 byte', 16: '2 bytes', 32: '4 bytes', 64: '8 bytes' };
    const expected = {};
    for (const name of ['Int8', 'Uint8', 'Int16', 'Uint16', 'Int32', 'Uint32', 'Int64', 'Uint64', 'Float32', 'Float64']) {
      const size = sizes[/\d+$/.exec(name)[0]];
      expected[`get${name}`] = `Cannot read ${size} at 0x32: it ${nowhere}`;
      expected[`set${name}`] = `Cannot write ${size} at 0x32: it ${nowhere}`;
      expected[`set${name} of code`] = `Cannot write ${size} at 0x[0-9a-f]+: it ${without('writable')}`;
    }
    expected['getInt8 of none'] = `Cannot read 1 byte at 0x[0-9a-f]+: it ${without('readable')}`;
    expected.toString = `Cannot read a string at 0x2a: it ${nowhere}`;
    expected['toBuffer, a copy'] = expected['toBuffer, a view'] = `Cannot read 3 bytes at 0x2a: it ${nowhere}`;
    expected['toArrayBuffer, a copy'] = expected['toArrayBuffer, a view'] = `Cannot read 1 byte at 0x2a: it ${nowhere}`;
    expected.exportString = `Cannot write 4 bytes at 0x2a: it ${nowhere}`;
    expected['exportString, as utf16le'] = `Cannot write 8 bytes at 0x2a: it ${nowhere}`;
    expected['exportString to code'] = `Cannot write 4 bytes at 0x[0-9a-f]+: it ${without('writable')}`;
    expected.exportBuffer = expected.exportArrayBuffer = expected.exportArrayBufferView = `Cannot write 5 bytes at 0x2a: it ${nowhere}`;
    assertRefused(found, expected);
  });

  test('to a range that ends too early', async () => {
    const found = await answer(({ ffi, fixture }) => {
      const attempt = (body) => {
        try {
          return `returned ${String(body())}`;
        } catch (error) {
          return `${error.name} ${error.code} ${error.message}`;
        }
      };
      const [READ, WRITE, PRIVATE, ANONYMOUS] = [1, 2, 2, 32];
      const { SIZE } = require('./machine');
      const pages = fixture.native('mmap', 'pointer', 'pointer', SIZE, 'i32', 'i32', 'i32', SIZE)(
        null, 3n * 65536n, READ | WRITE, PRIVATE | ANONYMOUS, -1, 0n);
      const last = pages + 131072n - 2n;
      ffi.setUint16(last, 0, 0x7878);
      const fits = [attempt(() => ffi.getUint16(last)), attempt(() => ffi.toBuffer(pages, 131072, false).length), attempt(() => ffi.toString(last))];
      fixture.native('mprotect', 'i32', 'pointer', SIZE, 'i32')(pages + 131072n, 65536n, 0);
      console.log(JSON.stringify({
        fits,
        refused: {
          element: attempt(() => ffi.getInt32(last)),
          text: attempt(() => ffi.toString(last)),
          copy: attempt(() => ffi.toBuffer(pages, 131073)),
          view: attempt(() => ffi.toArrayBuffer(pages, 131073, false)),
          written: attempt(() => ffi.exportBuffer(Buffer.alloc(131073), pages, 131073)),
        },
        exact: [attempt(() => ffi.getUint16(last)), attempt(() => ffi.toBuffer(pages, 131072, false).length)],
      }));
    });
    assert.deepEqual(found.fits, ['returned 30840', 'returned 131072', 'returned xx']);
    assert.deepEqual(found.exact, ['returned 30840', 'returned 131072']);
    const end = (bytes) => `0x[0-9a-f]+, ${bytes} bytes on, ${without('readable')}`;
    assertRefused(found.refused, {
      element: `Cannot read 4 bytes at 0x[0-9a-f]+: ${end(2)}`,
      text: `Cannot read a string at 0x[0-9a-f]+: ${end(2)}`,
      copy: `Cannot read 131073 bytes at 0x[0-9a-f]+: ${end(131072)}`,
      view: `Cannot read 131073 bytes at 0x[0-9a-f]+: ${end(131072)}`,
      written: `Cannot write 131073 bytes at 0x[0-9a-f]+: 0x[0-9a-f]+, 131072 bytes on, ${without('writable')}`,
    });
  });

  // The list of mappings does not show it; process_vm_readv does, which an emulator need not have.
  const listOnly = process.env.FERRULE_EMULATED ? 'an emulator has no process_vm_readv' : false;

  test('to a file that has become shorter', { skip: listOnly }, async () => {
    const file = `${require('node:os').tmpdir()}/ferrule-guard-${process.pid}`;
    fs.writeFileSync(file, 'text');
    try {
      const found = await answer(({ ffi, fixture }, file) => {
        const { openSync, truncateSync } = require('node:fs');
        const { SIZE } = require('./machine');
        const mmap = fixture.native('mmap', 'pointer', 'pointer', SIZE, 'i32', 'i32', 'i32', SIZE);
        const memory = mmap(null, 4096n, 3, 1, openSync(file, 'r+'), 0n);
        const before = ffi.toString(memory);
        truncateSync(file, 0);
        const refused = {};
        for (const [name, body] of Object.entries({ read: () => ffi.getInt8(memory), write: () => ffi.setInt8(memory, 1, 2) })) {
          try {
            body();
          } catch (error) {
            refused[name] = `${error.name} ${error.code} ${error.message}`;
          }
        }
        console.log(JSON.stringify({ before, refused }));
      }, { parameters: [file] });
      assert.equal(found.before, 'text');
      const beyond = `it lies in 0x[0-9a-f]+-0x[0-9a-f]+ rw-s ${file}, beyond the end of the file`;
      assertRefused(found.refused, { read: `Cannot read 1 byte at 0x[0-9a-f]+: ${beyond}`, write: `Cannot write 1 byte at 0x[0-9a-f]+: ${beyond}` });
    } finally {
      fs.rmSync(file);
    }
  });

  test('that is not used, or is refused for another reason first', async () => {
    const found = await answer(({ ffi }) => {
      const attempt = (body) => {
        try {
          return `returned ${JSON.stringify(body())}`;
        } catch (error) {
          return `${error.code} ${error.message}`;
        }
      };
      const { LAST } = require('./machine');
      console.log(JSON.stringify([
        attempt(() => ffi.toBuffer(0x2an, 0).length),
        attempt(() => ffi.toArrayBuffer(0x2an, 0, false).byteLength),
        attempt(() => ffi.exportBuffer(Buffer.alloc(0), 0x2an, 10)),
        attempt(() => ffi.toString(0n)),
        attempt(() => ffi.getInt8(0n)),
        attempt(() => ffi.getInt8(0x2an, -1)),
        attempt(() => ffi.setInt8(0x2an, 0, 500)),
        attempt(() => ffi.setInt8(0x2an, 0)),
        attempt(() => ffi.getInt16(LAST)),
        attempt(() => ffi.toBuffer(LAST, 2)),
        attempt(() => ffi.exportString('abc', 0x2an, 2)),
        attempt(() => ffi.exportString('abc', 0x2an, 20, 'no encoding')),
      ]));
    });
    assert.deepEqual(found, [
      'returned 0',
      'returned 0',
      'returned undefined',
      'returned null',
      'ERR_FFI_INVALID_POINTER Cannot dereference a null pointer',
      'ERR_INVALID_ARG_VALUE The offset must be a non-negative integer',
      'ERR_INVALID_ARG_VALUE Value must be an int8',
      'ERR_INVALID_ARG_VALUE Expected a value argument',
      'ERR_INVALID_ARG_VALUE The accessed range exceeds the platform address range',
      'ERR_INVALID_ARG_VALUE The pointer and length exceed the platform address range',
      'ERR_OUT_OF_RANGE The value of "len" is out of range. It must be >= 4. Received 2',
      'ERR_UNKNOWN_ENCODING Unknown encoding: no encoding',
    ]);
  });
});

describe('a function pointer', options, () => {
  test('must be executable', async () => {
    const found = await answer(({ ffi, fixture }) => {
      const attempt = (body) => {
        try {
          return `returned ${String(body())}`;
        } catch (error) {
          return `${error.name} ${error.code} ${error.message}`;
        }
      };
      const library = fixture.open();
      const data = ffi.getRawPointer(Buffer.alloc(64));
      const call = fixture.native('call_i32', 'i32', 'function', 'i32');
      const found = {
        'getFunctionFromPointer': attempt(() => library.getFunctionFromPointer(0x2an, {})),
        'getFunctionFromPointer of data': attempt(() => library.getFunctionFromPointer(data, {})),
        'getFunction of data': attempt(() => library.getFunction('EXPORTED_I32', {})),
        'getFunctions of data': attempt(() => library.getFunctions({ noop: {}, EXPORTED_I32: {} })),
        'getNativeFunction of data': attempt(() => ffi.getNativeFunction(fixture.path, 'EXPORTED_I32', 'void', [])),
        'an argument': attempt(() => call(0x2an, 1)),
        'an argument of data': attempt(() => call(data, 1)),
      };
      const known = Object.keys(library.functions);
      const callback = library.registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => value + 1);
      const works = [
        call(callback, 41),
        library.getFunctionFromPointer(callback, { return: 'i32', arguments: ['i32'] })(1),
        fixture.native('store_callback', 'void', 'function')(null),
        fixture.native('call_i32', 'i32', 'pointer', 'i32')(callback, 2),
      ];
      console.log(JSON.stringify({ found, known, works }));
    });
    const data = without('executable');
    assertRefused(found.found, {
      'getFunctionFromPointer': `Function <pointer> cannot be called: its address 0x2a ${nowhere}`,
      'getFunctionFromPointer of data': `Function <pointer> cannot be called: its address 0x[0-9a-f]+ ${data}`,
      'getFunction of data': `Function EXPORTED_I32 cannot be called: its address 0x[0-9a-f]+ ${data}`,
      'getFunctions of data': `Function EXPORTED_I32 cannot be called: its address 0x[0-9a-f]+ ${data}`,
      'getNativeFunction of data': `Function EXPORTED_I32 cannot be called: its address 0x[0-9a-f]+ ${data}`,
      'an argument': `Argument 0 cannot be called: the address 0x2a ${nowhere}`,
      'an argument of data': `Argument 0 cannot be called: the address 0x[0-9a-f]+ ${data}`,
    });
    assert.deepEqual(found.known, [], 'all functions or none');
    assert.deepEqual(found.works, [42, 2, null, 3]);
  });
});

describe('guarded mode', options, () => {
  test('is decided by the environment when Ferrule is loaded first, for Workers too', async () => {
    const found = await answer(async ({ start }) => {
      process.env.FERRULE_GUARD = '1';
      const { getInt8 } = require('ferrule');
      process.env.FERRULE_GUARD = '0';
      const attempt = () => {
        try {
          return getInt8(0x2an);
        } catch (error) {
          return error.code;
        }
      };
      const worker = start(({ ffi, worker: { parentPort } }) => {
        try {
          ffi.getInt8(0x2an);
        } catch (error) {
          parentPort.postMessage(error.code);
        }
      }, [], { env: {} });
      const [inWorker] = await require('node:events').once(worker, 'message');
      console.log(JSON.stringify([attempt(), inWorker]));
    }, { value: '' });
    assert.deepEqual(found, ['ERR_FFI_INVALID_POINTER', 'ERR_FFI_INVALID_POINTER']);
  });

  test('has the slow tier only, and says so', async () => {
    const found = await answer(({ fixture }) => {
      const add = fixture.native('add_i32', 'i32', 'i32', 'i32');
      let sum = 0;
      for (let index = 0; index < 20_000; index++) sum = add(sum, 1);
      const { tiers } = require('../lib/binding.js');
      console.log(JSON.stringify([sum, tiers()]));
    });
    const reason = 'guarded mode is on';
    assert.deepEqual(found, [20_000, { cell: reason, fast: reason, callback: reason }]);
  });

  test('is off without the variable, and with 0', async () => {
    const body = ({ ffi }) => {
      const { isGuarded } = require('../lib/binding.js');
      console.log(isGuarded);
      ffi.getInt8(0x2an);
      console.log('survived');
    };
    for (const value of ['', '0']) {
      const { signal, stdout, stderr } = await guarded(body, { value });
      assert.deepEqual({ signal, stdout, stderr }, { signal: 'SIGSEGV', stdout: 'false\n', stderr: '' });
    }
  });

  test('refuses other values', async () => {
    const found = await answer(() => {
      try {
        require('ferrule');
      } catch (error) {
        console.log(JSON.stringify([error.name, error.code, error.message]));
      }
    }, { value: 'yes' });
    const message = "The environment variable FERRULE_GUARD must be '0' or '1'. Received 'yes'";
    assert.deepEqual(found, ['TypeError', 'ERR_INVALID_ARG_VALUE', message]);
  });
});

test('elsewhere, guarded mode is refused', { skip: !skip && 'this system has it' }, async () => {
  const { stdout } = await guarded(() => {
    try {
      require('ferrule');
    } catch (error) {
      console.log(error.code, error.message);
    }
  });
  assert.equal(stdout, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM FERRULE_GUARD=1 asks for guarded mode: it is only available on Linux\n');
});
