// A plugin for esbuild that puts native addons into the bundle. No system loads a library from memory, so the bundle writes each to a temporary
// file, in a new directory that nobody else can write to, and loads that.

import { readFile } from 'node:fs/promises';

const loading = (bytes) => `
  const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
  const { tmpdir } = require('node:os');
  const { join } = require('node:path');

  const directory = mkdtempSync(join(tmpdir(), 'addon-'));
  try {
    const file = join(directory, 'addon.node');
    writeFileSync(file, ${bytes});
    process.dlopen(module, file);
  } finally {
    // Windows deletes no library that is in use.
    if (process.platform !== 'win32') rmSync(directory, { recursive: true, force: true });
  }
`;

/** `bytesOf` gives the JavaScript expression for a file's bytes; by default they are in it, as text. */
export function embed(bytesOf = async (file) => `Buffer.from('${await readFile(file, 'base64')}', 'base64')`) {
  return {
    name: 'embed',
    setup({ onLoad }) {
      onLoad({ filter: /\.node$/ }, async ({ path }) => ({ contents: loading(await bytesOf(path)), loader: 'js' }));
    },
  };
}
