'use strict';

// What Node 26 does for its own `node:ffi` when it starts with `--permission` or `--allow-ffi`, where Node does not know the latter.
//
// `process.permission` answers for 'ffi', too. Nothing depends on these answers: Rust does not ask them.

const { isMainThread } = require('node:worker_threads');

const { mark, reportDenial } = require('./permission.js');

const SCOPE = 'ffi';

// An error and its code as Node's own are: the code in the name while the stack is written.
function missingOption(option) {
  const error = new TypeError(`${option} is required`);
  error.name = 'TypeError [ERR_MISSING_OPTION]';
  const { stack } = error;
  delete error.name;
  error.stack = stack;
  error.code = 'ERR_MISSING_OPTION';
  return error;
}

// Rust's word for it. The addon may be one that may not be loaded.
function binding() {
  try {
    return require('./binding.js');
  } catch {
    return { hasAccess() {}, dropAccess() {} };
  }
}

function answerFor(permission) {
  const { has, drop } = permission;
  permission.has = { has(scope, reference) {
    if (scope !== SCOPE) return Reflect.apply(has, this, [scope, reference]);
    // Node refuses what is no reference, whatever it is one of.
    if (reference !== undefined) Reflect.apply(has, this, [SCOPE, reference]);
    const isGranted = binding().hasAccess() === true;
    if (!isGranted) reportDenial();
    return isGranted;
  } }.has;
  // There is something to drop where Node lets programs drop permissions.
  if (drop === undefined) return;
  permission.drop = { drop(scope, reference) {
    return scope === SCOPE ? binding().dropAccess() : Reflect.apply(drop, this, [scope, reference]);
  } }.drop;
}

// Whether Node itself has FFI among its permissions.
const isKnown = () => process.allowedNodeEnvironmentFlags.has('--allow-ffi');

module.exports = function registerPermission() {
  const { permission } = process;
  const isAllowed = process.execArgv[0] === mark;
  if (permission === undefined && !isAllowed) return;
  // Rust finds out who may do what when it is loaded: before the program runs, which could put something else in the place of `process` and
  // `process.permission.has`, or set process.title, which is written over the command line.
  const { hasAccess } = binding();
  if (isKnown()) return;
  if (permission === undefined) {
    throw missingOption(process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission');
  }
  if (isAllowed && isMainThread) {
    if (hasAccess() === false) {
      process.emitWarning('--allow-ffi has no effect, because the command line of this process cannot be read (or Node was given --title)', 'FerruleWarning');
    }
    const text = 'The flag --allow-ffi must be used with extreme caution. It could invalidate the permission model.';
    process.emitWarning(text, 'SecurityWarning', 'PERM0003');
  }
  answerFor(permission);
};
