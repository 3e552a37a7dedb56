'use strict';

// Copies of the fixture that no other test has open, to see whether the system has one loaded.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const fixture = require('./fixture');
const { dlopen } = require('./subject');

const directories = [];

// Makes one more copy and gives its path.
exports.copy = function copy() {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-mapping-'));
  directories.push(directory);
  const file = path.join(directory, path.basename(fixture.path));
  fs.copyFileSync(fixture.path, file);
  return file;
};

// Linux lists a process's mappings in a file, and Windows tells whether a library is loaded; elsewhere such tests are skipped.
exports.skip = ['linux', 'win32'].includes(process.platform) ? false : 'the system does not list mappings';

const fromList = (file) => fs.readFileSync('/proc/self/maps', 'utf8').includes(fs.realpathSync(file));

const fromLoader = (file) => {
  const { lib, functions } = dlopen('kernel32.dll', { GetModuleHandleW: { arguments: ['buffer'], return: 'pointer' } });
  try {
    return functions.GetModuleHandleW(Buffer.from(`${fs.realpathSync(file)}\0`, 'utf16le')) !== 0n;
  } finally {
    lib.close();
  }
};

exports.isLoaded = process.platform === 'win32' ? fromLoader : fromList;

process.on('exit', () => {
  for (const directory of directories) {
    try {
      fs.rmSync(directory, { recursive: true, force: true });
    } catch (error) {
      // Windows keeps the file of a library that is loaded, as some of them still are.
      if (process.platform !== 'win32' || error.code !== 'EPERM') throw error;
    }
  }
});
