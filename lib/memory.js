'use strict';

// Native memory as JavaScript sees it: get* and set*, toString, toBuffer, toArrayBuffer, getRawPointer, and the exports.
//
// As in the wrappers of native functions, the JavaScript here only asks whether arguments are obviously valid, and never throws. What is not
// goes, as it came, to the function of the same name in Rust, which converts it after all or says what is wrong. What is goes to a function
// of crates/addon/src/direct.rs, which V8 calls without Node-API, or another runtime's own FFI. Where there are none of these, everything goes
// the other way.
//
// V8 passes no bigint in all versions. So an address goes as two `int32`, low half first, which come from a cell that the bigint was stored
// in. Only an address that is not null and has its highest bit clear goes this way: no process has another, and no offset or length of 32
// bits takes it out of the address space.

const { Buffer } = require('node:buffer');

const binding = require('./binding.js');
const { bufferOf } = require('./buffer.js');
const runtime = require('./runtime.js');
const threads = require('./threads.js');

// Taken at load: a program can replace them.
const {
  BigInt64Array, BigUint64Array, Float32Array, Float64Array, Int32Array, Number, Object, SharedArrayBuffer, Uint8Array,
} = globalThis;
const { isSafeInteger } = Number;
const { floor } = Math;
const { asIntN, asUintN } = runtime;
const { setPrototypeOf } = Object;

// In place of functions that there are none of: the answer that sends everybody to Rust.
const nothing = () => undefined;

const direct = binding.memoryFunctions(runtime.memory);
const {
  readUint8 = nothing, readUint16 = nothing, readInt32 = nothing, readFloat32 = nothing, readFloat64 = nothing, read64 = nothing,
  write8 = nothing, write16 = nothing, write32 = nothing, write64 = nothing,
  copyBytes = nothing, copyOut = nothing, addressOf = nothing,
  text = nothing, writeLatin1 = nothing, writeUtf8 = nothing,
} = direct ?? { __proto__: null };

// The cells, eight bytes each: an address, and a value that comes or goes. Behind them is the stage, room for as many bytes as V8 keeps a
// typed array's in its own heap. The memory is shared because that cannot be detached; it never moves.
const ADDRESS = 0;
const VALUE = 1;
const STAGE = 16;
const STAGE_SIZE = 64;
const LOW = 2 * ADDRESS;
const HIGH = LOW + 1;
const VALUE_LOW = 2 * VALUE;
const VALUE_HIGH = VALUE_LOW + 1;
const memory = new SharedArrayBuffer(STAGE + STAGE_SIZE);
const int32 = new Int32Array(memory);
const int64 = new BigInt64Array(memory);
const uint64 = new BigUint64Array(memory);
const float32 = new Float32Array(memory);
const float64 = new Float64Array(memory);

// Where the value's cell and the stage are, for the functions that ask for it. The module may be one that may not be used, when there are none.
const addressOfBytes = (offset) => (direct === undefined ? 0n : binding.getRawPointer(new Uint8Array(memory, offset)));
uint64[ADDRESS] = addressOfBytes(8 * VALUE);
const valueLow = int32[LOW], valueHigh = int32[HIGH];
uint64[ADDRESS] = addressOfBytes(STAGE);
const stageLow = int32[LOW], stageHigh = int32[HIGH];

// Whether something is the address of memory that may be there. Its halves are in the cell then, until anything else of this file runs. That
// can be at the entry of any JavaScript function, where V8 lets a debugger evaluate what it likes: so this is asked last, and the halves are
// read before another function is entered. Those of the language and the native ones here do not count.
const isAddress = runtime.slowBigInts ? isNumberOfAddress : isBigIntOfAddress;

function isBigIntOfAddress(pointer) {
  if (typeof pointer !== 'bigint' || asUintN(64, pointer) !== pointer) return false;
  uint64[ADDRESS] = pointer;
  const high = int32[HIGH];
  return high >= 0 && (high | int32[LOW]) !== 0;
}

function isNumberOfAddress(pointer) {
  if (typeof pointer !== 'bigint') return false;
  const number = Number(pointer);
  if (!(number > 0 && number <= 0x1fffffffffffff)) return isBigIntOfAddress(pointer);
  int32[LOW] = number;
  int32[HIGH] = number / 0x100000000;
  return true;
}

const isUint32 = (value) => typeof value === 'number' && (value >>> 0) === value;

