// Bundles a program that uses Ferrule with esbuild, in each of the ways there are:
//
//   node examples/bundling/bundle.mjs <program> <directory>
//
//   <directory>/app.cjs, app.mjs and ferrule-….node     the native binary lies beside the bundle
//   <directory>/one.cjs, one.mjs                        it is inside

import path from 'node:path';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { embed } from './embed.mjs';

// The output of esbuild is an ES module without `require`, and what it has bundled asks for Node's own modules by it.
const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

const common = (program, format) => ({
  entryPoints: [program],
  bundle: true,
  platform: 'node',
  target: 'node20',
  format,
  ...(format === 'esm' ? { banner: { js: banner } } : {}),
});

/** The bundle, and beside it the binary of the platform whose package is installed. */
export async function bundleBeside(program, file, format) {
  const { dir: outdir, name, ext } = path.parse(file);
  await build({ ...common(program, format), outdir, entryNames: name, outExtension: { '.js': ext }, loader: { '.node': 'copy' } });
}

/** One file. It writes the binary to a temporary file when it starts, which it deletes at once where the system allows. */
export async function bundleWithin(program, file, format) {
  await build({ ...common(program, format), outfile: file, plugins: [embed()] });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { positionals: [program, directory] } = parseArgs({ allowPositionals: true });
  for (const [format, extension] of [['cjs', '.cjs'], ['esm', '.mjs']]) {
    await bundleBeside(program, path.join(directory, `app${extension}`), format);
    await bundleWithin(program, path.join(directory, `one${extension}`), format);
  }
}
