'use strict';

// What C sees of this machine, for tests that lay out C's memory themselves or go to the end of the address space.

const os = require('node:os');

// The processors of Node's whose addresses have 32 bits.
const narrow = ['arm', 'ia32', 'mips', 'mipsel', 'ppc', 's390'];

// Size of an address in bytes; size_t and ptrdiff_t have the same.
const ADDRESS_SIZE = narrow.includes(process.arch) ? 4 : 8;

// The last address.
const LAST = 2n ** BigInt(8 * ADDRESS_SIZE) - 1n;

const littleEndian = os.endianness() === 'LE';

// A typed array of addresses. Its elements are bigints or numbers: what reads one makes a bigint of it.
const AddressArray = ADDRESS_SIZE === 8 ? BigUint64Array : Uint32Array;
const element = ADDRESS_SIZE === 8 ? BigInt : Number;

// The typed array of these addresses.
const addresses = (list) => AddressArray.from(list, (address) => element(address));

// Whether C's `char` has a sign: that is up to the platform.
const charIsSigned = ['x64', 'ia32'].includes(process.arch) || process.platform === 'darwin' || process.platform === 'win32';

// Whether Ferrule compiles code for this processor. Elsewhere there is the slow tier only.
const isCompiled = ['x64', 'arm64'].includes(process.arch);

// For the tests of closures and of the compiled code alone.
const slowOnly = !isCompiled && 'Ferrule compiles no code for this processor';

// For those of the other tiers. Where the processor would do, the process may not be allowed to compile (scripts/configurations).
const uncompiled = slowOnly || (process.env.FERRULE_UNCOMPILED ? 'nothing is compiled in this configuration' : false);

// For the tests of what goes through V8's own functions: views that weigh nothing and can be transferred.
const callsV8 = process.platform === 'linux' || (process.platform === 'win32' && process.arch === 'x64');
const withoutV8 = slowOnly || (!callsV8 && 'Ferrule does not call V8 itself on this system');

// For those of the fast tier, which needs both.
const withoutFast = uncompiled || withoutV8;

// The tier that a call takes which takes `tier` where there are all of them.
const reached = (tier) => (uncompiled ? 'slow' : tier === 'fast' && withoutFast ? 'cell' : tier);

// The address in C's memory at an address.
const readAddress = (ffi, address, offset = 0) => (ADDRESS_SIZE === 8 ? ffi.getUint64 : readNarrow(ffi))(address, offset);
const readNarrow = ({ getUint32 }) => (address, offset) => BigInt(getUint32(address, offset));

// The type of size_t and of unsigned long where there are no narrower ones than addresses: a bigint on every machine.
const SIZE = ADDRESS_SIZE === 8 ? 'u64' : 'pointer';

module.exports = {
  ADDRESS_SIZE, SIZE, LAST, littleEndian, charIsSigned, isCompiled, reached, slowOnly, uncompiled, withoutV8, withoutFast, AddressArray, element,
  addresses, readAddress,
};
