'use strict';

// FFI as a part of Node's permission model, on lines that do not know of it. What is allowed is decided in Rust (crates/addon/src/permission.rs);
// this is what programs see of it elsewhere.

const { channel } = require('node:diagnostics_channel');

// On the command line of a process it says that FFI is allowed: the command `ferrule` puts it there, as the first argument, and Rust looks for
// it. To Node it is an option without effect.
const mark = '--conditions=ferrule-allow-ffi';

const denials = channel('node:permission-model:ffi');

function reportDenial() {
  denials.publish({ permission: 'FFI', resource: '', drop: undefined });
}

module.exports = { mark, reportDenial };
