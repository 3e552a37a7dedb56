'use strict';

// Texts of every kind that V8 has: flat and not, in one byte for each character or in two, long and short. Each function makes it anew.

const { compile } = require('../compile');

// What does not fit into a fast call's room together with others, and what just does.
const ROOM = 2048;

const native = (source) => compile('text', source);
// Bun's and Deno's engines have no such functions here; there, what is done with the text does it.
const [internalize, flatten] = process.versions.bun === undefined && process.versions.deno === undefined
  ? [native('return %InternalizeString(text)'), native('return %FlattenString(text)')]
  : [(text) => Object.keys({ [text]: 0 })[0], (text) => (text.charCodeAt(text.length - 1), text)];

// From this length on, V8 neither copies what it joins nor what it cuts out.
const MIN_LENGTH = 13;

function atLeast(text) {
  if (text.length < MIN_LENGTH) throw new Error('V8 copies a text that is so short');
  return text;
}

// A rope of two, which is not flat until somebody looks into it.
const rope = (first, second) => atLeast(first + second);
// A part of a text that refers to it.
const slice = (text, start, end) => atLeast(flatten(text).slice(start, end));

// A rope whose content V8 has found in its table of texts.
function thin(text) {
  const it = rope(text, 'and thirteen more');
  internalize(it);
  return it;
}

// A flat text that nobody has seen yet.
const fresh = (text) => [...text].join('');
const repeated = (character, count) => Array(count).fill(character).join('');

// Text of this size lies outside of V8's heap.
const EXTERNAL = 1_100_000;

const long = 'a text that is longer than thirteen characters ';
const texts = {
  'the empty text': () => '',
  'one character': () => 'a',
  'a short text': () => 'hello',
  'a text that was just made': () => fresh('hello'),
  'an internalized text': () => internalize(fresh('hello')),
  'a rope': () => rope(long, long),
  'a flattened rope': () => flatten(rope(long, long)),
  'a rope of ropes': () => rope(rope(long, long), rope(long, long)),
  'a slice': () => slice(long, 10),
  'a slice of a flattened rope': () => slice(rope(long, long), 20),
  'a thin text': () => thin(long),
  'a text from outside of the heap': () => Buffer.alloc(EXTERNAL, 'x').toString('latin1'),
  'a slice of one': () => slice(Buffer.alloc(EXTERNAL, 'xyz').toString('latin1'), EXTERNAL - 100),
  'a text of two bytes a character from outside': () => Buffer.alloc(2 * EXTERNAL, '€', 'utf16le').toString('utf16le'),
  'Latin-1': () => 'déjà vu ÿ',
  'a rope of Latin-1': () => rope('déjà vu ÿ and more', 'ÿÿÿ'),
  'the first character that is not ASCII': () => '\x80',
  'control characters': () => '\x01\x7f\x80\x9f\xa0',
  'two bytes a character': () => '€ 日本語',
  'two bytes a character, though one would do': () => flatten(rope('€', long)).slice(1),
  'a slice of two bytes a character': () => slice(`€€€€€€€€${long}`, 4),
  'pairs of surrogates': () => '😀😀',
  'a lone surrogate': () => 'a\ud800b',
  'a lone low surrogate': () => '\udc00',
  'NUL': () => '\0',
  'NUL at the start': () => '\0abcdefghijk',
  'NUL at the end': () => 'abcdefgh\0',
  'NUL in the middle': () => 'abcdefghijkl\0mnopqrs',
  'NUL in Latin-1': () => 'é\0',
  'NUL in two bytes a character': () => '€\0',
  'NUL in a rope': () => rope('a text of thirteen', '\0'),
};
for (const length of [7, 8, 9, 15, 16, 17, 63, 64, 100, 510, 511, 512, 513, 1000, ROOM - 2, ROOM - 1, ROOM, ROOM + 1, 5000]) {
  texts[`${length} characters`] = () => repeated('x', length);
}
for (const length of [255, 256, ROOM / 2 - 2, ROOM / 2 - 1, ROOM / 2, ROOM / 2 + 1, ROOM - 1, ROOM]) {
  texts[`${length} characters of Latin-1`] = () => repeated('é', length);
  texts[`${length} characters, the last one of Latin-1`] = () => flatten(`${repeated('x', length - 1)}é`);
}
// A text of one byte a character at each place in a word.
for (let index = 0; index < 9; index++) {
  texts[`NUL at ${index}`] = () => `${'x'.repeat(index)}\0${'x'.repeat(9 - index)}`;
  texts[`0x80 at ${index}`] = () => `${'x'.repeat(index)}\x80${'x'.repeat(9 - index)}`;
  texts[`0xff at ${index}`] = () => `${'\x01'.repeat(index)}\xff${'\x01'.repeat(9 - index)}`;
}

module.exports = { flatten, repeated, ROOM, texts };
