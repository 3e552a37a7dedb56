'use strict';

const { ADDRESS_SIZE, readAddress } = require('../machine');
const ffi = require('../subject');

const { DynamicLibrary, dlopen, toString } = ffi;

// From <dlfcn.h> of glibc.
const RTLD_LAZY = 0x1;
const RTLD_DEEPBIND = 0x8;

// The `skip` of a single test of such a library on a platform that has none; scripts/platforms.mjs says so for those it tests on.
exports.without = process.env.FERRULE_WITHOUT_LIBRARIES || false;

function missing(file, debianPackage, reason) {
  return new Error(`${file} cannot be loaded: install the Debian package ${debianPackage} (${reason})`);
}

// The first that is there of several, each with its Debian package.
function load(candidates) {
  let absent;
  for (const [file, debianPackage] of candidates) {
    try {
      return new DynamicLibrary(file);
    } catch (error) {
      if (error.code !== 'ERR_FFI_CALL_FAILED') throw error;
      absent = missing(file, debianPackage, error.message);
    }
  }
  throw absent;
}

// These tests exist to run against the real thing, so an absent library is a failure that says what to install,
// never a skip.
exports.open = (file, debianPackage, definitions) => exports.openAny([[file, debianPackage]], definitions);

// The same for a library that the releases of Debian have under different names.
exports.openAny = function openAny(candidates, definitions) {
  const library = load(candidates);
  try {
    return { library, functions: library.getFunctions(definitions) };
  } catch (error) {
    library.close();
    throw error;
  }
};

// Every Node binary carries its own zlib and OpenSSL and exports their symbols. The dynamic loader looks in the
// executable first, so the calls that the system's libz or libcrypto makes to itself would land in Node's copy, another
// version with other structs: deflateInit2_ or EVP_DigestInit_ex then crash the process. RTLD_DEEPBIND makes a library
// look in itself and its dependencies first. The binding is made when a library is first mapped, so opening it once
// like this through the loader's own function is enough: DynamicLibrary then gets the same mapping.
exports.openApart = function openApart(file, debianPackage, definitions) {
  const { lib, functions: loader } = dlopen(null, {
    dlopen: { arguments: ['string', 'i32'], return: 'pointer' },
    dlclose: { arguments: ['pointer'], return: 'i32' },
    dlerror: { return: 'pointer' },
  });
  const handle = loader.dlopen(file, RTLD_LAZY | RTLD_DEEPBIND);
  if (handle === 0n) throw missing(file, debianPackage, toString(loader.dlerror()));
  try {
    return exports.open(file, debianPackage, definitions);
  } finally {
    loader.dlclose(handle);
    lib.close();
  }
};

// C keeps the callbacks of a binding for as long as it likes, so they are registered one by one and unregistered all together.
exports.callbacksOf = function callbacksOf(library) {
  const callbacks = [];
  return {
    callback(result, parameters, body) {
      const pointer = library.registerCallback({ return: result, arguments: parameters }, body);
      callbacks.push(pointer);
      return pointer;
    },
    unregisterCallbacks() {
      for (const pointer of callbacks) library.unregisterCallback(pointer);
    },
  };
};

// C hands arrays of pointers to callbacks (char **argv and the like). The count is known or the array ends in NULL.
exports.pointers = function pointers(address, count = Infinity) {
  const found = [];
  for (let index = 0; index < count; index++) {
    const pointer = readAddress(ffi, address, index * ADDRESS_SIZE);
    if (count === Infinity && pointer === 0n) break;
    found.push(pointer);
  }
  return found;
};
