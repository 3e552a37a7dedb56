// What is in the packages: their package.json, their files, their limits.

import { noticesName } from './notices.mjs';
import { packageOf } from './targets.mjs';

/** The name of the binary, in each platform's package. */
export const binaryName = 'ferrule.node';

/** In bytes. `installed` is the main package and one platform's, as they lie in node_modules. */
export const limits = { binary: 1_000_000, installed: 1_500_000 };

/** What both kinds of packages have from the repository's package.json. */
function common({ version, license, engines, keywords }) {
  return { version, license, engines, keywords };
}

/** The main package.json: the repository's, without what is for its developers, and with the packages of all platforms. */
export function mainManifest(repository, targets) {
  const { devDependencies, scripts, ...published } = repository;
  return {
    ...published,
    optionalDependencies: Object.fromEntries(targets.map((target) => [packageOf(target), repository.version])),
  };
}

/** The package.json of a platform's package. */
export function platformManifest(repository, target) {
  const { os, cpu, libc } = target;
  return {
    name: packageOf(target),
    description: `The native binary of Ferrule for ${target.target}: installed along with the package "ferrule".`,
    ...common(repository),
    os: [os],
    cpu: [cpu],
    ...(libc === undefined ? {} : { libc: [libc] }),
    main: binaryName,
    files: [binaryName, noticesName],
    // Yarn keeps packages zipped, whence no loader takes a library.
    preferUnplugged: true,
  };
}

export function platformReadme(repository, target) {
  return [
    `# ${packageOf(target)}`,
    '',
    `The native binary of Ferrule for ${target.target}. It is an optional dependency of the package`,
    `\`${repository.name}\`: install that one.`,
    '',
  ].join('\n');
}
