'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { after, describe, test } = require('node:test');
const { SIZE, addresses } = require('../machine');
const { dlopen, exportString, toBuffer, toString } = require('../subject');
const { openApart, without } = require('./system');

const definitions = {
  OpenSSL_version: { arguments: ['i32'], return: 'pointer' },
  EVP_get_digestbyname: { arguments: ['string'], return: 'pointer' },
  EVP_sha256: { return: 'pointer' },
  EVP_Digest: { arguments: ['buffer', SIZE, 'buffer', 'pointer', 'pointer', 'pointer'], return: 'i32' },
  EVP_MD_CTX_new: { return: 'pointer' },
  EVP_MD_CTX_free: { arguments: ['pointer'], return: 'void' },
  EVP_MD_CTX_copy_ex: { arguments: ['pointer', 'pointer'], return: 'i32' },
  EVP_DigestInit_ex: { arguments: ['pointer', 'pointer', 'pointer'], return: 'i32' },
  EVP_DigestUpdate: { arguments: ['pointer', 'buffer', SIZE], return: 'i32' },
  EVP_DigestFinal_ex: { arguments: ['pointer', 'buffer', 'pointer'], return: 'i32' },
  HMAC: { arguments: ['pointer', 'buffer', 'i32', 'buffer', SIZE, 'buffer', 'pointer'], return: 'pointer' },
  PKCS5_PBKDF2_HMAC: {
    arguments: ['string', 'i32', 'buffer', 'i32', 'i32', 'pointer', 'i32', 'buffer'], return: 'i32',
  },
  EVP_aes_256_cbc: { return: 'pointer' },
  EVP_CIPHER_CTX_new: { return: 'pointer' },
  EVP_CIPHER_CTX_free: { arguments: ['pointer'], return: 'void' },
  EVP_CipherInit_ex: { arguments: ['pointer', 'pointer', 'pointer', 'buffer', 'buffer', 'i32'], return: 'i32' },
  EVP_CipherUpdate: { arguments: ['pointer', 'buffer', 'pointer', 'buffer', 'i32'], return: 'i32' },
  EVP_CipherFinal_ex: { arguments: ['pointer', 'buffer', 'pointer'], return: 'i32' },
  BIO_new_mem_buf: { arguments: ['buffer', 'i32'], return: 'pointer' },
  BIO_free: { arguments: ['pointer'], return: 'i32' },
  PEM_read_bio_PrivateKey: { arguments: ['pointer', 'pointer', 'function', 'pointer'], return: 'pointer' },
  EVP_PKEY_get_raw_private_key: { arguments: ['pointer', 'buffer', 'pointer'], return: 'i32' },
  EVP_PKEY_free: { arguments: ['pointer'], return: 'void' },
  ERR_clear_error: { return: 'void' },
  ERR_get_error: { return: SIZE },
  ERR_error_string_n: { arguments: [SIZE, 'buffer', SIZE], return: 'void' },
};

function digest(openssl, name, pieces) {
  const context = openssl.EVP_MD_CTX_new();
  assert.notEqual(context, 0n);
  try {
    assert.equal(openssl.EVP_DigestInit_ex(context, openssl.EVP_get_digestbyname(name), null), 1);
    for (const piece of pieces) assert.equal(openssl.EVP_DigestUpdate(context, piece, BigInt(piece.length)), 1);
    const result = Buffer.alloc(64);
    const length = new Uint32Array(1);
    assert.equal(openssl.EVP_DigestFinal_ex(context, result, length), 1);
    return result.subarray(0, length[0]);
  } finally {
    openssl.EVP_MD_CTX_free(context);
  }
}

// Null when OpenSSL refuses the padding.
function cipher(openssl, direction, key, initialVector, data) {
  const context = openssl.EVP_CIPHER_CTX_new();
  try {
    const algorithm = openssl.EVP_aes_256_cbc();
    assert.equal(openssl.EVP_CipherInit_ex(context, algorithm, null, key, initialVector, direction), 1);
    const result = Buffer.alloc(data.length + 32);
    const length = new Int32Array(1);
    let written = 0;
    for (let start = 0; start < data.length; start += 1000) {
      const piece = data.subarray(start, start + 1000);
      assert.equal(openssl.EVP_CipherUpdate(context, result.subarray(written), length, piece, piece.length), 1);
      written += length[0];
    }
    if (openssl.EVP_CipherFinal_ex(context, result.subarray(written), length) !== 1) return null;
    return result.subarray(0, written + length[0]);
  } finally {
    openssl.EVP_CIPHER_CTX_free(context);
  }
}

