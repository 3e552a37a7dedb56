'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const { pathToFileURL } = require('node:url');
const { ADDRESS_SIZE, AddressArray, SIZE } = require('../machine');
const { exportBuffer, getFloat64, getRawPointer, toBuffer, toString } = require('../subject');
const { callbacksOf, openApart } = require('./system');

// curl_easy_setopt and curl_easy_getinfo are variadic in C: (CURL *, CURLoption, ...). The conventions of Linux and
// other System V systems on x64 and of Linux on every processor pass a variadic integer or pointer in the same place as a
// named one, so a fixed signature is correct there. (A variadic double would not be: it needs a count in AL on x64.)
// On Apple's arm64 variadic arguments lie on the stack, and these two lines would not work.
//
// An option's value is a long, a curl_off_t or a pointer, one register in each case where addresses have 64 bits. A symbol has one signature, so
// it is declared as a pointer, which takes them all: a bigint for a number, an address, or a string that curl copies.
const { library, functions: curl } = openApart('libcurl.so.4', 'libcurl4', {
  curl_global_init: { arguments: [SIZE], return: 'i32' },
  curl_global_cleanup: { return: 'void' },
  curl_version: { return: 'pointer' },
  curl_easy_init: { return: 'pointer' },
  curl_easy_setopt: { arguments: ['pointer', 'i32', 'pointer'], return: 'i32' },
  curl_easy_getinfo: { arguments: ['pointer', 'i32', 'pointer'], return: 'i32' },
  curl_easy_perform: { arguments: ['pointer'], return: 'i32' },
  curl_easy_strerror: { arguments: ['i32'], return: 'pointer' },
  curl_easy_cleanup: { arguments: ['pointer'], return: 'void' },
  curl_easy_escape: { arguments: ['pointer', 'string', 'i32'], return: 'pointer' },
  curl_easy_unescape: { arguments: ['pointer', 'string', 'i32', 'pointer'], return: 'pointer' },
  curl_free: { arguments: ['pointer'], return: 'void' },
});

const option = {
  WRITEDATA: 10001, URL: 10002, RANGE: 10007, READDATA: 10009, ERRORBUFFER: 10010,
  WRITEFUNCTION: 20011, READFUNCTION: 20012, NOPROGRESS: 43, NOBODY: 44, UPLOAD: 46,
  HEADERFUNCTION: 20079, BUFFERSIZE: 98, NOSIGNAL: 99, XFERINFOFUNCTION: 20219, INFILESIZE: 14, INFILESIZE_LARGE: 30115,
};
const info = { EFFECTIVE_URL: 0x100001, SIZE_DOWNLOAD: 0x300008, SIZE_DOWNLOAD_T: 0x600008 };
const code = { OK: 0, FILE_COULDNT_READ_FILE: 37, WRITE_ERROR: 23, UNKNOWN_OPTION: 48, ABORTED_BY_CALLBACK: 42 };

let directory;
const { callback, unregisterCallbacks } = callbacksOf(library);

before(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-curl-'));
  assert.equal(curl.curl_global_init(3n), code.OK);
});
after(() => {
  curl.curl_global_cleanup();
  unregisterCallbacks();
  library.close();
  fs.rmSync(directory, { recursive: true });
});

function set(handle, options) {
  for (const [name, value] of Object.entries(options)) {
    assert.equal(curl.curl_easy_setopt(handle, option[name], value), code.OK, name);
  }
}

function withHandle(options, body) {
  const handle = curl.curl_easy_init();
  assert.notEqual(handle, 0n);
  try {
    // Without NOSIGNAL curl would install a SIGALRM handler in a process that is not its own.
    set(handle, { NOSIGNAL: 1n, ...options });
    return body(handle);
  } finally {
    curl.curl_easy_cleanup(handle);
  }
}

// size_t write_callback(char *data, size_t size, size_t count, void *user), collecting by user.
const received = new Map();
const collect = callback(SIZE, ['pointer', SIZE, SIZE, 'pointer'], (data, size, count, user) => {
  received.get(user).push(toBuffer(data, Number(size * count)));
  return size * count;
});

