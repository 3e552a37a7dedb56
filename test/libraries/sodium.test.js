'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { after, test } = require('node:test');
const { SIZE, addresses } = require('../machine');
const { exportBuffer, exportString, getRawPointer, toBuffer, toString } = require('../subject');
const { openAny } = require('./system');

const { library, functions: sodium } = openAny([['libsodium.so.26', 'libsodium26'], ['libsodium.so.23', 'libsodium23']], {
  sodium_init: { return: 'i32' },
  sodium_memcmp: { arguments: ['buffer', 'buffer', SIZE], return: 'i32' },
  sodium_increment: { arguments: ['buffer', SIZE], return: 'void' },
  sodium_bin2hex: { arguments: ['buffer', SIZE, 'buffer', SIZE], return: 'pointer' },
  sodium_malloc: { arguments: [SIZE], return: 'pointer' },
  sodium_free: { arguments: ['pointer'], return: 'void' },
  sodium_mprotect_readonly: { arguments: ['pointer'], return: 'i32' },
  crypto_secretbox_keybytes: { return: SIZE },
  crypto_secretbox_noncebytes: { return: SIZE },
  crypto_secretbox_macbytes: { return: SIZE },
  crypto_secretbox_keygen: { arguments: ['buffer'], return: 'void' },
  crypto_secretbox_easy: { arguments: ['buffer', 'buffer', 'u64', 'buffer', 'buffer'], return: 'i32' },
  crypto_secretbox_open_easy: { arguments: ['buffer', 'buffer', 'u64', 'buffer', 'buffer'], return: 'i32' },
  crypto_secretbox_detached: {
    arguments: ['buffer', 'buffer', 'buffer', 'u64', 'buffer', 'buffer'], return: 'i32',
  },
  crypto_secretbox_open_detached: {
    arguments: ['buffer', 'buffer', 'buffer', 'u64', 'buffer', 'buffer'], return: 'i32',
  },
  crypto_generichash: { arguments: ['buffer', SIZE, 'buffer', 'u64', 'buffer', SIZE], return: 'i32' },
  crypto_sign_seed_keypair: { arguments: ['buffer', 'buffer', 'buffer'], return: 'i32' },
  crypto_sign_detached: { arguments: ['buffer', 'pointer', 'buffer', 'u64', 'buffer'], return: 'i32' },
  crypto_sign_verify_detached: { arguments: ['buffer', 'buffer', 'u64', 'buffer'], return: 'i32' },
  crypto_aead_chacha20poly1305_ietf_encrypt: {
    arguments: ['buffer', 'pointer', 'buffer', 'u64', 'buffer', 'u64', 'buffer', 'buffer', 'buffer'],
    return: 'i32',
  },
  randombytes_set_implementation: { arguments: ['pointer'], return: 'i32' },
  randombytes_implementation_name: { return: 'pointer' },
});
after(() => library.close());

assert.ok([0, 1].includes(sodium.sodium_init()));
const keyLength = Number(sodium.crypto_secretbox_keybytes());
const nonceLength = Number(sodium.crypto_secretbox_noncebytes());
const tagLength = Number(sodium.crypto_secretbox_macbytes());

const hex = (text) => Buffer.from(text.replace(/\s/g, ''), 'hex');

function seal(message, nonce, key) {
  const box = Buffer.alloc(message.length + tagLength);
  assert.equal(sodium.crypto_secretbox_easy(box, message, BigInt(message.length), nonce, key), 0);
  return box;
}

function unseal(box, nonce, key) {
  const message = Buffer.alloc(box.length - tagLength);
  const code = sodium.crypto_secretbox_open_easy(message, box, BigInt(box.length), nonce, key);
  return code === 0 ? message : null;
}

// The example that NaCl publishes for crypto_secretbox_xsalsa20poly1305 ("Cryptography in NaCl", sections 8 to 10).
const vector = {
  key: hex('1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389'),
  nonce: hex('69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37'),
  message: hex(`
    be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f4
    1db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52
    f0a089bc76897040e082f937763848645e0705`),
  box: hex(`
    f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b
    4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da
    99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5`),
};

test('secretbox gives the published box for the published key, nonce and message', () => {
  assert.deepEqual([keyLength, nonceLength, tagLength], [32, 24, 16]);
  assert.deepEqual(seal(vector.message, vector.nonce, vector.key), vector.box);
  assert.deepEqual(unseal(vector.box, vector.nonce, vector.key), vector.message);
});

test('secretbox round trip at every length around its block sizes', () => {
  const key = Buffer.alloc(keyLength);
  sodium.crypto_secretbox_keygen(key);
  assert.notDeepEqual(key, Buffer.alloc(keyLength));
  const nonce = crypto.randomBytes(nonceLength);
  for (const length of [0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 1000, 100_000]) {
    const message = crypto.randomBytes(length);
    const box = seal(message, nonce, key);
    assert.ok(length < 16 || !box.includes(message));
    assert.deepEqual(unseal(box, nonce, key), message);
    sodium.sodium_increment(nonce, BigInt(nonce.length));
    assert.equal(unseal(box, nonce, key), null, 'another nonce does not open it');
  }
});

test('secretbox notices a change in any byte', () => {
  const { box, nonce, key } = vector;
  for (let index = 0; index < box.length; index++) {
    const tampered = Buffer.from(box);
    tampered[index] ^= 1 << index % 8;
    assert.equal(unseal(tampered, nonce, key), null, `byte ${index}`);
  }
  assert.equal(unseal(box.subarray(0, -1), nonce, key), null);
  assert.equal(unseal(box, nonce, Buffer.alloc(keyLength)), null);
});

