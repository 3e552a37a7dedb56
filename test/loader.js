'use strict';

// What tests have to know of the system's dynamic loader: its words, and whether it ever unloads a library.

function usesMusl() {
  if (process.platform !== 'linux') return false;
  // Asking for the network's names would take as long as they take to be found.
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime === undefined;
}

const isMusl = usesMusl();

exports.isMusl = isMusl;

/** Whether closing a library for the last time unloads it. The loader of musl unloads nothing, and runs destructors at exit. */
exports.unloads = !isMusl;

/** The `skip` of a test about nothing but that. */
exports.keepsLibraries = isMusl && 'the loader of musl never unloads a library';

/** What it says of a file that is not there. */
exports.notFound = (file) => (isMusl ?
  `Error loading shared library ${file}: No such file or directory` :
  `${file}: cannot open shared object file: No such file or directory`);

/** What it says of a symbol that a library does not have. */
exports.noSymbol = (file, name) => (isMusl ? `Symbol not found: ${name}` : `${file}: undefined symbol: ${name}`);

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
