// Digests from the OpenSSL that every Node binary carries and exports: path null is the process itself.

import { dlopen, toString } from 'ferrule';

const definitions = {
  OpenSSL_version: { arguments: ['i32'], return: 'pointer' },
  EVP_get_digestbyname: { arguments: ['string'], return: 'pointer' },
  EVP_MD_CTX_new: { return: 'pointer' },
  EVP_MD_CTX_free: { arguments: ['pointer'], return: 'void' },
  EVP_DigestInit_ex: { arguments: ['pointer', 'pointer', 'pointer'], return: 'i32' },
  EVP_DigestUpdate: { arguments: ['pointer', 'buffer', 'u64'], return: 'i32' },
  EVP_DigestFinal_ex: { arguments: ['pointer', 'buffer', 'pointer'], return: 'i32' },
};

export function openOpenSSL() {
  const { lib: library, functions: openssl } = dlopen(null, definitions);

  class Digest {
    #context = openssl.EVP_MD_CTX_new();

    constructor(name) {
      const algorithm = openssl.EVP_get_digestbyname(name);
      if (algorithm === 0n || openssl.EVP_DigestInit_ex(this.#context, algorithm, null) !== 1) {
        openssl.EVP_MD_CTX_free(this.#context);
        throw new Error(`OpenSSL has no digest ${name}`);
      }
    }

    update(bytes) {
      if (openssl.EVP_DigestUpdate(this.#context, bytes, BigInt(bytes.length)) !== 1) {
        throw new Error('EVP_DigestUpdate failed');
      }
    }

    // Gives the digest and releases the context.
    finish() {
      const result = Buffer.alloc(64);
      const length = new Uint32Array(1);
      const code = openssl.EVP_DigestFinal_ex(this.#context, result, length);
      openssl.EVP_MD_CTX_free(this.#context);
      if (code !== 1) throw new Error('EVP_DigestFinal_ex failed');
      return result.subarray(0, length[0]);
    }
  }

  return { version: toString(openssl.OpenSSL_version(0)).split(' ')[1], Digest, close: () => library.close() };
}