test('the detached form splits the same box into tag and text', () => {
  const { key, nonce, message, box } = vector;
  const [text, tag] = [Buffer.alloc(message.length), Buffer.alloc(tagLength)];
  const length = BigInt(message.length);
  assert.equal(sodium.crypto_secretbox_detached(text, tag, message, length, nonce, key), 0);
  assert.deepEqual(Buffer.concat([tag, text]), box);
  // Opening in place: the message is written over the text it is made from.
  assert.equal(sodium.crypto_secretbox_open_detached(text, text, tag, length, nonce, key), 0);
  assert.deepEqual(text, message);
});

test('BLAKE2b equals that of node:crypto', () => {
  for (const length of [0, 3, 127, 128, 129, 50_000]) {
    const data = crypto.randomBytes(length);
    const digest = Buffer.alloc(64);
    assert.equal(sodium.crypto_generichash(digest, 64n, data, BigInt(length), null, 0n), 0);
    assert.deepEqual(digest, crypto.createHash('blake2b512').update(data).digest());
  }
});

test('Ed25519 signatures are those of node:crypto', () => {
  const seed = crypto.randomBytes(32);
  const [publicKey, secretKey, signature] = [Buffer.alloc(32), Buffer.alloc(64), Buffer.alloc(64)];
  assert.equal(sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed), 0);
  // RFC 8410: the DER header of a private key that is a bare Ed25519 seed.
  const key = crypto.createPrivateKey({
    key: Buffer.concat([hex('302e020100300506032b657004220420'), seed]), format: 'der', type: 'pkcs8',
  });
  assert.equal(crypto.createPublicKey(key).export({ format: 'jwk' }).x, publicKey.toString('base64url'));

  const message = Buffer.from('sign me, 🦀');
  const length = BigInt(message.length);
  const written = new BigUint64Array(1);
  assert.equal(sodium.crypto_sign_detached(signature, written, message, length, secretKey), 0);
  assert.equal(written[0], 64n);
  assert.deepEqual(signature, crypto.sign(null, message, key));
  assert.equal(sodium.crypto_sign_verify_detached(signature, message, length, publicKey), 0);
  message[0] ^= 1;
  assert.equal(sodium.crypto_sign_verify_detached(signature, message, length, publicKey), -1);
});

test('an AEAD with nine parameters equals that of node:crypto', () => {
  const [key, nonce, message, extra] = [32, 12, 777, 33].map((length) => crypto.randomBytes(length));
  const box = Buffer.alloc(message.length + 16);
  const written = new BigUint64Array(1);
  assert.equal(sodium.crypto_aead_chacha20poly1305_ietf_encrypt(
    box, written, message, BigInt(message.length), extra, BigInt(extra.length), null, nonce, key,
  ), 0);
  assert.equal(written[0], BigInt(box.length));
  const cipher = crypto.createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  cipher.setAAD(extra, { plaintextLength: message.length });
  assert.deepEqual(box, Buffer.concat([cipher.update(message), cipher.final(), cipher.getAuthTag()]));
});

test('guarded memory is written and read through its address', () => {
  const secret = Buffer.from('correct horse battery staple');
  const pointer = sodium.sodium_malloc(BigInt(secret.length));
  assert.notEqual(pointer, 0n);
  try {
    // sodium_malloc puts the end of the block on the edge of a guard page and fills the block with 0xdb.
    assert.equal((pointer + BigInt(secret.length)) % 4096n, 0n);
    assert.deepEqual(toBuffer(pointer, secret.length), Buffer.alloc(secret.length, 0xdb));
    exportBuffer(secret, pointer, secret.length);
    assert.equal(sodium.sodium_mprotect_readonly(pointer), 0);
    assert.equal(sodium.sodium_memcmp(pointer, secret, BigInt(secret.length)), 0);
    const text = Buffer.alloc(secret.length * 2 + 1);
    const returned = sodium.sodium_bin2hex(text, BigInt(text.length), pointer, BigInt(secret.length));
    assert.equal(returned, getRawPointer(text));
    assert.equal(toString(returned), secret.toString('hex'));
  } finally {
    sodium.sodium_free(pointer);
  }
});

test('a struct of callbacks replaces the source of randomness', () => {
  // struct randombytes_implementation { name, random, stir, uniform, buf, close }, six function pointers.
  const requests = [];
  const nameText = Buffer.alloc(16);
  exportString('counting', getRawPointer(nameText), nameText.length);
  const name = library.registerCallback({ return: 'pointer' }, () => getRawPointer(nameText));
  const random = library.registerCallback({ return: 'u32' }, () => 4);
  const fill = library.registerCallback({ return: 'void', arguments: ['pointer', SIZE] }, (target, size) => {
    requests.push(size);
    toBuffer(target, Number(size), false).forEach((_, index, bytes) => { bytes[index] = index + 1; });
  });
  // The library keeps the address, so the struct lies in memory that does not move.
  const implementation = addresses([name, random, 0n, 0n, fill, 0n]);
  try {
    assert.equal(sodium.randombytes_set_implementation(implementation), 0);
    assert.equal(toString(sodium.randombytes_implementation_name()), 'counting');
    const key = Buffer.alloc(keyLength);
    sodium.crypto_secretbox_keygen(key);
    assert.deepEqual([...key], Array.from({ length: keyLength }, (_, index) => index + 1));
    assert.deepEqual(requests, [BigInt(keyLength)]);
  } finally {
    // A data symbol: the address of the library's own struct.
    sodium.randombytes_set_implementation(library.getSymbol('randombytes_sysrandom_implementation'));
    for (const pointer of [name, random, fill]) library.unregisterCallback(pointer);
  }
  assert.equal(toString(sodium.randombytes_implementation_name()), 'sysrandom');
});
