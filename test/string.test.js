'use strict';

// String arguments: what C gets to see, for how long, and what is refused.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { DynamicLibrary, toString } = require('./subject');
const { native, open, path } = require('./conformance/native');
const { argumentValue } = require('./errors');
const { collect, gc } = require('./garbage');

const length = native('string_length', 'u64', 'string');
const copy = native('string_copy', 'u64', 'buffer', 'u64', 'string');
const concatenate = native('string_concatenate', 'u64', 'buffer', 'u64', 'string', 'string');

// Ferrule keeps the strings of a call in this many bytes of the stack as long as they fit.
const INLINE = 512;

// What C reads where the string argument was, terminator included.
function bytesInC(text) {
  const out = Buffer.alloc(3 * text.length + 2, 0xaa);
  const count = Number(copy(out, out.length, text));
  assert.deepEqual([...out.subarray(count, count + 2)], [0, 0xaa]);
  return out.subarray(0, count);
}

// Buffer's UTF-8 encoder replaces lone surrogates as the API does.
function assertArrives(text, label = text) {
  assert.ok(bytesInC(text).equals(Buffer.from(text)), label);
}

test('UTF-8 of every width arrives', () => {
  for (const text of [
    '', 'a', 'plain ASCII', '\x7f', 'é', '\u07ff', '\u0800', '€', '\uffff', '\u{10000}', '😀', '\u{10ffff}', 'aé€😀',
    'ÿ'.repeat(300),
  ]) {
    assertArrives(text);
    assert.equal(length(text), BigInt(Buffer.byteLength(text)));
  }
});

test('a lone surrogate becomes U+FFFD', () => {
  for (const text of [
    '\ud800', '\udfff', 'a\ud800', '\ud800a', '\udc00\ud800', '\ud800\ud800', 'x\ude00y', '😀\ud83d', '\ude00😀',
    '\ud800'.repeat(200),
  ]) {
    assertArrives(text, JSON.stringify(text));
  }
  assert.deepEqual([...bytesInC('\ud800')], [0xef, 0xbf, 0xbd]);
});

test('an empty string is not NULL', () => {
  const [isNull, first] = [native('string_is_null', 'u8', 'string'), native('string_first_byte', 'u8', 'string')];
  assert.deepEqual([isNull(''), isNull('a'), isNull(null), isNull(undefined), isNull(0n)], [0, 0, 1, 1, 1]);
  assert.equal(first(''), 0);
});

test('every pointer-like type takes strings', () => {
  for (const type of ['pointer', 'ptr', 'string', 'str', 'buffer', 'arraybuffer', 'function']) {
    assert.equal(native('string_length', 'u64', type)('four'), 4n, type);
    assert.equal(native('string_length', 'u64', type)('x'.repeat(2000)), 2000n, type);
  }
});

describe('around the inline limit', () => {
  const characters = { ASCII: 'x', 'two bytes': 'é', 'three bytes': '€', 'four bytes': '😀', 'a lone surrogate': '\ud912' };
  for (const [name, character] of Object.entries(characters)) {
    test(`one string of ${name}`, () => {
      const width = Buffer.byteLength(character);
      for (const limit of [16, 256, INLINE, 1024, 2 * INLINE, 4096]) {
        for (let bytes = limit - 6; bytes <= limit + 6; bytes++) {
          // Filled up with ASCII in front and behind, so that a character lies across each boundary in each way.
          const count = Math.floor((bytes - 3) / width);
          const rest = bytes - count * width;
          for (let front = 0; front <= rest; front++) {
            const text = 'a'.repeat(front) + character.repeat(count) + 'z'.repeat(rest - front);
            assertArrives(text, `${bytes} bytes, ${front} in front`);
          }
        }
      }
    });
  }

  test('two strings that fit together, or not', () => {
    const out = Buffer.alloc(5 * INLINE);
    const lengths = [0, 1, 2, 254, 255, 256, 257, INLINE - 3, INLINE - 2, INLINE - 1, INLINE, INLINE + 1];
    for (const one of lengths) {
      for (const two of lengths) {
        for (const [left, right] of [['a', 'b'], ['é', 'b'], ['a', '€']]) {
          const texts = [left.repeat(one), right.repeat(two)];
          const expected = Buffer.from(texts.join(''));
          const count = Number(concatenate(out, out.length, ...texts));
          assert.ok(out.subarray(0, count).equals(expected), `${one} ${left} and ${two} ${right}`);
        }
      }
    }
  });
});

