// The test files that do not run on other platforms, with the reason: those that run on none, and what the record of a
// platform adds (`leftOut`, by file). scripts/platforms.mjs prints them, and every test that says itself why it is skipped.

import { onOneLine, testFiles } from '../test-files.mjs';
import { firstBuiltIn } from './launcher.mjs';

const sameEverywhere = 'the answer is the same on every platform: npm test has it';

const everywhere = {
  'test/demo.test.js': "also builds for this machine, in the addon's place, and gives programs the time that a real processor needs",
  ...Object.fromEntries([...onOneLine].map((file) => [file, sameEverywhere])),
};

/** What compares with the module that Node has itself. */
const comparison = { 'test/conformance/conformance.test.js': `compares with the node:ffi of Node ${firstBuiltIn}, which there is none of for the platform` };

/** The processors that Ferrule compiles code for, and what is all about when a call takes which of the tiers. */
const compiled = ['x64', 'arm64'];
const tiers = {
  'test/executable-memory.test.js': 'is about compiled code, which there is none of',
  'test/abi.test.js': 'is about compiled code, which there is none of; its float32 results are halves of doubles, which not every processor returns alike',
  'test/gate.test.js': 'says when a call may take which tier: Ferrule compiles no code for this processor, which has the slow tier only',
};

/** The processors with addresses of 32 bits. */
const narrow = ['arm', 'ia32'];
const sizes = Object.fromEntries(['documents', 'guard-document', 'migrating', 'troubleshooting'].map((name) => (
  [`test/${name}.test.js`, 'the examples are for machines with addresses of 64 bits: they declare size_t as u64']
)));

const byArchitecture = (architecture) => ({
  ...compiled.includes(architecture) ? {} : tiers, ...narrow.includes(architecture) ? sizes : {},
});

/** The test files of a platform, which has an oracle to compare with or has none, and what is left out: `{ files, leftOut }`, the latter as `[file, reason]`. */
export function testFilesOf(record, oracle) {
  const leftOut = { ...everywhere, ...oracle ? {} : comparison, ...byArchitecture(record.architecture), ...record.leftOut };
  const all = testFiles();
  const files = all.filter((file) => !Object.hasOwn(leftOut, file));
  return { files, leftOut: Object.entries(leftOut).filter(([file]) => all.includes(file)) };
}
