// A platform's Node: where it comes from (platforms/source.mjs) and how it is run (the subclasses of LaunchedNode in
// platforms/launcher.mjs), both as the platform's record says.

import { EmulatedNode } from './emulator.mjs';
import { MuslNode } from './musl.mjs';
import { NativeNode } from './native.mjs';
import { sourceOf } from './source.mjs';
import { WineNode } from './wine.mjs';

/** The ways to run Node: `runs` of a record's `node`. */
const runners = { emulated: EmulatedNode, native: NativeNode, musl: MuslNode, wine: WineNode };

/** The versions of Node that a platform has, oldest first. */
export function versionsOf({ node }) {
  return node.versions ?? Object.keys(node.releases);
}

/** The Node of a platform, all of whose files are in `directory`, for work with the versions that are `wanted`. */
export function nodeOf(directory, record, wanted) {
  return new runners[record.node.runs](directory, record, sourceOf(directory, record, wanted));
}
