'use strict';

// Which call a process is at, in a file, for when it does not live to say so.

const fs = require('node:fs');
const { stages } = require('./sets');

const names = Object.keys(stages);
const record = new Int32Array(4);

/** Makes what writes the call that comes next into `file`: its signature's index, the stage and the number of the set. */
function progressWriter(file, charIsSigned) {
  const descriptor = fs.openSync(file, 'w');
  record[3] = Number(charIsSigned);
  return (index, stage, set) => {
    record[0] = index;
    record[1] = names.indexOf(stage);
    record[2] = set;
    fs.writeSync(descriptor, record, 0, record.byteLength, 0);
  };
}

/** What the last call was: `{ index, stage, set, charIsSigned }`; undefined before the first one. */
function readProgress(file) {
  const bytes = fs.existsSync(file) ? fs.readFileSync(file) : Buffer.alloc(0);
  if (bytes.length === 0) return undefined;
  const [index, stage, set, charIsSigned] = new Int32Array(Uint8Array.from(bytes).buffer);
  return { index, stage: names[stage], set, charIsSigned: charIsSigned === 1 };
}

module.exports = { progressWriter, readProgress };