let transfers = 0n;

function download(url, options = {}) {
  const user = ++transfers;
  received.set(user, []);
  const message = Buffer.alloc(256);
  return withHandle({
    URL: url, WRITEFUNCTION: collect, WRITEDATA: user, ERRORBUFFER: getRawPointer(message), ...options,
  }, (handle) => {
    const result = curl.curl_easy_perform(handle);
    const pieces = received.get(user);
    received.delete(user);
    const size = new BigInt64Array(1);
    assert.equal(curl.curl_easy_getinfo(handle, info.SIZE_DOWNLOAD_T, size), code.OK);
    const data = Buffer.concat(pieces);
    return { result, pieces, data, size: size[0], message: toString(getRawPointer(message)) };
  });
}

function write(name, content) {
  const file = path.join(directory, name);
  fs.writeFileSync(file, content);
  return pathToFileURL(file).href;
}

const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * index) >>> 5 & 0xff));

test('the version names what the library was built with', () => {
  assert.match(toString(curl.curl_version()), /^libcurl\/\d+\.\d+\.\d+/);
});

describe('file://', () => {
  test('a file arrives whole through the write callback', () => {
    const { result, data, pieces, size } = download(write('data.bin', content));
    assert.equal(result, code.OK);
    assert.ok(data.equals(content));
    assert.equal(size, BigInt(content.length));
    assert.ok(pieces.length > 1, 'in several pieces');
  });

  test('a name with spaces and other letters', () => {
    const { result, data } = download(write('naïve – 文.txt', 'héllo'));
    assert.equal(result, code.OK);
    assert.equal(data.toString(), 'héllo');
  });

  test('a range and a buffer size are options by string and by number', () => {
    const url = write('range.bin', content);
    const part = download(url, { RANGE: '1000-1099' });
    assert.equal(part.result, code.OK);
    assert.deepEqual(part.data, content.subarray(1000, 1100));
    const small = download(url, { BUFFERSIZE: 1024n });
    assert.ok(small.data.equals(content));
    assert.ok(Math.max(...small.pieces.map((piece) => piece.length)) <= 1024);
  });

  test('two transfers take turns on one handle', () => {
    const [first, second] = [write('1.txt', 'first'), write('2.txt', 'second')];
    received.set(100n, []);
    received.set(200n, []);
    withHandle({ WRITEFUNCTION: collect }, (handle) => {
      set(handle, { URL: first, WRITEDATA: 100n });
      assert.equal(curl.curl_easy_perform(handle), code.OK);
      set(handle, { URL: second, WRITEDATA: 200n });
      assert.equal(curl.curl_easy_perform(handle), code.OK);
      const slot = new AddressArray(1);
      assert.equal(curl.curl_easy_getinfo(handle, info.EFFECTIVE_URL, slot), code.OK);
      assert.equal(toString(BigInt(slot[0])), second);
      const size = Buffer.alloc(8);
      assert.equal(curl.curl_easy_getinfo(handle, info.SIZE_DOWNLOAD, size), code.OK);
      assert.equal(getFloat64(getRawPointer(size)), 6);
    });
    assert.deepEqual([100n, 200n].map((user) => Buffer.concat(received.get(user)).toString()), ['first', 'second']);
  });

  test('a download inside the write callback of another download', () => {
    const outer = write('outer.txt', 'outer');
    const inner = write('inner.txt', 'inner');
    const seen = [];
    const nest = callback(SIZE, ['pointer', SIZE, SIZE, 'pointer'], (data, size, count) => {
      seen.push(toBuffer(data, Number(size * count)).toString(), download(inner).data.toString());
      return size * count;
    });
    assert.equal(download(outer, { WRITEFUNCTION: nest }).result, code.OK);
    assert.deepEqual(seen, ['outer', 'inner']);
  });

  test('the headers that curl makes up for a file', () => {
    const headers = [];
    const onHeader = callback(SIZE, ['pointer', SIZE, SIZE, 'pointer'], (data, size, count) => {
      headers.push(toBuffer(data, Number(size * count)).toString().trim());
      return size * count;
    });
    const url = write('headed.bin', content);
    const { result, data } = download(url, { HEADERFUNCTION: onHeader, NOBODY: 1n });
    assert.equal(result, code.OK);
    assert.equal(data.length, 0);
    assert.ok(headers.includes(`Content-Length: ${content.length}`), headers.join('\n'));
    const modified = headers.find((header) => header.startsWith('Last-Modified: ')).slice('Last-Modified: '.length);
    assert.equal(Date.parse(modified), Math.floor(fs.statSync(new URL(url)).mtimeMs / 1000) * 1000);
  });

  test('progress is reported in 64-bit numbers and can abort', () => {
    const url = write('progress.bin', content);
    const reports = [];
    let limit = Infinity;
    const onProgress = callback('i32', ['pointer', 'i64', 'i64', 'i64', 'i64'], (user, total, now) => {
      reports.push([total, now]);
      return Number(now) > limit ? 1 : 0;
    });
    const options = { XFERINFOFUNCTION: onProgress, NOPROGRESS: 0n };
    assert.equal(download(url, options).result, code.OK);
    assert.deepEqual(reports.at(-1), [BigInt(content.length), BigInt(content.length)]);
    limit = 100_000;
    const { result, data } = download(url, { ...options, BUFFERSIZE: 4096n });
    assert.equal(result, code.ABORTED_BY_CALLBACK);
    assert.ok(data.length > limit && data.length < content.length);
  });

  test('an upload reads from a callback that fills native memory', () => {
    const file = path.join(directory, 'upload.bin');
    let sent = 0;
    const supply = callback(SIZE, ['pointer', SIZE, SIZE, 'pointer'], (target, size, count) => {
      const piece = content.subarray(sent, sent + Math.min(Number(size * count), 10_000));
      exportBuffer(piece, target, Number(size * count));
      sent += piece.length;
      return BigInt(piece.length);
    });
    withHandle({
      URL: pathToFileURL(file).href,
      UPLOAD: 1n,
      READFUNCTION: supply,
      // The large one takes 64 bits, which are no address everywhere.
      [ADDRESS_SIZE === 8 ? 'INFILESIZE_LARGE' : 'INFILESIZE']: BigInt(content.length),
    }, (handle) => {
      assert.equal(curl.curl_easy_perform(handle), code.OK);
    });
    assert.ok(fs.readFileSync(file).equals(content));
  });
});

