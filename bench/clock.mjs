// The clock: it stands still while the system lets another program run on this thread's processor, which can make a sample several times
// longer on a machine that is not idle. Linux says how long a thread has waited for a processor; elsewhere it is an ordinary clock.

import fs from 'node:fs';

const statistics = '/proc/thread-self/schedstat';
const file = fs.existsSync(statistics) ? fs.openSync(statistics) : null;
const text = new Uint8Array(64);
const decoder = new TextDecoder();

/** The time this thread has waited for a processor, in milliseconds: the second of the file's numbers, which is in nanoseconds. */
function waited() {
  if (file === null) return 0;
  const length = fs.readSync(file, text, 0, text.length, 0);
  return Number(decoder.decode(text.subarray(0, length)).split(' ')[1]) / 1e6;
}

/** The time in milliseconds from any beginning, without the time waited for a processor. */
export function now() {
  for (;;) {
    const wait = waited();
    const time = performance.now();
    // Both numbers are of one moment when there was no waiting between them.
    if (waited() === wait) return time - wait;
  }
}
