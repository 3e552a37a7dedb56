'use strict';

// `ferrule doctor`: what Ferrule finds in the process that a program would be. It is the program: options for Node have their effect.

const { isBuiltin } = require('node:module');

const { target } = require('../lib/target.js');
const { version } = require('../package.json');

// In the order in which a call tries them. What is behind each name: the table in ARCHITECTURE.md.
const TIERS = {
  fast: 'calls by V8 itself, from optimised code',
  cell: 'calls through memory shared with JavaScript',
  slow: 'calls through Node-API and libffi',
  callback: 'callbacks by V8 itself',
};

function runtime() {
  const { versions: { node, bun, deno, v8, modules, napi } } = process;
  const [name, own] = bun !== undefined ? ['Bun', bun] : deno !== undefined ? ['Deno', deno] : ['Node', node];
  return { name, version: own, node, v8: v8 ?? null, modules, napi, executable: process.execPath, options: process.execArgv };
}

// The C library, where there are several.
function libc() {
  const { libc: name } = target();
  if (name !== 'glibc') return name ?? null;
  const { glibcVersionRuntime: number } = process.report.getReport().header;
  return number === undefined ? name : `${name} ${number}`;
}

function permission(binding) {
  const { permission: model } = process;
  if (model === undefined) return { model: false, ffi: true };
  const isGranted = binding?.hasAccess() ?? model.has('ffi');
  return { model: true, ffi: isGranted, audit: !isGranted && binding !== undefined && isUsable(binding) };
}

// Whether the functions of the module can be used: `--permission-audit` refuses nothing.
function isUsable(binding) {
  try {
    binding.checkAccess();
    return true;
  } catch {
    return false;
  }
}

function binary() {
  try {
    const binding = require('../lib/binding.js');
    const loaded = Object.values(require.cache).find(({ exports, filename }) => exports === binding && filename.endsWith('.node'));
    require('../lib/index.js');
    const reasons = binding.tiers();
    const tiers = Object.keys(TIERS).map((tier) => [tier, { on: reasons[tier] === undefined, reason: reasons[tier] ?? null }]);
    return { binding, file: loaded?.filename ?? null, guarded: binding.isGuarded, tiers: Object.fromEntries(tiers) };
  } catch (error) {
    return { error };
  }
}

// Whose module the name `node:ffi` means: null when it is turned off.
function nameOf() {
  if (!isBuiltin('node:ffi')) return null;
  return require.resolve('../lib/register.js') in require.cache ? 'Ferrule' : 'Node';
}

function examine() {
  const { binding, error, ...found } = binary();
  return {
    ferrule: version,
    runtime: runtime(),
    platform: { os: process.platform, architecture: process.arch, libc: libc() },
    binary: error === undefined ? found : { error: error.message, code: error.code ?? null },
    nodeFfi: nameOf(),
    permission: permission(binding),
  };
}

const yes = (is) => (is ? 'yes' : 'no');

function text({ ferrule, runtime, platform, binary, nodeFfi, permission }) {
  const { name, version, v8, napi, executable, options } = runtime;
  const lines = [
    ['Ferrule', ferrule],
    ['runtime', `${name} ${version}${v8 === null ? '' : `, V8 ${v8}`}, Node-API ${napi}`],
    ['', [executable, ...options].join(' ')],
    ['platform', [platform.os, platform.architecture, platform.libc].filter(Boolean).join(' ')],
  ];
  if ('error' in binary) {
    lines.push(['binary', `cannot be used: ${binary.error}`]);
  } else {
    lines.push(['binary', binary.file ?? 'part of a bundle']);
    for (const [tier, { on, reason }] of Object.entries(binary.tiers)) {
      lines.push([tier === 'fast' ? 'tiers' : '', `${tier.padEnd(10)}${on ? `on: ${TIERS[tier]}` : `off: ${reason}`}`]);
    }
    lines.push(['guarded', yes(binary.guarded)]);
  }
  lines.push(['node:ffi', nodeFfi === null ? 'is turned off' : `is ${nodeFfi}'s`]);
  const refusal = permission.audit ? 'uses of FFI are only reported (--permission-audit)' : 'FFI is not allowed (--allow-ffi)';
  const state = permission.ffi ? 'FFI is allowed' : refusal;
  lines.push(['permission', permission.model ? `the model is on; ${state}` : 'the model is off; everything is allowed']);
  return lines.map(([label, value]) => `${label.padEnd(12)}${value}\n`).join('');
}

const found = examine();
const isJson = process.argv.includes('--json', 2);
process.stdout.write(isJson ? `${JSON.stringify(found, null, 2)}\n` : text(found));
process.exitCode = 'error' in found.binary ? 1 : 0;
