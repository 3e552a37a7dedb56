'use strict';

// What the process has of memory, more exactly than `process.memoryUsage()` says.

const fs = require('node:fs');
const { AddressArray } = require('./machine');
const { DynamicLibrary, toString } = require('./subject');

const pointers = (count) => Array(count).fill('pointer');

// glibc reports on its heap as XML into a FILE; other C libraries have no such function.
function load() {
  if (process.platform !== 'linux') return undefined;
  const library = new DynamicLibrary(null);
  try {
    return library.getFunctions({
      open_memstream: { return: 'pointer', arguments: pointers(2) },
      malloc_info: { return: 'i32', arguments: ['i32', 'pointer'] },
      fclose: { return: 'i32', arguments: pointers(1) },
      free: { arguments: pointers(1) },
    });
  } catch {
    return undefined;
  }
}

const functions = load();

exports.skip = functions === undefined && 'the C library does not tell how much of its heap is in use';

function report() {
  const { open_memstream: openStream, malloc_info: describe, fclose, free } = functions;
  const places = new AddressArray(2);
  const file = openStream(places.subarray(0, 1), places.subarray(1));
  describe(0, file);
  fclose(file);
  const address = BigInt(places[0]);
  const text = toString(address);
  free(address);
  return text;
}

// How many bytes of the C library's heap are in use: to the byte what native code has allocated. 0 where nobody knows.
exports.allocated = function allocated() {
  if (functions === undefined) return 0;
  // What stands behind the last arena is about all of them.
  const text = report();
  const totals = text.slice(text.lastIndexOf('</heap>'));
  // glibc 2.43 has no fast bins any more, and does not speak of them.
  const found = (element, type) => new RegExp(`<${element} type="${type}" (?:count="\\d+" )?size="(\\d+)"`).exec(totals)?.[1];
  const sizeOf = (element, type) => Number(found(element, type) ?? (type === 'fast' ? 0 : NaN));
  return sizeOf('system', 'current') + sizeOf('total', 'mmap') - sizeOf('total', 'fast') - sizeOf('total', 'rest');
};

// The pages that are the process's own. The whole resident set also counts those of the files it has run code from, which come
// whenever a part of V8 is used for the first time.
exports.resident = function resident() {
  // What an emulator makes of the code that runs is the process's own memory, too.
  if (process.env.FERRULE_EMULATED) return 0;
  if (process.platform !== 'linux') return process.memoryUsage.rss();
  return 1024 * Number(/^RssAnon:\s+(\d+) kB$/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]);
};
