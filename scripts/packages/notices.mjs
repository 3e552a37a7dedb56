// The licences of what is compiled into the native binary: they ask for being named, and for their text, wherever the binary goes.

import fs from 'node:fs';
import path from 'node:path';
import { Failure, failureOf, run } from '../command.mjs';
import { toolchain } from '../build.mjs';

export const noticesName = 'NOTICES.md';

const addon = 'ferrule-addon';

/** What a binary may be made of and still be published under Ferrule's own licence; of several, the user may choose. */
const accepted = ['MIT', 'ISC', 'MPL-2.0'];

/** Sources that a crate has in it, with a licence of their own. */
const within = { 'libffi-sys': { name: 'libffi', license: 'MIT', repository: 'https://github.com/libffi/libffi', directory: 'libffi' } };

/** Of the files of a crate, the one with the text of the licence that applies, the best first. */
const files = [/^LICENSE-MIT/i, /^LICENSE(\.\w+)?$/i, /^COPYING$/i];

function textIn(directory) {
  const names = fs.readdirSync(directory);
  const found = files.map((pattern) => names.find((name) => pattern.test(name))).find(Boolean);
  return found && fs.readFileSync(path.join(directory, found), 'utf8').trim();
}

/** What cargo knows about the crates, on a platform by Rust's name for it. */
async function metadata(root, target) {
  const { cargo, env } = toolchain(root);
  const lines = [];
  const args = ['metadata', '--format-version', '1', '--locked', '--filter-platform', target];
  const failure = failureOf(await run(cargo, args, { cwd: root, env, onLine: (line) => lines.push(line) }));
  if (failure) throw new Failure(`cargo ${args.join(' ')} ${failure}.`);
  return JSON.parse(lines.join('\n'));
}

/** The crates of others whose code is in the addon: not what only builds it, nor what only tests it. */
function linkedCrates({ packages, resolve }) {
  const byId = new Map(packages.map((entry) => [entry.id, entry]));
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const runsInCompiler = (id) => byId.get(id).targets.some(({ kind }) => kind.includes('proc-macro'));
  const found = new Set();
  const visit = (id) => {
    if (found.has(id) || runsInCompiler(id)) return;
    found.add(id);
    for (const { pkg, dep_kinds: kinds } of nodes.get(id).deps) if (kinds.some(({ kind }) => kind === null)) visit(pkg);
  };
  visit(packages.find(({ name }) => name === addon).id);
  return [...found].map((id) => byId.get(id)).filter(({ source }) => source !== null).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The licence of a crate that applies to the binary. */
export function licenseOf({ name, license }) {
  const choices = (license ?? '').split(/ OR |\//).map((choice) => choice.trim());
  const chosen = accepted.find((candidate) => choices.includes(candidate));
  if (!chosen) throw new Failure(`${name} has the licence ${license}, of which nobody has decided what it asks for (scripts/packages/notices.mjs).`);
  return chosen;
}

function section({ name, version, license, repository }, text) {
  const indented = text?.replace(/\r\n/g, '\n').split('\n').map((line) => `    ${line}`.trimEnd()).join('\n');
  return [`## ${[name, version].filter(Boolean).join(' ')}`, '', `Licence ${license}, source ${repository}`, ...(text ? ['', indented] : []), ''];
}

/** The text of the file, for the binary of a target. */
export async function notices(root, { target }) {
  const sections = [];
  for (const crate of linkedCrates(await metadata(root, target))) {
    const directory = path.dirname(crate.manifest_path);
    sections.push(section({ ...crate, license: licenseOf(crate) }, textIn(directory)));
    const inner = within[crate.name];
    if (inner) sections.push(section(inner, textIn(path.join(directory, inner.directory))));
  }
  sections.push(section({ name: "Rust's standard library", license: 'MIT', repository: 'https://github.com/rust-lang/rust' }));
  const introduction = 'Ferrule itself has the licence in the file LICENSE. The native binary also has in it, unchanged:';
  return ['# What is in the binary', '', introduction, '', ...sections.flat()].join('\n');
}
