// The package as it is for another platform: a copy of the tree, with that platform's addon and fixture where the
// JavaScript looks for them. It is a copy and no link, because Node takes a file for where its link leads.

import fs from 'node:fs';
import path from 'node:path';

/** What is not copied, at any depth: what is generated, and what is about the working copy. cargo's settings are the package's. */
function isLeftOut(name) {
  return (name.startsWith('.') && name !== '.cargo') || name === 'node_modules' || name === 'target' || name === 'build';
}

function sameFile(source, target) {
  const found = fs.statSync(target, { throwIfNoEntry: false });
  return found?.isFile() && found.size === fs.statSync(source).size && fs.readFileSync(source).equals(fs.readFileSync(target));
}

/** Makes `target` a copy of the file `source` in one step: what runs meanwhile has the old file or the new one. */
function copyFile(source, target) {
  if (sameFile(source, target)) return;
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.rmSync(`${target}.new`, { force: true });
  fs.copyFileSync(source, `${target}.new`);
  fs.renameSync(`${target}.new`, target);
}

function copyTree(source, target) {
  fs.mkdirSync(target, { recursive: true });
  const entries = fs.readdirSync(source, { withFileTypes: true }).filter(({ name }) => !isLeftOut(name));
  const names = new Set(entries.map(({ name }) => name));
  for (const name of fs.readdirSync(target)) {
    if (!names.has(name) && !isLeftOut(name)) fs.rmSync(path.join(target, name), { recursive: true });
  }
  for (const entry of entries) {
    const [from, to] = [source, target].map((directory) => path.join(directory, entry.name));
    if (entry.isDirectory()) copyTree(from, to);
    else if (entry.isFile()) copyFile(from, to);
  }
}

/** Makes `directory` the package in `root` with these binaries. */
export function copyPackage(root, directory, { addon, fixture }) {
  copyTree(root, directory);
  copyFile(addon, path.join(directory, 'build', 'ferrule.node'));
  copyFile(fixture, path.join(directory, 'target', 'release', path.basename(fixture)));
}
