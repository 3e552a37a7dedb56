// What was done, how long it took, and whether it is right.

import { bold, green, milliseconds, print, rate, red, table } from './terminal.mjs';

export class Report {
  #parts = [];

  // `amount` is how many of `unit` were done in `time` milliseconds. `checks` maps a sentence about the result, which
  // has to hold, to whether it does.
  add({ library, task, result, amount, unit, time, checks }) {
    if (Object.keys(checks).length === 0) throw new TypeError(`nothing proves that "${task}" is right`);
    this.#parts.push({ library, task, result, amount, unit, time, checks });
  }

  get failures() {
    return this.#parts.flatMap(({ library, task, checks }) => Object.entries(checks)
      .filter(([, holds]) => holds !== true)
      .map(([sentence]) => `${library}, ${task}: it is not so that ${sentence}`));
  }

  print() {
    table(
      [{ title: 'Library' }, { title: 'Task' }, { title: 'Result', right: true }, { title: 'Time', right: true },
        { title: 'Rate', right: true }, { title: '' }],
      this.#parts.map(({ library, task, result, amount, unit, time, checks }) => [
        library, task, result, milliseconds(time), rate(amount, unit, time),
        Object.values(checks).every((holds) => holds === true) ? { text: '✓', paint: green } : { text: '✗', paint: red },
      ]),
    );
    print();
    const { failures } = this;
    for (const failure of failures) print(`  ${red('✗')} ${failure}`);
    const checkCount = this.#parts.reduce((sum, { checks }) => sum + Object.keys(checks).length, 0);
    if (failures.length === 0) print(`  ${green('✓')} ${bold(`All ${checkCount} checks against plain JavaScript hold.`)}`);
  }
}
