'use strict';

// Copies of the fixture that no other test has open, to see whether the system has one loaded.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const fixture = require('./fixture');

const directories = [];

// Makes one more copy and gives its path.
exports.copy = function copy() {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-mapping-'));
  directories.push(directory);
  const file = path.join(directory, path.basename(fixture.path));
  fs.copyFileSync(fixture.path, file);
  return file;
};

// Only Linux lists a process's mappings in a file; elsewhere such tests are skipped.
exports.skip = fs.existsSync('/proc/self/maps') ? false : 'the system does not list mappings';

exports.isLoaded = (file) => fs.readFileSync('/proc/self/maps', 'utf8').includes(fs.realpathSync(file));

process.on('exit', () => {
  for (const directory of directories) fs.rmSync(directory, { recursive: true, force: true });
});
