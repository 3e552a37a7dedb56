'use strict';

// What goes on when the system stops giving executable memory to a process that runs: less quickly, or with an error, and never with its end.
// That it gives none from the beginning is a configuration of the whole suite (scripts/configurations).

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { run } = require('./child');

const architectures = { x64: { audit: 0xc000003e, mmap: 9, mprotect: 10 }, arm64: { audit: 0xc00000b7, mmap: 222, mprotect: 226 } };
const architecture = architectures[process.arch];
// An emulator makes system calls of its own; and the kernel's own filters are Linux's.
const skip = (process.platform !== 'linux' || process.env.FERRULE_EMULATED || !architecture) && 'it is refused by a filter of Linux on some processors';

// V8's compilers need such memory, and end the process where there is none.
const flags = ['--max-optimized-bytecode-size=0', '--no-sparkplug', '--no-maglev', '--regexp-interpret-all'];

// Refuses this thread every mapping that is executable (seccomp(2), in the classic BPF of the kernel's filters).
function refuseExecutableMemory({ ffi }, { audit, mmap, mprotect }) {
  const RETURN = 0x06, LOAD = 0x20, IF_EQUAL = 0x15, IF_BITS = 0x45;
  const instructions = [
    [LOAD, 0, 0, 4], [IF_EQUAL, 0, 6, audit],
    [LOAD, 0, 0, 0], [IF_EQUAL, 1, 0, mmap], [IF_EQUAL, 0, 3, mprotect],
    // The low half of the third argument, the protection; 4 is PROT_EXEC, 13 is EACCES.
    [LOAD, 0, 0, 32], [IF_BITS, 0, 1, 4], [RETURN, 0, 0, 0x0005_000d],
    [RETURN, 0, 0, 0x7fff_0000],
  ];
  const filter = Buffer.alloc(8 * instructions.length);
  instructions.forEach(([code, ifTrue, ifFalse, value], index) => {
    filter.writeUInt16LE(code, 8 * index);
    filter.writeUInt8(ifTrue, 8 * index + 2);
    filter.writeUInt8(ifFalse, 8 * index + 3);
    filter.writeUInt32LE(value, 8 * index + 4);
  });
  const program = Buffer.alloc(16);
  program.writeUInt16LE(instructions.length, 0);
  program.writeBigUInt64LE(ffi.getRawPointer(filter), 8);
  const prctl = new ffi.DynamicLibrary(null).getFunction('prctl', { return: 'i32', arguments: ['i32', 'u64', 'u64', 'u64', 'u64'] });
  const NO_NEW_PRIVILEGES = 38, SET_SECCOMP = 22, FILTER = 2n;
  if (prctl(NO_NEW_PRIVILEGES, 1n, 0n, 0n, 0n) !== 0) throw new Error('no_new_privs');
  if (prctl(SET_SECCOMP, FILTER, ffi.getRawPointer(program), 0n, 0n) !== 0) throw new Error('seccomp');
}

async function answer(body, options) {
  const program = `(modules, ...rest) => (${body})(modules, (${refuseExecutableMemory}), ...rest)`;
  const parameters = [architecture];
  const { status, signal, stdout, stderr } = await run(program, { flags, parameters, ...options });
  assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: '' });
  return JSON.parse(stdout);
}

describe('when executable memory is refused', () => {
  test('functions that were made keep their tier, and new signatures are called all the same', { skip }, async () => {
    const seen = await answer((modules, refuse, architecture) => {
      process.env.FERRULE_TIER_TRACE = '1';
      const library = modules.fixture.open();
      const { lastTier } = require('../lib/wrap.js');
      const before = library.getFunction('add_i32', { return: 'i32', arguments: ['i32', 'i32'] });
      const seen = [before(1, 2), lastTier()];
      refuse(modules, architecture);
      seen.push(before(3, 4), lastTier());
      const after = library.getFunction('add_f64', { return: 'f64', arguments: ['f64', 'f64'] });
      seen.push(after(0.5, 1), lastTier());
      const same = library.getFunction('add_i32', { return: 'i32', arguments: ['i32', 'i32'] });
      seen.push(same(5, 6), lastTier());
      console.log(JSON.stringify(seen));
    });
    assert.deepEqual(seen, [3, 'cell', 7, 'cell', 1.5, 'slow', 11, 'cell']);
  });

  for (const when of ['before', 'after']) {
    test(`callbacks work until none is left, ${when} the first one was registered`, { skip }, async () => {
      const { error, registered, wrong } = await answer((modules, refuse, architecture, first) => {
        const library = modules.fixture.open();
        const call = library.getFunction('call_i32', { return: 'i32', arguments: ['pointer', 'i32'] });
        const register = (number) => library.registerCallback({ return: 'i32', arguments: ['i32'] }, (value) => value + number);
        const callbacks = [];
        if (first === 'after') callbacks.push(register(0));
        refuse(modules, architecture);
        let error;
        while (error === undefined && callbacks.length < 100_000) {
          try {
            callbacks.push(register(callbacks.length));
          } catch ({ code, message }) {
            error = [code, message];
          }
        }
        let wrong = 0;
        callbacks.forEach((callback, index) => { if (call(callback, 1) !== index + 1) wrong++; });
        callbacks.forEach((callback) => library.unregisterCallback(callback));
        console.log(JSON.stringify({ error, registered: callbacks.length, wrong }));
      }, { parameters: [architecture, when] });
      assert.deepEqual(error, ['ERR_FFI_CALL_FAILED', 'no executable memory for a callback']);
      assert.equal(wrong, 0);
      assert.ok(registered > 0, `${registered} callbacks`);
    });
  }
});
