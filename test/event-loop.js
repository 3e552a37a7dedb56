'use strict';

// Calls of callbacks by the event loop itself: a timer of libuv's on Node's own loop, whose callback has no JavaScript below it. libuv is part
// of every Node binary.

const { libc, program } = require('./images');
const { SIZE } = require('./machine');
const { dlopen, getCurrentEventLoop, toString } = require('./subject');

const { lib: library, functions: uv } = dlopen(program, {
  uv_handle_type_name: { arguments: ['i32'], return: 'pointer' },
  uv_handle_size: { arguments: ['i32'], return: SIZE },
  uv_timer_init: { arguments: ['pointer', 'pointer'], return: 'i32' },
  uv_timer_start: { arguments: ['pointer', 'pointer', 'u64', 'u64'], return: 'i32' },
  uv_async_init: { arguments: ['pointer', 'pointer', 'pointer'], return: 'i32' },
  uv_async_send: { arguments: ['pointer'], return: 'i32' },
  uv_close: { arguments: ['pointer', 'pointer'] },
});

const { functions: { calloc } } = dlopen(libc, { calloc: { arguments: [SIZE, SIZE], return: 'pointer' } });

// The numbers of these types are not part of libuv's ABI, their names are.
function allocateHandle(name) {
  for (let type = 0; type < 32; type++) {
    if (toString(uv.uv_handle_type_name(type)) === name) return calloc(1n, uv.uv_handle_size(type));
  }
  throw new Error(`this libuv has no handle of the type ${name}`);
}

// The signature of what the loop calls.
exports.signature = { arguments: ['pointer'] };

// Has the loop call the C function at `address` once, when it comes to its timers. Timers that were started in one go are called in one go, in
// that order. Nothing is given back: the loop may use the handle until it is closed, which keeps the process alive.
exports.startTimer = function startTimer(address) {
  const timer = allocateHandle('timer');
  uv.uv_timer_init(getCurrentEventLoop(), timer);
  uv.uv_timer_start(timer, address, 0n, 0n);
};

// The same when it comes to its asynchronous handles. Gives the handle, for `close`.
exports.sendAsync = function sendAsync(address) {
  const handle = allocateHandle('async');
  uv.uv_async_init(getCurrentEventLoop(), handle, address);
  uv.uv_async_send(handle);
  return handle;
};

// Has the loop let go of a handle, and then call `address`, if there is one.
exports.close = function close(handle, address = null) {
  uv.uv_close(handle, address);
};

exports.library = library;