// What is copied in one go, and what is viewed: beyond, Rust has the errors for what is too much. As JavaScript's and Node's limits are
// higher everywhere, there is no other error than that of a memory that is full.
const isLength = (value) => typeof value === 'number' && (value & 0x7fffffff) === value && value > 0;

// Whether something is a Buffer, by its prototypes. Nobody can change what `instanceof` does with a function that nobody has.
function AnyBuffer() {}
AnyBuffer.prototype = Buffer.prototype;

// Views of the first bytes of the stage, by their number.
const starts = setPrototypeOf([], null);

function start(length) {
  return starts[length] = new Uint8Array(memory, STAGE, length);
}

// Numbers of kinds in crates/addon/src/direct.rs.
const UINT8_ARRAY = 0;
const VIEW = 1;
const ARRAY_BUFFER = 2;

// Make ArrayBuffers over foreign memory and of copies of it; made themselves when they are first used.
let buffers;

function makers() {
  return buffers = binding.bufferFunctions() ?? { __proto__: null, view: nothing, copy: nothing };
}

function viewOf(low, high, length) {
  const { view } = buffers ?? makers();
  return view(low, high, length, 0);
}

function arrayBufferOfCopy(low, high, length) {
  const { copy } = buffers ?? makers();
  return copy(low, high, length, 0);
}

// How often the stage was filled.
let stagings = 0;

// A Buffer with a copy of the bytes at an address, `undefined` where that takes more.
function bufferOfCopy(low, high, length) {
  if (length > STAGE_SIZE) {
    const arrayBuffer = arrayBufferOfCopy(low, high, length);
    return arrayBuffer === undefined ? undefined : bufferOf(arrayBuffer);
  }
  const bytes = starts[length] ?? start(length);
  // Its constructor is a function of JavaScript, at whose entry the stage can be filled with something else.
  for (;;) {
    const staging = ++stagings;
    if (copyBytes(low, high, length, stageLow, stageHigh) === undefined) return undefined;
    const buffer = bufferOf(bytes);
    if (staging === stagings) return buffer;
  }
}

function exportString(string, pointer, length, encoding = undefined) {
  if (typeof string === 'string' && isUint32(length) && isAddress(pointer)) {
    int32[VALUE_LOW] = 0;
    if (encoding === undefined || encoding === 'utf8') {
      writeUtf8(string, int32[LOW], int32[HIGH], length >>> 0, valueLow, valueHigh);
    } else if (encoding === 'latin1') {
      writeLatin1(string, int32[LOW], int32[HIGH], length >>> 0, valueLow, valueHigh);
    }
    if (int32[VALUE_LOW] !== 0) return undefined;
  }
  return binding.exportString(string, pointer, length, encoding);
}

function exportBuffer(buffer, pointer, length) {
  // Prototypes can be proxies, so they are looked at first; and not at all where Rust asks for permission before.
  if (direct !== undefined && typeof buffer === 'object' && buffer instanceof AnyBuffer && isUint32(length) && isAddress(pointer)) {
    if (copyOut(buffer, int32[LOW], int32[HIGH], length >>> 0, UINT8_ARRAY) === 1) return undefined;
  }
  return binding.exportBuffer(buffer, pointer, length);
}

function exportArrayBuffer(arrayBuffer, pointer, length) {
  if (typeof arrayBuffer === 'object' && isUint32(length) && isAddress(pointer)) {
    if (copyOut(arrayBuffer, int32[LOW], int32[HIGH], length >>> 0, ARRAY_BUFFER) === 1) return undefined;
  }
  return binding.exportArrayBuffer(arrayBuffer, pointer, length);
}

function exportArrayBufferView(arrayBufferView, pointer, length) {
  if (typeof arrayBufferView === 'object' && isUint32(length) && isAddress(pointer)) {
    if (copyOut(arrayBufferView, int32[LOW], int32[HIGH], length >>> 0, VIEW) === 1) return undefined;
  }
  return binding.exportArrayBufferView(arrayBufferView, pointer, length);
}

