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
const { isMusl } = require('./loader');
const { argumentValue, closed, invalidPointer } = require('./errors');
const { ADDRESS_SIZE, littleEndian } = require('./machine');

// From <elf.h>.
const SHT_DYNSYM = 11;
const SHN_ABS = 0xfff1;

// Where the fields are: in the header e_shoff, e_shentsize and e_shnum; in a section's sh_offset, sh_size and sh_link; in a symbol
// st_value and st_shndx; and the size of a symbol.
const layout = ADDRESS_SIZE === 8 ?
  { table: 0x28, size: 0x3a, count: 0x3c, section: [0x18, 0x20, 0x28], value: 8, index: 6, symbol: 24 } :
  { table: 0x20, size: 0x2e, count: 0x30, section: [0x10, 0x14, 0x18], value: 4, index: 14, symbol: 16 };

const view = (file) => new DataView(file.buffer, file.byteOffset, file.length);
const half = (file, at) => view(file).getUint16(at, littleEndian);
const word = (file, at) => view(file).getUint32(at, littleEndian);
const address = (file, at) => (ADDRESS_SIZE === 8 ? Number(view(file).getBigUint64(at, littleEndian)) : word(file, at));

// The section headers of an ELF file for this machine.
function sections(file) {
  const [table, size, count] = [address(file, layout.table), half(file, layout.size), half(file, layout.count)];
  const [offset, length, link] = layout.section;
  return Array.from({ length: count }, (_, index) => {
    const at = table + index * size;
    return { type: word(file, at + 4), offset: address(file, at + offset), size: address(file, at + length), link: word(file, at + link) };
  });
}

function nullify(file, name) {
  const all = sections(file);
  const symbols = all.find(({ type }) => type === SHT_DYNSYM);
  const names = all[symbols.link].offset;
  for (let at = symbols.offset; at < symbols.offset + symbols.size; at += layout.symbol) {
    const start = names + word(file, at);
    if (file.toString('latin1', start, file.indexOf(0, start)) !== name) continue;
    view(file).setUint16(at + layout.index, SHN_ABS, littleEndian);
    file.fill(0, at + layout.value, at + layout.value + ADDRESS_SIZE);
    return;
  }
  throw new Error(`${fixture.path} exports no ${name}`);
}

const isElf = process.platform === 'linux';
const skip = isMusl ? 'the loader of musl takes a symbol at address 0 for none' : !isElf && 'the change is to an ELF file';
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
