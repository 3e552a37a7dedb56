'use strict';

// One process of the differential fuzz: loads a library of generated functions and calls each of them.
//
//   node --allow-natives-syntax batch.js JOB
//
// JOB is JSON: { seed, first, count, library, report, progress, requireFast, fault }. What came out is written to the file `report`,
// as JSON; where it is, to the file `progress`, for when the process does not live to say so.

const fs = require('node:fs');
const path = require('node:path');
const ffi = require('../subject');
const { progressWriter } = require('./progress');
const { Record } = require('./record');
const { stages } = require('./sets');
const { signatureAt } = require('./signatures');
const { Trial } = require('./trial');

// More of them say nothing new.
const MOST_FAILURES = 5;

// What says which tier took the last call (with FERRULE_TIER_TRACE); undefined where there are no tiers, as in Node's own module.
function findLastTier() {
  const file = path.join(path.dirname(require.resolve(process.env.FERRULE_SUBJECT ?? 'ferrule')), 'wrap.js');
  return fs.existsSync(file) ? require(file).lastTier : undefined;
}

function main({ seed, first, count, library: file, report, progress, requireFast, fault }) {
  const library = new ffi.DynamicLibrary(file);
  const counts = { calls: 0, heated: 0, optimised: 0, tiers: Object.fromEntries(Object.keys(stages).map((stage) => [stage, {}])) };
  const failures = [];
  let failed = 0;
  const record = new Record(ffi, library);
  const environment = {
    seed,
    library,
    counts,
    record,
    progress: progressWriter(progress, record.charIsSigned),
    lastTier: findLastTier(),
    requireFast,
    fault,
    fail(failure) {
      failed += 1;
      if (failures.length < MOST_FAILURES) failures.push(failure);
    },
  };
  const trials = Array.from({ length: count }, (_, index) => new Trial(environment, signatureAt(seed, first + index)));
  for (const trial of trials) trial.run();
  const callback = library.registerCallback({ return: 'void', arguments: [] }, () => {});
  for (const trial of trials) trial.again('callback');
  library.unregisterCallback(callback);
  for (const trial of trials) trial.again('released');
  fs.writeFileSync(report, JSON.stringify({ counts, failures, failed, traced: environment.lastTier !== undefined }));
}

main(JSON.parse(process.argv[2]));
