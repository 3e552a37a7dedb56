'use strict';

// libuv is part of every Node binary. A handle made on Node's own loop is served by that loop like Node's own handles,
// and its callbacks run straight from native code: below them on the stack there is no JavaScript.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { after, test } = require('node:test');
const { setTimeout: delay } = require('node:timers/promises');
const { Worker } = require('node:worker_threads');
const { SIZE } = require('../machine');
const { program } = require('../images');
const { DynamicLibrary, dlopen, getCurrentEventLoop, getRawPointer, toString } = require('../subject');
const { callbacksOf } = require('./system');

const { lib: library, functions: uv } = dlopen(program, {
  uv_version_string: { return: 'pointer' },
  uv_now: { arguments: ['pointer'], return: 'u64' },
  uv_handle_type_name: { arguments: ['i32'], return: 'pointer' },
  uv_handle_size: { arguments: ['i32'], return: SIZE },
  uv_handle_get_loop: { arguments: ['buffer'], return: 'pointer' },
  uv_handle_set_data: { arguments: ['buffer', 'pointer'], return: 'void' },
  uv_handle_get_data: { arguments: ['pointer'], return: 'pointer' },
  uv_is_active: { arguments: ['buffer'], return: 'i32' },
  uv_is_closing: { arguments: ['buffer'], return: 'i32' },
  uv_close: { arguments: ['buffer', 'function'], return: 'void' },
  uv_timer_init: { arguments: ['pointer', 'buffer'], return: 'i32' },
  uv_timer_start: { arguments: ['buffer', 'function', 'u64', 'u64'], return: 'i32' },
  uv_timer_stop: { arguments: ['buffer'], return: 'i32' },
  uv_idle_init: { arguments: ['pointer', 'buffer'], return: 'i32' },
  uv_idle_start: { arguments: ['buffer', 'function'], return: 'i32' },
  uv_async_init: { arguments: ['pointer', 'buffer', 'function'], return: 'i32' },
  uv_async_send: { arguments: ['buffer'], return: 'i32' },
  uv_req_type_name: { arguments: ['i32'], return: 'pointer' },
  uv_req_size: { arguments: ['i32'], return: SIZE },
  uv_queue_work: { arguments: ['pointer', 'buffer', 'function', 'function'], return: 'i32' },
});

const { callback: register, unregisterCallbacks } = callbacksOf(library);
// Every callback of libuv's is void.
const callback = (parameters, body) => register('void', parameters, body);
after(() => {
  unregisterCallbacks();
  library.close();
});

// The numbers of these enums are not part of libuv's ABI, their names are.
function typeNumber(nameOf, name) {
  for (let number = 0; number < 32; number++) {
    if (toString(nameOf(number)) === name) return number;
  }
  throw new Error(`this libuv has no type ${name}`);
}

function allocateHandle(name) {
  return Buffer.alloc(Number(uv.uv_handle_size(typeNumber(uv.uv_handle_type_name, name))));
}

// A callback from the loop resolves a promise without Node noticing: its continuation waits until Node's own code
// next runs. So these tests look at what happened from a timer of Node's, which also keeps the process alive.
async function until(condition) {
  for (let turn = 0; turn < 2000; turn++) {
    if (condition()) return;
    await delay(1);
  }
  throw new Error('nothing happened for two seconds');
}

// How many JavaScript functions are on the stack, from the caller down; Ferrule's own, which takes the arguments, does not count.
function frames() {
  const stack = {};
  Error.captureStackTrace(stack, frames);
  return stack.stack.split('\n').filter((line) => line.startsWith('    at ') && !line.includes('(ferrule:')).length;
}

// The memory of a handle belongs to the loop until the close callback has run.
async function close(handle) {
  const closed = [];
  uv.uv_close(handle, callback(['pointer'], (pointer) => { closed.push([pointer, frames()]); }));
  assert.equal(uv.uv_is_closing(handle), 1);
  await until(() => closed.length > 0);
  assert.deepEqual(closed, [[getRawPointer(handle), 1]]);
}

test('the symbols are those of the libuv that runs this process', () => {
  assert.equal(toString(uv.uv_version_string()), process.versions.uv);
  // The loop's clock is that of process.hrtime in milliseconds, as it was at the start of this turn.
  const lag = process.hrtime.bigint() / 1_000_000n - uv.uv_now(getCurrentEventLoop());
  assert.ok(lag >= 0n && lag < 60_000n, `${lag} ms`);
});

test('a timer on the loop of Node calls JavaScript with no JavaScript below', async () => {
  const loop = getCurrentEventLoop();
  const timer = allocateHandle('timer');
  const ticks = [];
  const onTick = callback(['pointer'], (pointer) => {
    ticks.push({ pointer, data: uv.uv_handle_get_data(pointer), frames: frames(), now: uv.uv_now(loop) });
    if (ticks.length === 4) uv.uv_timer_stop(timer);
  });
  assert.equal(uv.uv_timer_init(loop, timer), 0);
  assert.equal(uv.uv_handle_get_loop(timer), loop);
  uv.uv_handle_set_data(timer, 0xdada_dadan);
  const started = uv.uv_now(loop);
  assert.equal(uv.uv_timer_start(timer, onTick, 5n, 5n), 0);
  assert.equal(ticks.length, 0, 'nothing runs before the loop does');
  assert.equal(uv.uv_is_active(timer), 1);
  await until(() => ticks.length >= 4);
  assert.equal(uv.uv_is_active(timer), 0);
  await close(timer);
  assert.equal(ticks.length, 4);
  for (const tick of ticks) {
    assert.deepEqual([tick.pointer, tick.data, tick.frames], [getRawPointer(timer), 0xdada_dadan, 1]);
  }
  assert.ok(ticks[3].now - started >= 20n, 'four times five milliseconds');
});

