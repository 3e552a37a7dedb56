'use strict';

// Talks to the process that has started this one.

process.once('message', (heard) => {
  process.send({ heard });
  process.send('last');
  process.exitCode = 3;
});
process.send('ready');
