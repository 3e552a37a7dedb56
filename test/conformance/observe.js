'use strict';

// Runs the cases on the module that FERRULE_SUBJECT names and prints each outcome as a line of JSON: [id] when the case
// begins, then [id, outcome]. A process that dies leaves the id of the case that ended it as its last line.
//
//   node observe.js cold        every case
//   node observe.js hot         the cases of calls, called from optimised code
//   node observe.js abort <id>  one of the cases that end the process
//   node observe.js heat        what one call answers cold and hot, as one line

const { readdirSync, writeSync } = require('node:fs');
const path = require('node:path');
const { outcomeOf, settledOutcomeOf, describeProperty } = require('./outcome');
const ffi = require('../subject');
const fixture = require('./native');

const STANDARD_OUTPUT = 1;

const [mode, abortId] = process.argv.slice(2);

if (mode === 'abort') {
  require('./aborts')[abortId](ffi, fixture);
} else if (mode === 'heat') {
  compareTemperatures();
} else {
  observe();
}

async function observe() {
  const record = recorder();
  record.warm = mode === 'hot' ? require('./heat').heat : (callable) => callable;
  record.namespace = await import(process.env.FERRULE_SUBJECT ?? 'ferrule');
  const directory = path.join(__dirname, 'cases');
  for (const file of readdirSync(directory).sort()) {
    const { cases, isCalls } = require(path.join(directory, file));
    if (mode === 'cold' || isCalls) {
      await cases(record, ffi, fixture);
    }
  }
}

// The first function that this process has: the built-in optimises only as long as there is no second one.
function compareTemperatures() {
  const { heat } = require('./heat');
  const add = fixture.native('add_i32', 'i32', 'i32', 'i32');
  const answer = (callable) => {
    try {
      return callable(1, -0);
    } catch (error) {
      return error.message;
    }
  };
  const cold = answer(add);
  print({ cold, hot: answer(heat(add, 1, 1)) });
}

function recorder() {
  const ids = new Set();
  const begin = (id) => {
    if (ids.has(id)) {
      throw new Error(`Two cases are called ${id}`);
    }
    ids.add(id);
    print([id]);
  };
  const record = (id, thunk) => {
    begin(id);
    print([id, outcomeOf(thunk)]);
  };
  record.property = (id, object, key) => {
    begin(id);
    print([id, { property: describeProperty(object, key) }]);
  };
  record.settled = async (id, thunk) => {
    begin(id);
    print([id, await settledOutcomeOf(thunk)]);
  };
  return record;
}

// Synchronous, so that nothing is lost when the next case ends the process.
function print(line) {
  writeSync(STANDARD_OUTPUT, `${JSON.stringify(line)}\n`);
}
