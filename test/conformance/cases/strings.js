'use strict';

// Strings as arguments (behaviour 3): what C reads, and that no string disturbs another.

exports.isCalls = true;

const strings = {
  empty: '',
  one: 'a',
  seven: 'seven b',
  eight: 'eight by',
  ascii: 'The quick brown fox',
  latin1: 'é ü ÿ \u0080',
  bmp: 'Ω ☃ 漢字 \ufffd',
  astral: '😀 𝒳',
  'lone high surrogate': 'a\ud83d',
  'lone low surrogate': '\ude00b',
  'swapped surrogates': '\ude00\ud83d',
  'high surrogate twice': '\ud83d\ud83d\ude00',
  'byte order mark': '\ufefftext',
  'control characters': '\u0001\t\n\r\u007f',
  noncharacter: '\uffff\ufffe',
  'long ascii': 'x'.repeat(100_000),
  'long latin1': 'é'.repeat(5000),
  'long astral': '😀'.repeat(3000),
  rope: ['abcdefghijklm', 'nopqrstuvwxyz'].map((part) => part + part).join('') + String(Math.PI),
  slice: 'a long enough parent string'.slice(2, 24),
  'two-byte slice': 'a long enough ☃ parent string'.slice(2, 9),
};

const withNull = {
  'only NUL': '\0',
  'NUL first': '\0ab',
  'NUL inside': 'a\0b',
  'NUL last': 'ab\0',
  'NUL in a two-byte string': '☃\0',
  'NUL far away': `${'x'.repeat(5000)}\0`,
};

exports.cases = (record, ffi, fixture) => {
  for (const name of ['string', 'str', 'pointer', 'buffer', 'function']) {
    eachString(record, ffi, fixture, name);
  }
  together(record, fixture);
  reentrant(record, fixture);
};

function eachString(record, ffi, fixture, name) {
  const length = record.warm(fixture.native('string_length', 'u64', name), 'usual');
  const copy = record.warm(fixture.native('string_copy', 'u64', 'pointer', 'u64', name), 0n, 0n, 'usual');
  for (const [label, text] of Object.entries(strings)) {
    record(`string/${name}/${label}/length`, () => length(text));
    record(`string/${name}/${label}/bytes`, () => {
      const bytes = Buffer.alloc(500_000, 0xee);
      const count = Number(copy(bytes, BigInt(bytes.length), text));
      return [bytes.toString('hex', 0, Math.min(count + 2, 64)), ffi.toString(ffi.getRawPointer(bytes)) === text];
    });
  }
  for (const [label, text] of Object.entries(withNull)) {
    record(`string/${name}/${label}`, () => length(text));
  }
}

function together(record, fixture) {
  const isEqual = record.warm(fixture.native('string_equal', 'u8', 'string', 'string'), 'a', 'b');
  const concatenate = record.warm(
    fixture.native('string_concatenate', 'u64', 'buffer', 'u64', 'string', 'string'),
    Buffer.alloc(8),
    8n,
    'a',
    'b',
  );
  const texts = ['', 'a', 'ab', 'é', '☃', '😀'.repeat(200)];
  for (const [first, left] of texts.entries()) {
    for (const [second, right] of texts.entries()) {
      record(`strings together/${first} equals ${second}`, () => isEqual(left, right));
      record(`strings together/${first} and ${second}`, () => {
        const bytes = Buffer.alloc(2000);
        const count = concatenate(bytes, 2000n, left, right);
        return [count, bytes.toString('utf8', 0, Number(count))];
      });
    }
  }
  record('strings together/NUL in the second', () => isEqual('a', 'b\0'));
  record('strings together/string and Buffer', () => isEqual('text', Buffer.from('text\0')));
  record('strings together/string and address', () => isEqual('', fixture.allocate(1)));
}

function reentrant(record, fixture) {
  const library = fixture.open();
  const measure = library.getFunction('string_after_callback', { return: 'u64', arguments: ['string', 'function'] });
  const inner = [];
  let depth = 0;
  const callback = library.registerCallback({}, () => {
    if (depth++ < 5) {
      inner.push(measure('n'.repeat(10 ** depth), callback));
    }
  });
  record('strings re-entrant/outer', () => measure('outer', callback));
  record('strings re-entrant/inner', () => inner);
}
