// Says how it was started.
import ffi from 'node:ffi';
import { createRequire } from 'node:module';

const { FERRULE_GUARD: guard = null } = process.env;
const isFerrule = ffi === createRequire(import.meta.url)('ferrule');
console.log(JSON.stringify({ isFerrule, guard, args: process.argv.slice(2), title: process.title.replace(/^.*node$/, 'node') }));
