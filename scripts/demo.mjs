// `npm run demo`: builds Ferrule where that is needed, then runs the demo. Nothing has to be installed first.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const build = spawnSync(process.execPath, [fileURLToPath(new URL('build.mjs', import.meta.url))], { stdio: 'inherit' });
if (build.error) throw build.error;
if (build.status !== 0) process.exit(build.status ?? 1);

await import('../examples/demo.mjs');
