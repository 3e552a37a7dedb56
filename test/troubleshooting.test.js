'use strict';

// docs/troubleshooting.md against the module: each code and message of crates/addon/src/error.rs has its entry, and each entry is what the
// module really throws or prints.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { constants } = require('node:buffer');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, describe, test } = require('node:test');
const ffi = require('ferrule');
const { run, start } = require('./child');
const fixture = require('./conformance/native');
const { environment, isNode, root } = require('./document');
const { guarded, skip: noGuard } = require('./guard/process');

const page = fs.readFileSync(path.join(root, 'docs', 'troubleshooting.md'), 'utf8');
const isLinux = process.platform === 'linux' && process.report.getReport().header.glibcVersionRuntime !== undefined;
const line = Number(process.versions.node.split('.')[0]);

// ---------------------------------------------------------------------------------------------------------------------------
// The page

const sections = new Map([...page.matchAll(/^### ([^\n]*)\n(.*?)(?=^##)/gms)].map(([, heading, text]) => [heading.replaceAll('`', ''), text]));
const WITHOUT_CODE = 'TypeError without a code';
const ABORTS = 'With one of these lines';

const escaped = (text) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');

// The first cells of a section's table, as texts; `\|` in later cells is no border.
const rowsOf = (section) => [...sections.get(section).matchAll(/^\| `(.*?)` \|/gm)].map(([, text]) => text);
const matches = (row, message) => new RegExp(`^${escaped(row).replaceAll('…', '[^]*')}$`).test(message);

const seen = new Set();

function assertHasRow(section, message) {
  assert.ok(sections.has(section), `no section for ${section}: ${message}`);
  // The most exact one.
  const row = rowsOf(section).filter((text) => matches(text, message)).sort((a, b) => b.length - a.length)[0];
  assert.ok(row, `no row of ${section} for: ${message}`);
  seen.add(`${section}: ${row}`);
}

// What nothing here can bring about, and why.
const unseen = {
  'ERR_FFI_CALL_FAILED: libffi cannot prepare the signature: …': 'libffi refuses no signature that can be declared',
  'ERR_FFI_CALL_FAILED: no executable memory for a callback': 'compiled callbacks need none of libffi\'s',
  'ERR_FFI_CALL_FAILED: closures are not compiled on this platform': 'they are, here',
  'ERR_FFI_CALL_FAILED: no executable memory: …': 'the system allows it',
  'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM: This runtime allows no ArrayBuffer over native memory; a copy can be made of it': 'Node allows it',
  'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM: FERRULE_GUARD=1 asks for guarded mode: …': 'it can be had',
  'ERR_STRING_TOO_LONG: Cannot create a string longer than 0x… characters': 'needs half a gigabyte: string.test.js',
  'ERR_INTERNAL_ASSERTION: Ferrule failed internally: …': 'needs a mistake in Ferrule',
  'ERR_INTERNAL_ASSERTION: Node-API refused a call with status …': 'needs a mistake in Ferrule',
  'ERR_FFI_INVALID_POINTER: Function … has a null address': 'null-symbol.test.js makes a library with one',
};
// Node has Buffers of any length that can be asked for.
if (constants.MAX_LENGTH >= 2 ** 53 - 1) unseen['ERR_BUFFER_TOO_LARGE: Buffer is too large'] = 'there is no limit below';

// ---------------------------------------------------------------------------------------------------------------------------
// The source

const source = fs.readFileSync(path.join(root, 'crates', 'addon', 'src', 'error.rs'), 'utf8');

test('every code has an entry', () => {
  const codes = new Set([...source.matchAll(/Some\("(ERR_\w+)"\)/g)].map(([, code]) => code));
  const own = fs.readFileSync(path.join(root, 'lib', 'no-binary.js'), 'utf8').matchAll(/'(ERR_(?:FERRULE|DLOPEN)_\w+)'/g);
  for (const [, code] of own) if (code !== 'ERR_DLOPEN_FAILED') codes.add(code); // which becomes one of Ferrule's
  assert.ok(codes.size >= 18);
  for (const code of codes) assert.ok(sections.has(code), code);
});

test('every message of error.rs has an entry', () => {
  const all = [...sections.keys()].filter((key) => key.startsWith('ERR_') || key === WITHOUT_CODE).flatMap(rowsOf);
  const messages = [...source.slice(0, source.indexOf('pub enum Subject')).matchAll(/#\[error\("(.*?)"(?:, .*)?\)\]/g)]
    .map(([, text]) => text.replaceAll('\\"', '"')).filter((text) => text !== '{0}' && text !== 'a JavaScript exception is pending');
  assert.ok(messages.length > 60);
  for (const message of messages) {
    const pattern = new RegExp(`^${message.split(/\{[^}]*\}(?: \{[^}]*\})*/).map(escaped).join('.+')}$`);
    assert.ok(all.some((row) => pattern.test(row)), message);
  }
});

// ---------------------------------------------------------------------------------------------------------------------------
// What is thrown

const lib = fixture.open();
const memory = ffi.getRawPointer(Buffer.alloc(64));
const top = 2n ** 64n;
const signature = (definition) => () => lib.getFunction('nobody asks for this', definition);
const call = (symbol, types, ...values) => () => fixture.open().getFunction(symbol, { arguments: types })(...values);
const one = (type, value) => call(`identity_${type}`, [type], value);
const detached = () => {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
};
const detachedView = () => {
  const view = new Uint8Array(8);
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
};
const pointer = (value) => call('identity_pointer', ['pointer'], value);

const thrown = {
  'ERR_FFI_LIBRARY_CLOSED': [() => { const closed = fixture.open(); closed.close(); closed.getSymbol('x'); }],
  'ERR_FFI_INVALID_POINTER': [
    () => ffi.getInt8(0n), () => ffi.toBuffer(0n, 1), () => ffi.toArrayBuffer(0n, 1),
  ],
  'ERR_INVALID_ARG_TYPE': [
    () => new ffi.DynamicLibrary(1), () => lib.getFunction(1, {}), () => lib.getSymbol(), () => lib.getFunction('x', []),
    () => lib.getFunctions([]), () => lib.getFunctions({ x: 1 }), () => lib.getFunctionFromPointer(1, {}),
    () => lib.registerCallback(null), () => lib.registerCallback({}), () => ffi.toString('x'), () => ffi.getInt8('x'),
    () => ffi.getInt8(memory, 1n), () => ffi.toBuffer(memory, 1n), () => ffi.getRawPointer({}), () => ffi.exportBuffer(new Uint8Array(1), memory, 1),
    () => ffi.exportString('x', memory, '1'),
  ],
  'ERR_INVALID_ARG_VALUE': [
    one('i32'), one('i8', 128), one('u8', true), one('i16', 2 ** 15), one('u16', -1), one('i32', 2 ** 31), one('u32', -1), one('i64', 0.5),
    one('u64', -1n), one('f32', '1'), one('f64', 1n), call('identity_i32', ['i32']),
    pointer(1), pointer(-1n), pointer('a\0b'), pointer(detached()), pointer(detachedView()),
    () => { const library = fixture.open(); library.getFunction('identity_i32', {}); library.getFunction('identity_i32', { return: 'i32' }); },
    signature({ return: 'int' }), signature({ return: 1 }), signature({ arguments: [1] }), signature({ arguments: ['void'] }),
    signature({ arguments: 'i32' }), signature({ retrun: 'i32' }), signature({ return: 'i32', result: 'i32' }),
    signature({ arguments: [], parameters: [] }), signature({ reentrant: 1 }), () => new ffi.DynamicLibrary('a\0b'),
    () => lib.getFunctionFromPointer(0n, {}), () => lib.unregisterCallback(1n), () => ffi.toString(-1n), () => ffi.getInt8(-1n),
    () => ffi.getInt8(memory, -1), () => ffi.toBuffer(memory, -1), () => ffi.setInt8(memory), () => ffi.setInt8(memory, 0),
    () => ffi.setInt8(memory, 0, 128), () => ffi.setInt64(memory, 0, 'x'), () => ffi.getInt8(top - 1n, 1), () => ffi.toBuffer(top - 1n, 2),
    () => ffi.getInt64(top - 1n), () => ffi.getRawPointer(detached()), () => ffi.getRawPointer(detachedView()),
  ],
  'ERR_OUT_OF_RANGE': [() => ffi.getInt8(memory, 2 ** 53), () => ffi.toBuffer(memory, 2 ** 53), () => ffi.exportString('abc', memory, 3)],
  'ERR_CONSTRUCT_CALL_REQUIRED': [() => ffi.DynamicLibrary('x')],
  'ERR_BUFFER_TOO_LARGE': isNode && constants.MAX_LENGTH < 2 ** 53 - 1 ? [() => ffi.toBuffer(memory, constants.MAX_LENGTH + 1, false)] : [],
  'ERR_MEMORY_ALLOCATION_FAILED': [() => ffi.toArrayBuffer(memory, 2 ** 52)],
  'ERR_UNKNOWN_ENCODING': [() => ffi.exportString('x', memory, 8, 'bogus')],
  'ERR_FFI_UNSUPPORTED_TYPE': [() => ffi.getNativeFunction(null, 'malloc', 'size_t', [])],
  [WITHOUT_CODE]: [() => lib.getFunction.call({})],
};

describe('each entry is what is thrown', () => {
  const assertThrows = (section, action) => {
    let error;
    try {
      action();
    } catch (caught) {
      error = caught;
    }
    assert.ok(error, `nothing was thrown by ${action}`);
    assert.equal(error.code, section === WITHOUT_CODE ? undefined : section, error.message);
    assertHasRow(section, error.message);
  };

  for (const [section, actions] of Object.entries(thrown)) {
    test(section, () => actions.forEach((action) => assertThrows(section, action)));
  }

  // The texts are those of glibc.
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-trouble-'));
  after(() => fs.rmSync(scratch, { recursive: true, force: true }));
  const file = (name, bytes) => {
    fs.writeFileSync(path.join(scratch, name), bytes);
    return path.join(scratch, name);
  };
  const open = (name) => () => new ffi.DynamicLibrary(name);
  const withByte = (name, offset, value) => {
    const bytes = fs.readFileSync(require('./fixture').path);
    bytes[offset] = value;
    return file(name, bytes);
  };

  test('ERR_FFI_CALL_FAILED', { skip: isLinux ? false : 'the messages are those of glibc' }, () => {
    const actions = [
      open('libnothere.so'), open(file('text.so', '/* GNU ld script */ INPUT(libc.so.6) and more than an ELF header has, in bytes')),
      open(withByte('class.so', 4, 1)), open(file('empty.so', '')), open(scratch), open('a'.repeat(5000)), () => lib.getSymbol('no such symbol'),
    ];
    actions.forEach((action) => assertThrows('ERR_FFI_CALL_FAILED', action));
    assertThrows('ERR_FFI_LIBRARY_LOAD_FAILED', () => ffi.getNativeFunction('libnothere.so', 'x', 'int', []));
    assertThrows('ERR_FFI_SYMBOL_NOT_FOUND', () => ffi.getNativeFunction(null, 'no such symbol', 'int', []));
    // e_machine of the ELF header: a library for another processor is "not there".
    const foreign = withByte('machine.so', 18, 0xf3);
    assert.throws(open(foreign), { message: `dlopen failed: ${foreign}: cannot open shared object file: No such file or directory` });
    assert.match(page, /`cannot open shared object file`, and the file is there \| it is for another architecture/);
  });

  const noCompiler = !isLinux || process.env.FERRULE_EMULATED || spawnSync('cc', ['--version']).status !== 0;
  test('ERR_FFI_CALL_FAILED of libraries with needs', { skip: noCompiler && 'no compiler for this machine' }, () => {
    const compile = (code, name, ...options) => {
      const { status, stderr } = spawnSync('cc', ['-shared', '-fPIC', '-x', 'c', '-o', name, '-', ...options], { cwd: scratch, input: code, encoding: 'utf8' });
      assert.equal(status, 0, stderr);
    };
    compile('extern int nowhere; int *where(void) { return &nowhere; }', 'undefined.so');
    assertThrows('ERR_FFI_CALL_FAILED', open(path.join(scratch, 'undefined.so')));

    file('versions', 'NEW_1.0 { global: *; };');
    const code = 'int answer(void) { return 42; }';
    compile(code, 'libanswer.so', '-Wl,--version-script=versions');
    compile('int answer(void); int ask(void) { return answer(); }', 'needs.so', '-L.', '-lanswer', '-Wl,-rpath,$ORIGIN', '-Wl,-soname,needs.so');
    file('versions', 'OLD_1.0 { global: *; };');
    compile(code, 'libanswer.so', '-Wl,--version-script=versions');
    assertThrows('ERR_FFI_CALL_FAILED', open(path.join(scratch, 'needs.so')));

    // The name in the message is that of what is missing.
    fs.rmSync(path.join(scratch, 'libanswer.so'));
    assert.throws(open(path.join(scratch, 'needs.so')), { message: 'dlopen failed: libanswer.so: cannot open shared object file: No such file or directory' });
  });

  test('ERR_INTERNAL_ASSERTION', async () => {
    const { stdout } = await run((_, addon) => {
      try {
        require(addon).tiers();
      } catch ({ code, message }) {
        console.log(JSON.stringify([code, message]));
      }
    }, { parameters: [path.join(root, 'build', 'ferrule.node')] });
    const [code, message] = JSON.parse(stdout);
    assert.equal(code, 'ERR_INTERNAL_ASSERTION');
    assertHasRow(code, message);
  });

  test('in guarded mode', { skip: noGuard }, async () => {
    const { stdout, stderr } = await guarded(({ ffi: guardedModule, fixture: native }) => {
      const library = native.open();
      const actions = [
        () => guardedModule.getInt32(16n),
        () => library.getFunction('EXPORTED_I32', {}),
        () => native.native('call_void', 'void', 'function')(16n),
      ];
      console.log(JSON.stringify(actions.map((action) => {
        try {
          return ['nothing', String(action())];
        } catch ({ code, message }) {
          return [code, message];
        }
      })));
    });
    assert.equal(stderr, '');
    for (const [code, message] of JSON.parse(stdout)) assertHasRow(code, message);
  });

  test('with a wrong FERRULE_GUARD', async () => {
    const { stdout } = await guarded(() => {
      try {
        require('ferrule');
      } catch ({ code, message }) {
        console.log(JSON.stringify([code, message]));
      }
    }, { value: 'yes' });
    assertHasRow(...JSON.parse(stdout));
  });
});

// ---------------------------------------------------------------------------------------------------------------------------
// What is printed

const aborts = {
  'throws': ({ fixture: native }) => native.native('call_void', 'void', 'function')(native.open().registerCallback(() => { throw new Error('x'); })),
  'returns a promise': ({ fixture: native }) => native.native('call_void', 'void', 'function')(native.open().registerCallback(async () => {})),
  'returns nothing': ({ fixture: native }) => {
    const callback = native.open().registerCallback({ return: 'i32', arguments: ['i32'] }, () => {});
    native.native('call_i32', 'i32', 'function', 'i32')(callback, 1);
  },
  'is called by another thread': ({ fixture: native, start: startWorker }) => {
    const callback = native.open().registerCallback(() => {});
    startWorker(({ fixture: own }, address) => own.native('call_void', 'void', 'function')(BigInt(address)), [String(callback)]);
  },
  'is unregistered': ({ fixture: native }) => {
    const library = native.open();
    const callback = library.registerCallback(function compare() {});
    library.unregisterCallback(callback);
    native.native('call_void', 'void', 'function')(callback);
  },
  'is of a closed library': ({ fixture: native }) => {
    const library = native.open();
    const callback = library.registerCallback(function compare() {});
    library.close();
    native.native('call_void', 'void', 'function')(callback);
  },
  'is of a Worker that has ended': ({ fixture: native, start: startWorker }) => {
    const worker = startWorker(({ fixture: own, worker: { parentPort } }) => {
      parentPort.postMessage(own.open().registerCallback(function compare() {}));
    });
    worker.once('message', (callback) => worker.once('exit', () => native.native('call_void', 'void', 'function')(callback)));
  },
  'was released long ago': ({ fixture: native }) => {
    const library = native.open();
    const callback = library.registerCallback(() => {});
    library.unregisterCallback(callback);
    for (let other = 0; other < 12_000; other++) library.unregisterCallback(library.registerCallback(() => {}));
    native.native('call_void', 'void', 'function')(callback);
  },
};

describe('each line is what ends the process, when a callback', () => {
  for (const [name, body] of Object.entries(aborts)) {
    // Without compiled callbacks, memory of old ones is used again.
    const skip = name === 'was released long ago' && !['x64', 'arm64'].includes(process.arch) && 'callbacks are not compiled here';
    test(name, { skip }, async () => {
      const { stderr, signal } = await run(body);
      assert.equal(signal, 'SIGABRT', stderr);
      assertHasRow(ABORTS, stderr.split('\n')[0]);
    });
  }
});

test('an option of Node 26 is a bad one before', { skip: (line >= 26 || !isNode) && 'it is no bad one here' }, () => {
  for (const option of ['--experimental-ffi', '--allow-ffi']) {
    const { status, stderr } = spawnSync(process.execPath, [option, '-e', '0'], { encoding: 'utf8', env: environment() });
    assert.equal(status, 9);
    assert.ok(stderr.includes(`bad option: ${option}`), stderr);
  }
  const { status, stderr } = spawnSync(process.execPath, ['-e', '0'], { encoding: 'utf8', env: environment({ NODE_OPTIONS: '--experimental-ffi' }) });
  assert.equal(status, 9);
  assert.ok(stderr.includes('--experimental-ffi is not allowed in NODE_OPTIONS'), stderr);
});

// ---------------------------------------------------------------------------------------------------------------------------
// What is said when Ferrule cannot be loaded, or used

describe('a process that may not', () => {
  const failure = 'try { require(process.argv[1]).dlopen(null); } catch ({ code, message }) { console.log(JSON.stringify([code, message])); }';
  const assertFails = (code, target, flags = [], prelude = '') => {
    const { stdout, stderr } = spawnSync(process.execPath, [...flags, '-e', prelude + failure, target], { encoding: 'utf8', cwd: root, env: environment() });
    assert.ok(stdout, stderr);
    const [found, message] = JSON.parse(stdout);
    assert.equal(found, code, message);
    assertHasRow(code, message);
  };

  test('use it', { skip: isNode ? false : 'Node\'s options say that' }, () => {
    const permission = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
    assertFails('ERR_ACCESS_DENIED', root, [permission, '--allow-addons', '--allow-fs-read=*']);
    assertFails('ERR_DLOPEN_DISABLED', root, [permission, '--allow-fs-read=*']);
    assertFails('ERR_DLOPEN_DISABLED', root, ['--no-addons']);
  });

  test('find a binary, or one that loads', { skip: isNode ? false : 'the programs are for Node' }, () => {
    const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-copy-'));
    try {
      fs.cpSync(path.join(root, 'lib'), path.join(copy, 'lib'), { recursive: true });
      fs.copyFileSync(path.join(root, 'package.json'), path.join(copy, 'package.json'));
      assertFails('ERR_FERRULE_NO_BINARY', copy);
      assertFails('ERR_FERRULE_NO_BINARY', copy, [], "Object.defineProperty(process, 'arch', { value: 'pdp11' });");
      fs.writeFileSync(path.join(copy, 'Cargo.toml'), '');
      assertFails('ERR_FERRULE_NO_BINARY', copy);
      fs.mkdirSync(path.join(copy, 'build'));
      fs.writeFileSync(path.join(copy, 'build', 'ferrule.node'), 'no binary');
      assertFails('ERR_FERRULE_BINARY_NOT_LOADED', copy);
    } finally {
      fs.rmSync(copy, { recursive: true, force: true });
    }
  });
});

// Last: the tests above have said what they saw.
test('every entry was seen', { skip: isNode && isLinux && !process.env.FERRULE_EMULATED && ['x64', 'arm64'].includes(process.arch) ? false : 'some of the tests were skipped' }, () => {
  const entries = [...sections.keys()].filter((key) => key.startsWith('ERR_') || key === WITHOUT_CODE || key === ABORTS)
    .flatMap((section) => rowsOf(section).map((row) => `${section}: ${row}`));
  const isCompiled = spawnSync('cc', ['--version']).status === 0;
  const left = entries.filter((entry) => !seen.has(entry) && !Object.hasOwn(unseen, entry));
  assert.deepEqual(isCompiled ? left : left.filter((entry) => !/version …|undefined symbol/.test(entry)), []);
  for (const entry of Object.keys(unseen)) assert.ok(entries.includes(entry) && !seen.has(entry), entry);
});