function suite(library, openssl) {
  const data = crypto.randomBytes(100_000);

  test('one-shot SHA-256 of text', () => {
    const result = Buffer.alloc(32);
    const length = new Uint32Array(1);
    assert.equal(openssl.EVP_Digest(Buffer.from('abc'), 3n, result, length, openssl.EVP_sha256(), null), 1);
    assert.equal(length[0], 32);
    // FIPS 180-2, appendix B.1.
    assert.equal(result.toString('hex'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  test('digests in pieces equal those of node:crypto', () => {
    const pieces = [data.subarray(0, 1), data.subarray(1, 64), data.subarray(64, 64), data.subarray(64)];
    for (const name of ['md5', 'sha1', 'sha256', 'sha512', 'sha3-384', 'blake2b512']) {
      assert.deepEqual(digest(openssl, name, pieces), crypto.createHash(name).update(data).digest(), name);
    }
    assert.equal(openssl.EVP_get_digestbyname('no-such-digest'), 0n);
  });

  test('a context copied half way goes on by itself', () => {
    const [first, second] = [openssl.EVP_MD_CTX_new(), openssl.EVP_MD_CTX_new()];
    openssl.EVP_DigestInit_ex(first, openssl.EVP_sha256(), null);
    openssl.EVP_DigestUpdate(first, data, 1000n);
    assert.equal(openssl.EVP_MD_CTX_copy_ex(second, first), 1);
    openssl.EVP_DigestUpdate(second, Buffer.from('more'), 4n);
    const results = [first, second].map((context) => {
      const result = Buffer.alloc(32);
      assert.equal(openssl.EVP_DigestFinal_ex(context, result, null), 1);
      openssl.EVP_MD_CTX_free(context);
      return result;
    });
    const expected = crypto.createHash('sha256').update(data.subarray(0, 1000));
    assert.deepEqual(results, [expected.copy().digest(), expected.update('more').digest()]);
  });

  test('HMAC and PBKDF2, functions of seven and eight parameters', () => {
    const sha256 = openssl.EVP_sha256();
    const key = crypto.randomBytes(50);
    const [mac, length] = [Buffer.alloc(32), new Uint32Array(1)];
    const returned = openssl.HMAC(sha256, key, key.length, data, BigInt(data.length), mac, length);
    assert.deepEqual(toBuffer(returned, length[0]), mac);
    assert.deepEqual(mac, crypto.createHmac('sha256', key).update(data).digest());

    const derived = Buffer.alloc(40);
    assert.equal(openssl.PKCS5_PBKDF2_HMAC('pässword', -1, key, key.length, 1000, sha256, 40, derived), 1);
    assert.deepEqual(derived, crypto.pbkdf2Sync('pässword', key, 1000, 40, 'sha256'));
  });

  test('AES-256-CBC both ways, and the error queue when the key is wrong', () => {
    const [key, initialVector] = [crypto.randomBytes(32), crypto.randomBytes(16)];
    const node = crypto.createCipheriv('aes-256-cbc', key, initialVector);
    const expected = Buffer.concat([node.update(data), node.final()]);
    const encrypted = cipher(openssl, 1, key, initialVector, data);
    assert.deepEqual(encrypted, expected);
    assert.deepEqual(cipher(openssl, 0, key, initialVector, encrypted), data);

    openssl.ERR_clear_error();
    // One block whose padding cannot be right: decrypting gives back the last byte 0 that was put there.
    const wrong = crypto.createCipheriv('aes-256-cbc', key, initialVector).setAutoPadding(false);
    assert.equal(cipher(openssl, 0, key, initialVector, wrong.update(Buffer.alloc(16))), null);
    const error = openssl.ERR_get_error();
    assert.notEqual(error, 0n);
    const message = Buffer.alloc(256);
    openssl.ERR_error_string_n(error, message, BigInt(message.length));
    assert.match(message.toString('latin1'), /^error:[0-9A-F]{8}:.*:bad decrypt\0/);
    assert.equal(openssl.ERR_get_error(), 0n, 'the queue is empty again');
  });

  test('a callback supplies the password of a key', () => {
    const { privateKey } = crypto.generateKeyPairSync('ed25519');
    const password = 'öpen sesame';
    const pem = Buffer.from(privateKey.export({
      type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: password,
    }));
    const calls = [];
    let answer = password;
    // int pem_password_cb(char *buffer, int size, int writing, void *user)
    const onPassword = library.registerCallback(
      { return: 'i32', arguments: ['pointer', 'i32', 'i32', 'pointer'] },
      (buffer, size, writing, user) => {
        calls.push([writing, user]);
        exportString(answer, buffer, size);
        return Buffer.byteLength(answer);
      },
    );
    const read = () => {
      const source = openssl.BIO_new_mem_buf(pem, pem.length);
      try {
        return openssl.PEM_read_bio_PrivateKey(source, null, onPassword, 0xabcn);
      } finally {
        openssl.BIO_free(source);
      }
    };
    try {
      const key = read();
      assert.notEqual(key, 0n);
      const raw = Buffer.alloc(32);
      const length = addresses([32n]);
      assert.equal(openssl.EVP_PKEY_get_raw_private_key(key, raw, length), 1);
      openssl.EVP_PKEY_free(key);
      assert.equal(raw.toString('base64url'), privateKey.export({ format: 'jwk' }).d);
      answer = 'close sesame';
      assert.equal(read(), 0n);
      assert.deepEqual(calls, [[0, 0xabcn], [0, 0xabcn]]);
      openssl.ERR_clear_error();
    } finally {
      library.unregisterCallback(onPassword);
    }
  });
}

describe('the libcrypto of the system', { skip: without }, () => {
  const { library, functions } = openApart('libcrypto.so.3', 'libssl3', definitions);
  after(() => library.close());
  test('the version is one of OpenSSL 3', () => {
    assert.match(toString(functions.OpenSSL_version(0)), /^OpenSSL 3\./);
  });
  suite(library, functions);
});

describe('the OpenSSL inside the Node binary', () => {
  // On Windows each image has symbols of its own, and the process is none.
  const { lib: library, functions } = dlopen(process.platform === 'win32' ? process.execPath : null, definitions);
  after(() => library.close());
  test('the version is that of process.versions', () => {
    assert.equal(toString(functions.OpenSSL_version(0)).split(' ')[1], process.versions.openssl);
  });
  suite(library, functions);
});
