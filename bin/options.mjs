// What the command line of `ferrule` says. Ferrule's own options may stand anywhere among Node's, before the program; everything else is
// Node's and the program's, and goes on as it is.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const fileOf = (name) => fileURLToPath(new URL(name, import.meta.url));

const help = `Usage: ferrule [options] [Node's options] [--] program.mjs [arguments]

Runs a program with the current Node and Ferrule under the name node:ffi.

  --guard     checks every pointer before it is used, and says which native call has ended
              the process (docs/guarded-mode.md)
  --help      prints this text
  --version   prints Ferrule's version

All other options are Node's: see node --help.
`;

const version = () => `${JSON.parse(readFileSync(fileOf('../package.json'), 'utf8')).version}\n`;

// Each changes the launch: the arguments for Node that come first, the environment, or the text to print instead.
const own = {
  '__proto__': null,
  '--guard': ({ env }) => { env.FERRULE_GUARD = '1'; },
  '--help': (launch) => { launch.print ??= () => help; },
  '--version': (launch) => { launch.print ??= version; },
};

// Node's options that take the next argument for their value, of every line; a value that begins with a dash needs an equals sign. The
// end of the list of options is found by it, nothing else. test/launcher.test.js compares it with what each Node says of itself.
export const withValue = new Set(`
  -C -e -p -pe -r
  --allow-fs-read --allow-fs-write --bench-isolation --bench-name-pattern --bench-reporter --bench-reporter-destination --bench-samples
  --bench-warmup --build-sea --build-snapshot-config --conditions --cpu-prof-dir --cpu-prof-interval --cpu-prof-name --diagnostic-dir
  --disable-proto --disable-warning --dns-result-order --env-file --env-file-if-exists --eval --experimental-config-file
  --experimental-default-config-file --experimental-default-type --experimental-loader --experimental-package-map --experimental-policy
  --experimental-sea-config --experimental-test-isolation --experimental-test-tag-filter --heap-prof-dir --heap-prof-interval
  --heap-prof-name --heapsnapshot-near-heap-limit --heapsnapshot-signal --icu-data-dir --import --input-type --inspect-publish-uid --loader
  --localstorage-file --max-http-header-size --max-old-space-size-percentage --network-family-autoselection-attempt-timeout
  --openssl-config --policy-integrity --print --redirect-warnings --report-dir --report-directory --report-filename --report-signal
  --require --run --secure-heap --secure-heap-min --snapshot-blob --test-concurrency --test-coverage-branches --test-coverage-exclude
  --test-coverage-functions --test-coverage-include --test-coverage-lines --test-global-setup --test-isolation --test-name-pattern
  --test-random-seed --test-reporter --test-reporter-destination --test-rerun-failures --test-shard --test-skip-pattern --test-timeout
  --title --tls-cipher-list --tls-keylog --trace-event-categories --trace-event-file-pattern --trace-require-module --unhandled-rejections
  --use-largepages --v8-pool-size --vfs-load --vfs-mount --watch-kill-signal --watch-path
`.trim().split(/\s+/));

// How many of the arguments are options and their values.
function optionsEnd(args) {
  let index = 0;
  while (index < args.length && args[index].startsWith('-') && args[index] !== '-' && args[index] !== '--') {
    const hasValue = withValue.has(args[index]) && index + 1 < args.length && !args[index + 1].startsWith('-');
    index += hasValue ? 2 : 1;
  }
  return index;
}

// `{ args, env, print }`: the arguments and the environment for Node; or, if `print` is there, what makes the text to print instead.
export function parse(args) {
  const launch = { args: ['--require', fileOf('../lib/register.js')], env: { ...process.env }, print: undefined };
  const end = optionsEnd(args);
  for (const argument of args.slice(0, end)) {
    if (argument in own) {
      own[argument](launch);
    } else {
      launch.args.push(argument);
    }
  }
  launch.args.push(...args.slice(end));
  return launch;
}
