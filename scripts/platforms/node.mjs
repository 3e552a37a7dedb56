// A platform's Node: where it comes from (platforms/source.mjs) and how it is run (the subclasses of LaunchedNode in
// platforms/launcher.mjs), both as the platform's record says.

import { EmulatedNode } from './emulator.mjs';
import { MuslNode } from './musl.mjs';
import { NativeNode } from './native.mjs';
import { sourceOf } from './source.mjs';
import { WineNode } from './wine.mjs';

/** The ways to run Node: `runs` of a record's `node`. */
const runners = { emulated: EmulatedNode, native: NativeNode, musl: MuslNode, wine: WineNode };

/** The Node of a platform, all of whose files are in `directory`. */
export function nodeOf(directory, record) {
  return new runners[record.node.runs](directory, record, sourceOf(directory, record));
}
