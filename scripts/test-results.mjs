// What came out of test files, for the terminal.

import { seconds } from './command.mjs';
import { shownOutput } from './test-files.mjs';

/** `{ passed, failed, skipped }` in words. */
export function countsText({ passed, failed, skipped }) {
  return `${passed} passed${failed ? `, ${failed} failed` : ''}${skipped ? `, ${skipped} skipped` : ''}`;
}

/** One test file, as `runTestFiles` gives it to `onFile`. */
export function printFile(result) {
  console.log(`${result.failed ? 'FAIL' : ' ok '} ${result.file.padEnd(36)} ${seconds(result.time).padStart(7)}   ${countsText(result)}`);
  for (const { name, details } of result.failures) {
    console.log([`\n     ${name}`, ...details.split('\n').map((line) => `       ${line}`)].join('\n'));
  }
  if (result.failed === 0) return;
  if (result.output.trim()) console.log(['\n     It printed:', ...shownOutput(result.output).map((line) => `       ${line}`)].join('\n'));
  console.log();
}
