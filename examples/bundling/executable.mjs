// Makes a program that uses Ferrule a single executable file, with Node and the native binary in it:
//
//   node examples/bundling/executable.mjs <program> <file>
//
// The Node in it is the one that runs this script. Before Node 25.5, the package postject puts the parts together.

import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build } from 'esbuild';
import { embed } from './embed.mjs';

const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

const [, , program, output] = process.argv;
const executable = path.resolve(output);
const [major, minor] = process.versions.node.split('.').map(Number);
const buildsItself = major > 25 || (major === 25 && minor >= 5);
const run = (...args) => execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });

const scratch = mkdtempSync(path.join(path.dirname(executable), 'executable-'));
try {
  const inScratch = (name) => path.join(scratch, name);

  // An asset is part of the executable, and needs no encoding.
  let binary;
  const asset = (file) => {
    binary = file;
    return "Buffer.from(require('node:sea').getRawAsset('ferrule.node'))";
  };
  await build({
    entryPoints: [program], outfile: inScratch('app.cjs'), bundle: true, platform: 'node', format: 'cjs', target: 'node20', plugins: [embed(asset)],
  });

  writeFileSync(inScratch('config.json'), JSON.stringify({
    main: inScratch('app.cjs'),
    output: buildsItself ? executable : inScratch('app.blob'),
    assets: { 'ferrule.node': binary },
    disableExperimentalSEAWarning: true,
  }));
  if (buildsItself) {
    run('--build-sea', inScratch('config.json'));
  } else {
    run('--experimental-sea-config', inScratch('config.json'));
    copyFileSync(process.execPath, executable);
    chmodSync(executable, 0o755);
    const postject = createRequire(import.meta.url).resolve('postject/dist/cli.js');
    const options = process.platform === 'darwin' ? ['--macho-segment-name', 'NODE_SEA'] : [];
    run(postject, executable, 'NODE_SEA_BLOB', inScratch('app.blob'), '--sentinel-fuse', fuse, ...options);
  }
  // macOS runs nothing that was changed after it was signed.
  if (process.platform === 'darwin') execFileSync('codesign', ['--force', '--sign', '-', executable], { stdio: 'inherit' });
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