test('many strings in one call keep apart', () => {
  const library = new DynamicLibrary(path);
  for (const size of [1, 5, 40, 100, 600]) {
    const list = Array(30).fill('string');
    const texts = list.map((_, index) => String.fromCodePoint(0x41 + index).repeat(size + index) + (index % 3 ? 'é' : ''));
    let seen;
    const callback = library.registerCallback({ arguments: list }, (...addresses) => { seen = addresses.map(toString); });
    library.getFunctionFromPointer(callback, { arguments: list })(...texts);
    assert.deepEqual(seen, texts);
  }
  library.close();
});

test('large strings arrive whole', () => {
  const size = 10 * 1024 * 1024;
  assert.equal(length('x'.repeat(size)), BigInt(size));
  const text = 'aé€😀\ud800'.repeat(200_000);
  assertArrives(text, 'large mixed text');
});

test('strings of every inner kind arrive', () => {
  const long = 'abcdefghij'.repeat(1000);
  const wide = long + '€';
  const bytes = Buffer.alloc(3_000_000, 'external');
  const kinds = {
    concatenated: [...'concatenated'].reduce((text, letter) => text + letter + long, ''),
    'concatenated, wide': wide + long + wide,
    sliced: long.slice(3, 9000),
    'a narrow slice of a wide one': wide.slice(5, 600),
    external: bytes.latin1Slice(),
    'external, wide': bytes.ucs2Slice(),
    'a number': String(123456.789),
    internalised: Object.keys({ [`key${long}`]: 1 })[0],
    'one character': 'ÿ',
  };
  for (const [kind, text] of Object.entries(kinds)) assertArrives(text, kind);
});

test('a NUL inside is refused, wherever it is', () => {
  const refusal = argumentValue('Argument 0 must not contain null bytes');
  for (const size of [0, 1, 100, INLINE - 2, INLINE - 1, INLINE, INLINE + 1, 5000]) {
    for (const letter of ['x', 'é', '€']) {
      const filling = letter.repeat(size);
      for (const text of [`\0${filling}`, `${filling}\0`, `${filling}\0${filling}`, `\0${filling}\0`]) {
        assert.throws(() => length(text), refusal, `${size} ${letter}`);
      }
    }
  }
  const out = Buffer.alloc(10);
  assert.throws(() => concatenate(out, 10, 'a', 'b\0'), argumentValue('Argument 3 must not contain null bytes'));
  assert.throws(() => concatenate(out, 10, 'a\0', 'b\0'), argumentValue('Argument 2 must not contain null bytes'));
  assert.deepEqual(out, Buffer.alloc(10), 'C was not reached');
});

test('objects are not asked for their text', () => {
  const refusal = argumentValue('Argument 0 must be a buffer, an ArrayBuffer, a string, or a bigint');
  let asked = 0;
  const hostile = { toString() { asked++; return 'text'; }, [Symbol.toPrimitive]() { asked++; return 'text'; } };
  for (const value of [hostile, Object('text'), ['text'], 1, true, Symbol('text'), () => 'text']) {
    assert.throws(() => length(value), refusal);
  }
  assert.equal(asked, 0);
});

describe('a callback during the call', () => {
  const library = open();
  const after = native('string_after_callback', 'u64', 'string', 'function');
  const sizes = [3, 100, INLINE - 1, INLINE, 5000, 200_000];

  test('may call the same function with other strings', () => {
    let depth = 0;
    const lengths = [];
    const callback = library.registerCallback(() => {
      if (depth === 30) return;
      const size = sizes[depth % sizes.length] + depth;
      depth++;
      lengths.push([size, Number(after('é'.repeat(size), callback))]);
    });
    assert.equal(after('outermost', callback), 9n);
    assert.equal(lengths.length, 30);
    for (const [size, measured] of lengths) assert.equal(measured, 2 * size);
  });

  test('may collect garbage', () => {
    const callback = library.registerCallback(() => gc());
    for (const size of sizes) {
      // Made here and held by nothing else.
      assert.equal(after(`${size}`.repeat(size), callback), BigInt(String(size).length * size));
    }
  });

  test('may be refused a call and go on', () => {
    const callback = library.registerCallback(() => assert.throws(() => after('a\0', callback), { code: 'ERR_INVALID_ARG_VALUE' }));
    assert.equal(after('x'.repeat(INLINE + 10), callback), BigInt(INLINE + 10));
  });

  test('sees the text where C has it', async () => {
    const callText = native('call_text', 'u64', 'function', 'string');
    let seen;
    const callback = library.registerCallback({ return: 'u64', arguments: ['pointer'] }, (address) => {
      seen = toString(address);
      return BigInt(seen.length);
    });
    for (const text of ['short', 'é€😀', 'x'.repeat(10_000)]) {
      assert.equal(callText(callback, text), BigInt(text.length));
      assert.equal(seen, text);
      await collect();
    }
  });
});