test('an idle handle runs on every turn of the loop, between the callbacks of Node', async () => {
  const idle = allocateHandle('idle');
  let turns = 0;
  assert.equal(uv.uv_idle_init(getCurrentEventLoop(), idle), 0);
  assert.equal(uv.uv_idle_start(idle, callback(['pointer'], () => { turns++; })), 0);
  const seen = [];
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => { setImmediate(resolve); });
    seen.push(turns);
  }
  assert.ok(seen[4] > seen[0], `${seen}`);
  await close(idle);
  const last = turns;
  await delay(5);
  assert.equal(turns, last, 'a closed handle is never called again');
});

test('sends to an async handle come together in one call', async () => {
  const async_ = allocateHandle('async');
  let calls = 0;
  const onAsync = callback(['pointer'], () => { calls++; });
  assert.equal(uv.uv_async_init(getCurrentEventLoop(), async_, onAsync), 0);
  for (let sends = 0; sends < 10; sends++) assert.equal(uv.uv_async_send(async_), 0);
  assert.equal(calls, 0);
  await until(() => calls > 0);
  assert.equal(calls, 1);
  assert.equal(uv.uv_async_send(async_), 0);
  await until(() => calls > 1);
  await close(async_);
  assert.equal(calls, 2);
});

test('work on the thread pool is a C function, its end a JavaScript function', async () => {
  const request = Buffer.alloc(Number(uv.uv_req_size(typeNumber(uv.uv_req_type_name, 'work'))));
  // A JavaScript callback may not run on a pool thread. These take nothing that they look at, and touch nothing.
  const [image, name] = process.platform === 'win32' ? ['kernel32.dll', 'SwitchToThread'] : [null, 'sched_yield'];
  const work = new DynamicLibrary(image).getSymbol(name);
  const ended = [];
  const onEnd = callback(['pointer', 'i32'], (pointer, status) => { ended.push([pointer, status, frames()]); });
  assert.equal(uv.uv_queue_work(getCurrentEventLoop(), request, work, onEnd), 0);
  await until(() => ended.length > 0);
  assert.deepEqual(ended, [[getRawPointer(request), 0, 1]]);
});

const tickAndClose = `
  const { dlopen, getCurrentEventLoop } = require(${JSON.stringify(path.join(__dirname, '..', 'subject'))});
  const { lib, functions: uv } = dlopen(${JSON.stringify(program)}, {
    uv_handle_size: { arguments: ['i32'], return: '${SIZE}' },
    uv_timer_init: { arguments: ['pointer', 'buffer'], return: 'i32' },
    uv_timer_start: { arguments: ['buffer', 'function', 'u64', 'u64'], return: 'i32' },
    uv_close: { arguments: ['buffer', 'function'], return: 'void' },
  });
  const timer = Buffer.alloc(Number(uv.uv_handle_size(${typeNumber(uv.uv_handle_type_name, 'timer')})));
  const events = [];
  const onClose = lib.registerCallback({ arguments: ['pointer'] }, () => { events.push('closed'); });
  const onTick = lib.registerCallback({ arguments: ['pointer'] }, () => {
    if (events.push('tick') === 3) uv.uv_close(timer, onClose);
  });
  uv.uv_timer_init(getCurrentEventLoop(), timer);
  uv.uv_timer_start(timer, onTick, 3n, 3n);
  const loop = getCurrentEventLoop();
`;

test('a handle keeps the process alive until it is closed', () => {
  const script = `${tickAndClose}
    process.on('exit', () => { console.log(events.join()); });
  `;
  const child = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', timeout: 20_000 });
  assert.deepEqual([child.status, child.signal, child.stdout], [0, null, 'tick,tick,tick,closed\n'], child.stderr);
});

test('a Worker has a loop of its own', async () => {
  const script = `${tickAndClose}
    const { parentPort } = require('node:worker_threads');
    process.on('exit', () => { parentPort.postMessage({ events, loop }); });
  `;
  const worker = new Worker(script, { eval: true });
  const messages = [];
  worker.on('message', (message) => { messages.push(message); });
  const code = await new Promise((resolve, reject) => {
    worker.on('exit', resolve);
    worker.on('error', reject);
  });
  assert.equal(code, 0);
  assert.deepEqual(messages.map(({ events }) => events), [['tick', 'tick', 'tick', 'closed']]);
  assert.equal(typeof messages[0].loop, 'bigint');
  assert.notEqual(messages[0].loop, 0n);
  assert.notEqual(messages[0].loop, getCurrentEventLoop());
});
