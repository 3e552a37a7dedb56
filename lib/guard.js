'use strict';

// Guarded mode, as far as it needs JavaScript: the stack of a call, as text. Rust asks for it before each native call, because nobody can
// once a signal handler runs. Loaded in guarded mode only: making a realm takes time.
//
// It is taken in a realm of its own. `Error.prepareStackTrace` is looked up where the error was made, and what stands there is ours: the
// program's own is not run, and neither its `Error.stackTraceLimit` nor anything else that it does to `Error` counts.

const { basename, sep } = require('node:path');
const { createContext, runInContext } = require('node:vm');

// What nobody debugs is left out: Node's own functions, and ours. The wrappers' scripts have this for a name (wrap.js), and everything else of
// ours is in this folder. In a bundle, this file is the program's, and nothing but the wrappers can be told from it.
const SCRIPT = 'ferrule';
const isBundled = typeof __filename !== 'string' || basename(__filename) !== 'guard.js';
const FOLDER = isBundled ? SCRIPT : `${__dirname}${sep}`;

const source = `(function (SCRIPT, FOLDER) {
  'use strict';
  const { captureStackTrace } = Error;
  const { apply } = Reflect;
  const { startsWith } = String.prototype;
  const isIn = (file, folder) => apply(startsWith, file, [folder]);
  const isTheProgram = (file) => typeof file !== 'string' || !(file === SCRIPT || isIn(file, FOLDER) || isIn(file, 'node:internal/'));
  Error.stackTraceLimit = 30;
  Error.prepareStackTrace = (_, sites) => {
    let text = '';
    for (let index = 0; index < sites.length; index++) {
      if (isTheProgram(sites[index].getFileName())) text += \`        at \${sites[index]}\\n\`;
    }
    return text;
  };
  return { stack() {
    const holder = {};
    captureStackTrace(holder);
    return holder.stack;
  } }.stack;
})`;

function callStack() {
  return runInContext(source, createContext(), { filename: SCRIPT })(SCRIPT, FOLDER);
}

module.exports = { callStack: callStack() };
