'use strict';

// What the garbage collector may take, and what is left then (behaviour 2.3, 4.3). Needs --expose-gc.

const signature = { return: 'i32', arguments: ['i32'] };

exports.cases = async (record, ffi, fixture) => {
  await collectedCallbacks(record, fixture);
  await keptCallbacks(record, fixture);
  await wrappers(record, ffi, fixture);
};

// Twice, with the event loop in between: finalizers run there, and free what the second one finds.
async function collect() {
  for (let round = 0; round < 3; round++) {
    globalThis.gc();
    await new Promise(setImmediate);
  }
}

// In a frame of its own, so that no register or stack slot keeps the function.
function registerLost(library, type = 'i32', answer = 5) {
  return library.registerCallback({ return: type, arguments: [type] }, () => answer);
}

async function collectedCallbacks(record, fixture) {
  const library = fixture.open();
  const lost = {};
  for (const type of ['i8', 'u32', 'i32', 'f32', 'f64']) {
    lost[type] = registerLost(library, type);
  }
  for (const type of ['i64', 'u64', 'pointer']) {
    lost[type] = registerLost(library, type, 5n);
  }
  const [forRef, forUnref, forUnregister] = [registerLost(library), registerLost(library), registerLost(library)];
  for (const address of [...Object.values(lost), forRef, forUnref, forUnregister]) {
    library.unrefCallback(address);
  }
  await collect();
  for (const [type, address] of Object.entries(lost)) {
    const value = ['i64', 'u64', 'pointer'].includes(type) ? 1n : 1;
    record(`collected callback/call ${type}`, () =>
      fixture.native(`call_${type}`, type, 'function', type)(address, value),
    );
  }
  record('collected callback/refCallback', () => library.refCallback(forRef));
  record('collected callback/unrefCallback', () => library.unrefCallback(forUnref));
  record('collected callback/unregisterCallback', () => library.unregisterCallback(forUnregister));
  record('collected callback/unregisterCallback again', () => library.unregisterCallback(forUnregister));
}

async function keptCallbacks(record, fixture) {
  const library = fixture.open();
  const call = fixture.native('call_i32', 'i32', 'function', 'i32');
  const strong = registerLost(library);
  const again = registerLost(library);
  library.unrefCallback(again);
  library.refCallback(again);
  const held = () => 7;
  const weak = library.registerCallback(signature, held);
  library.unrefCallback(weak);
  await collect();
  record('kept callback/strong', () => call(strong, 1));
  record('kept callback/unref and ref', () => call(again, 1));
  record('kept callback/unref, but held', () => [call(weak, 1), held()]);
}

async function wrappers(record, ffi, fixture) {
  const library = fixture.open();
  const resolve = () => typeof library.getFunction('add_i32', { return: 'i32', arguments: ['i32', 'i32'] });
  resolve();
  const alone = (() =>
    new ffi.DynamicLibrary(fixture.path).getFunction('add_i32', { return: 'i32', arguments: ['i32', 'i32'] }))();
  await collect();
  record('collected wrapper/other signature', () => library.getFunction('add_i32', { return: 'u64' }));
  record('collected wrapper/other signature through getFunctions', () => library.getFunctions({ add_i32: {} }));
  record('collected wrapper/same signature', () =>
    library.getFunction('add_i32', { return: 'int32', arguments: ['int32', 'i32'] })(2, 3),
  );
  record('collected wrapper/functions', () => library.functions.add_i32(3, 4));
  record('collected library/its function still works', () => alone(4, 5));
}