// Node's own accessors and conversions are native functions without parameters or `prototype`; methods with defaults are the same to
// whoever looks. Each accessor is written out because each then has code of its own, which V8 optimises for the one native function that it
// calls.
module.exports = {
  exportArrayBuffer,
  exportArrayBufferView,
  exportString,
  exportBuffer,
  getInt8(pointer = undefined, offset = 0) {
    if (isUint32(offset) && isAddress(pointer)) {
      const result = readUint8(int32[LOW], int32[HIGH], offset >>> 0);
      if (result !== undefined) return result << 24 >> 24;
    }
    return binding.getInt8(pointer, offset);
  },
  getUint8(pointer = undefined, offset = 0) {
    if (isUint32(offset) && isAddress(pointer)) {
      const result = readUint8(int32[LOW], int32[HIGH], offset >>> 0);
      if (result !== undefined) return result;
    }
    return binding.getUint8(pointer, offset);
  },
  getInt16(pointer = undefined, offset = 0) {
    if (isUint32(offset) && isAddress(pointer)) {
      const result = readUint16(int32[LOW], int32[HIGH], offset >>> 0);
      if (result !== undefined) return result << 16 >> 16;
    }
    return binding.getInt16(pointer, offset);
  },
  getUint16(pointer = undefined, offset = 0) {
    if (isUint32(offset) && isAddress(pointer)) {
      const result = readUint16(int32[LOW], int32[HIGH], offset >>> 0);
      if (result !== undefined) return result;
    }
    return binding.getUint16(pointer, offset);
  },
  getInt32(pointer = undefined, offset = 0) {
    if (isUint32(offset) && isAddress(pointer)) {
      const result = readInt32(int32[LOW], int32[HIGH], offset >>> 0);
      if (result !== undefined) return result;
    }
    return binding.getInt32(pointer, offset);
  },
  getUint32(pointer = undefined, offset = 0) {
    if (isUint32(offset) && isAddress(pointer)) {
      const result = readInt32(int32[LOW], int32[HIGH], offset >>> 0);
      if (result !== undefined) return result >>> 0;
    }
    return binding.getUint32(pointer, offset);
  },
  getInt64(pointer = undefined, offset = 0) {
    if (isUint32(offset) && isAddress(pointer)) {
      const result = read64(int32[LOW], int32[HIGH], offset >>> 0, valueLow, valueHigh);
      if (result !== undefined) return int64[VALUE];
    }
    return binding.getInt64(pointer, offset);
  },
  getUint64(pointer = undefined, offset = 0) {
    if (isUint32(offset) && isAddress(pointer)) {
      const result = read64(int32[LOW], int32[HIGH], offset >>> 0, valueLow, valueHigh);
      if (result !== undefined) return uint64[VALUE];
    }
    return binding.getUint64(pointer, offset);
  },
  getFloat32(pointer = undefined, offset = 0) {
    if (isUint32(offset) && isAddress(pointer)) {
      const result = readFloat32(int32[LOW], int32[HIGH], offset >>> 0);
      if (result !== undefined) return result;
    }
    return binding.getFloat32(pointer, offset);
  },
  getFloat64(pointer = undefined, offset = 0) {
    if (isUint32(offset) && isAddress(pointer)) {
      const result = readFloat64(int32[LOW], int32[HIGH], offset >>> 0);
      if (result !== undefined) return result;
    }
    return binding.getFloat64(pointer, offset);
  },
  setInt8(pointer = undefined, offset = undefined, value = undefined) {
    if (typeof value === 'number' && (value << 24 >> 24) === value && isUint32(offset) && isAddress(pointer)) {
      if (write8(int32[LOW], int32[HIGH], offset >>> 0, value | 0) !== undefined) return undefined;
    }
    return binding.setInt8(pointer, offset, value);
  },
  setUint8(pointer = undefined, offset = undefined, value = undefined) {
    if (typeof value === 'number' && (value & 0xff) === value && isUint32(offset) && isAddress(pointer)) {
      if (write8(int32[LOW], int32[HIGH], offset >>> 0, value | 0) !== undefined) return undefined;
    }
    return binding.setUint8(pointer, offset, value);
  },
  setInt16(pointer = undefined, offset = undefined, value = undefined) {
    if (typeof value === 'number' && (value << 16 >> 16) === value && isUint32(offset) && isAddress(pointer)) {
      if (write16(int32[LOW], int32[HIGH], offset >>> 0, value | 0) !== undefined) return undefined;
    }
    return binding.setInt16(pointer, offset, value);
  },
  setUint16(pointer = undefined, offset = undefined, value = undefined) {
    if (typeof value === 'number' && (value & 0xffff) === value && isUint32(offset) && isAddress(pointer)) {
      if (write16(int32[LOW], int32[HIGH], offset >>> 0, value | 0) !== undefined) return undefined;
    }
    return binding.setUint16(pointer, offset, value);
  },
  setInt32(pointer = undefined, offset = undefined, value = undefined) {
    if (typeof value === 'number' && (value | 0) === value && isUint32(offset) && isAddress(pointer)) {
      if (write32(int32[LOW], int32[HIGH], offset >>> 0, value | 0) !== undefined) return undefined;
    }
    return binding.setInt32(pointer, offset, value);
  },
  setUint32(pointer = undefined, offset = undefined, value = undefined) {
    if (typeof value === 'number' && (value >>> 0) === value && isUint32(offset) && isAddress(pointer)) {
      if (write32(int32[LOW], int32[HIGH], offset >>> 0, value | 0) !== undefined) return undefined;
    }
    return binding.setUint32(pointer, offset, value);
  },
  setInt64(pointer = undefined, offset = undefined, value = undefined) {
    if (isUint32(offset) && isAddress(pointer)) {
      if (typeof value === 'bigint') {
        if (asIntN(64, value) === value) {
          int64[VALUE] = value;
          if (write64(int32[LOW], int32[HIGH], offset >>> 0, int32[VALUE_LOW], int32[VALUE_HIGH]) !== undefined) return undefined;
        }
      } else if (typeof value === 'number' && isSafeInteger(value)) {
        if (write64(int32[LOW], int32[HIGH], offset >>> 0, value | 0, floor(value / 0x100000000) | 0) !== undefined) return undefined;
      }
    }
    return binding.setInt64(pointer, offset, value);
  },
  setUint64(pointer = undefined, offset = undefined, value = undefined) {
    if (isUint32(offset) && isAddress(pointer)) {
      if (typeof value === 'bigint') {
        if (asUintN(64, value) === value) {
          uint64[VALUE] = value;
          if (write64(int32[LOW], int32[HIGH], offset >>> 0, int32[VALUE_LOW], int32[VALUE_HIGH]) !== undefined) return undefined;
        }
      } else if (typeof value === 'number' && isSafeInteger(value) && value >= 0) {
        if (write64(int32[LOW], int32[HIGH], offset >>> 0, value | 0, floor(value / 0x100000000) | 0) !== undefined) return undefined;
      }
    }
    return binding.setUint64(pointer, offset, value);
  },
  setFloat32(pointer = undefined, offset = undefined, value = undefined) {
    if (typeof value === 'number' && isUint32(offset) && isAddress(pointer)) {
      float32[VALUE_LOW] = value;
      if (write32(int32[LOW], int32[HIGH], offset >>> 0, int32[VALUE_LOW]) !== undefined) return undefined;
    }
    return binding.setFloat32(pointer, offset, value);
  },
  setFloat64(pointer = undefined, offset = undefined, value = undefined) {
    if (typeof value === 'number' && isUint32(offset) && isAddress(pointer)) {
      float64[VALUE] = value;
      if (write64(int32[LOW], int32[HIGH], offset >>> 0, int32[VALUE_LOW], int32[VALUE_HIGH]) !== undefined) return undefined;
    }
    return binding.setFloat64(pointer, offset, value);
  },
  getRawPointer(source = undefined) {
    if (typeof source === 'object' && addressOf(source, valueLow, valueHigh) === 1) return uint64[VALUE];
    return binding.getRawPointer(source);
  },
  toString(pointer = undefined) {
    if (isAddress(pointer)) {
      const string = text(int32[LOW], int32[HIGH]);
      if (string !== undefined) return string;
    }
    return binding.toString(pointer);
  },
  toArrayBuffer(pointer = undefined, length = undefined, copy = undefined) {
    if (isLength(length) && isAddress(pointer)) {
      const low = int32[LOW], high = int32[HIGH];
      const makes = copy === undefined || copy === true ? arrayBufferOfCopy : copy === false ? viewOf : nothing;
      const buffer = makes(low, high, length);
      if (buffer !== undefined) return buffer;
    }
    return binding.toArrayBuffer(pointer, length, copy);
  },
  toBuffer(pointer = undefined, length = undefined, copy = undefined) {
    if (isLength(length) && isAddress(pointer)) {
      const low = int32[LOW], high = int32[HIGH];
      if (copy === undefined || copy === true) {
        const buffer = bufferOfCopy(low, high, length);
        if (buffer !== undefined) return buffer;
      } else if (copy === false) {
        const arrayBuffer = viewOf(low, high, length);
        if (arrayBuffer !== undefined) {
          // As in Node, the memory of a zero-copy Buffer cannot be transferred away.
          threads().markAsUntransferable(arrayBuffer);
          return bufferOf(arrayBuffer);
        }
      }
    }
    return binding.toBuffer(pointer, length, copy);
  },
};