test('errors have a code, a general text and a particular one', () => {
  const url = pathToFileURL(path.join(directory, 'absent')).href;
  const { result, data, message } = download(url);
  assert.equal(result, code.FILE_COULDNT_READ_FILE);
  assert.equal(data.length, 0);
  assert.ok(message.includes(path.join(directory, 'absent')), message);
  assert.match(toString(curl.curl_easy_strerror(result)), /read a file/);
  withHandle({}, (handle) => {
    assert.equal(curl.curl_easy_setopt(handle, 9999, 1n), code.UNKNOWN_OPTION);
  });
});

test('a write callback that takes less than it was given ends the transfer', () => {
  let calls = 0;
  const takeLess = callback(SIZE, ['pointer', SIZE, SIZE, 'pointer'], (data, size, count) => {
    calls++;
    return size * count - 1n;
  });
  const { result } = download(write('refused.bin', content), { WRITEFUNCTION: takeLess });
  assert.equal(result, code.WRITE_ERROR);
  assert.equal(calls, 1);
});

test('strings that the library allocates are read and given back', () => {
  withHandle({}, (handle) => {
    const text = 'a b/ü?&=🦀';
    const escaped = curl.curl_easy_escape(handle, text, 0);
    assert.equal(toString(escaped), encodeURIComponent(text));
    const length = new Int32Array(1);
    const plain = curl.curl_easy_unescape(handle, toString(escaped), 0, length);
    assert.deepEqual(toBuffer(plain, length[0]), Buffer.from(text));
    curl.curl_free(escaped);
    curl.curl_free(plain);
  });
});
