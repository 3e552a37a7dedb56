'use strict';

// What tests have to know of the system's dynamic loader: its words, and whether it ever unloads a library.

const { dlopen } = require('./subject');

function usesMusl() {
  if (process.platform !== 'linux') return false;
  // Asking for the network's names would take as long as they take to be found.
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime === undefined;
}

const isMusl = usesMusl();
const isWindows = process.platform === 'win32';

// What Windows says of one of its error codes, in English where it can.
function systemText(code) {
  const { lib, functions: { FormatMessageW } } = dlopen('kernel32.dll', {
    FormatMessageW: { arguments: ['u32', 'pointer', 'u32', 'u32', 'buffer', 'u32', 'pointer'], return: 'u32' },
  });
  const FROM_SYSTEM_AS_IT_IS = 0x1200;
  const text = Buffer.alloc(2048);
  const units = [0x409, 0].reduce((found, language) => found || FormatMessageW(FROM_SYSTEM_AS_IT_IS, null, code, language, text, 1024, null), 0);
  lib.close();
  return text.toString('utf16le', 0, 2 * units);
}

const ERROR_MOD_NOT_FOUND = 126;
const ERROR_PROC_NOT_FOUND = 127;

exports.isMusl = isMusl;

/** Whether closing a library for the last time unloads it. The loader of musl unloads nothing, and runs destructors at exit. */
exports.unloads = !isMusl;

/** The `skip` of a test about nothing but that. */
exports.keepsLibraries = isMusl && 'the loader of musl never unloads a library';

/** What it says of a file that is not there. */
exports.notFound = (file) => {
  if (isWindows) return systemText(ERROR_MOD_NOT_FOUND);
  return isMusl ?
    `Error loading shared library ${file}: No such file or directory` :
    `${file}: cannot open shared object file: No such file or directory`;
};

/** What it says of a symbol that a library does not have. */
exports.noSymbol = (file, name) => {
  if (isWindows) return systemText(ERROR_PROC_NOT_FOUND);
  return isMusl ? `Symbol not found: ${name}` : `${file}: undefined symbol: ${name}`;
};

// The same in the words of glibc and in those of musl.
const words = [
  [/File name too long/, 'Filename too long'],
  [/(dlsym failed: ).*?: undefined symbol: /, '$1Symbol not found: '],
  [/(dlopen failed: )(.*): cannot open shared object file: /s, '$1Error loading shared library $2: '],
  [/(dlopen failed: )(.*): cannot read file data: /s, '$1Error loading shared library $2: '],
  [/(dlopen failed: )(.*): (?:invalid ELF header|file too short)/s, '$1Error loading shared library $2: Exec format error'],
];

/** A text with glibc's words in it, with this loader's instead. */
exports.translated = (text) => (isMusl ? words.reduce((all, [from, to]) => all.replace(from, to), text) : text);
