'use strict';

// How often a stress test does what it does: a number that takes a second or two, or all of it with FERRULE_STRESS_ALL=1 in the environment.
module.exports = (few, all) => (process.env.FERRULE_STRESS_ALL ? all : few);
