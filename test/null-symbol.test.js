'use strict';

// A symbol whose address is 0: an absolute symbol, as linker scripts define them. The fixture gets one by a change to a
// copy of its symbol table.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, test } = require('node:test');
const { DynamicLibrary, getNativeFunction } = require('./subject');
const fixture = require('./fixture');
const { argumentValue, closed, invalidPointer } = require('./errors');

// From <elf.h>.
const SHT_DYNSYM = 11;
const SHN_ABS = 0xfff1;
const SYMBOL_SIZE = 24;

// The section headers of a 64-bit little-endian ELF file.
function sections(file) {
  const [table, size, count] = [Number(file.readBigUInt64LE(0x28)), file.readUInt16LE(0x3a), file.readUInt16LE(0x3c)];
  return Array.from({ length: count }, (_, index) => {
    const at = table + index * size;
    return {
      type: file.readUInt32LE(at + 4),
      offset: Number(file.readBigUInt64LE(at + 0x18)),
      size: Number(file.readBigUInt64LE(at + 0x20)),
      link: file.readUInt32LE(at + 0x28),
    };
  });
}

function nullify(file, name) {
  const all = sections(file);
  const symbols = all.find(({ type }) => type === SHT_DYNSYM);
  const names = all[symbols.link].offset;
  for (let at = symbols.offset; at < symbols.offset + symbols.size; at += SYMBOL_SIZE) {
    const start = names + file.readUInt32LE(at);
    if (file.toString('latin1', start, file.indexOf(0, start)) !== name) continue;
    file.writeUInt16LE(SHN_ABS, at + 6);
    file.writeBigUInt64LE(0n, at + 8);
    return;
  }
  throw new Error(`${fixture.path} exports no ${name}`);
}

const skip = process.platform === 'linux' ? false : 'the change is to an ELF file';
let copy;
if (!skip) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrule-null-'));
  after(() => fs.rmSync(directory, { recursive: true }));
  const file = fs.readFileSync(fixture.path);
  nullify(file, 'add_i32');
  copy = path.join(directory, path.basename(fixture.path));
  fs.writeFileSync(copy, file);
}

test('resolves to 0', { skip }, () => {
  const library = new DynamicLibrary(copy);
  assert.equal(library.getSymbol('add_i32'), 0n);
  assert.equal(library.getFunction('add_i32', { return: 'i32', arguments: ['i32', 'i32'] }).pointer, 0n);
  assert.equal(library.symbols.add_i32, 0n);
  assert.equal(library.getFunction('add_u32', { return: 'u32', arguments: ['u32', 'u32'] })(1, 2), 3, 'the others are unharmed');
  library.close();
});

test('cannot be called, and the error says why', { skip }, () => {
  const library = new DynamicLibrary(copy);
  const add = library.getFunction('add_i32', { return: 'i32', arguments: ['i32', 'i32'] });
  assert.throws(() => add(1, 2), invalidPointer('Function add_i32 has a null address'));
  assert.throws(() => add(1), argumentValue('Invalid argument count: expected 2, got 1'));
  library.close();
  assert.throws(() => add(1, 2), closed);
});

test('cannot be called through the legacy functions', { skip }, () => {
  const add = getNativeFunction(copy, 'add_i32', 'int', ['int', 'int']);
  assert.throws(() => add(1, 2), invalidPointer('Function add_i32 has a null address'));
});
