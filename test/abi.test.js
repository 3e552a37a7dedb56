'use strict';

// The differential fuzz of the calling conventions (scripts/fuzz-abi.mjs) with as many signatures as a test run has time for, and with
// deliberate errors, which it has to find.

const assert = require('node:assert/strict');
const { before, describe, test } = require('node:test');
const { isCompiled } = require('./machine');

const SEED = 20;
const SIGNATURES = 200;

let fuzz;

before(async () => {
  ({ fuzz } = await import('../scripts/fuzz-abi.mjs'));
});

// Other test files run at the same time.
const run = (options) => fuzz({ seed: SEED, lanes: 1, anyTier: !isCompiled, log() {}, ...options });

describe('C finds what was passed, and JavaScript what was returned', () => {
  for (const compiler of ['gcc', 'clang']) {
    test(compiler, async () => {
      const { totals, failures } = await run({ signatures: SIGNATURES, compiler });
      assert.equal(failures.join('\n'), '');
      assert.equal(totals.failed, 0);
      assert.equal(totals.functions, SIGNATURES);
      assert.ok(totals.calls >= SIGNATURES * 13, `${totals.calls} calls`);
      assert.equal(totals.heated, SIGNATURES);
      assert.equal(totals.optimised, SIGNATURES);
      // The fast tier takes what it must, or there would be failures. Nobody would notice, were it not known who took what.
      assert.ok(totals.traced);
      const { hot } = totals.tiers;
      if (isCompiled) assert.ok(hot.fast > SIGNATURES, JSON.stringify(totals.tiers));
      else assert.deepEqual(Object.keys(hot), ['slow']);
    });
  }
});

describe('a deliberate error is found', () => {
  const some = { signatures: 20, compiler: 'gcc' };

  // How many of the functions it has to be found in: not in all, because some have no parameter, or not one that shows it.
  const faults = {
    prediction: { least: 14, line: /argument 0 is wrong/ },
    parameter: { least: 6, line: /argument 0 is wrong/ },
    width: { least: 5, line: /argument \d+ is wrong/ },
    result: { least: 12, line: /the result is wrong/ },
  };
  for (const [fault, { least, line }] of Object.entries(faults)) {
    test(fault, async () => {
      const { totals, failures } = await run({ ...some, fault });
      // Each function is called at least 13 times, nearly always with something that shows it.
      assert.ok(totals.failed >= least * 10, `${totals.failed} mismatches`);
      assert.equal(failures.length, 5);
      for (const failure of failures) assert.match(failure, line);
    });
  }

  test('a tier that is too slow', async () => {
    const { failures } = await run({ ...some, anyTier: false, node: [process.execPath, '--no-turbo-fast-api-calls'] });
    assert.equal(failures.length, 5);
    for (const failure of failures) {
      assert.match(failure, isCompiled ? /, hot, arguments \d, cell tier:\n {2}optimised code did not take the fast tier\n/ : /, hot, arguments \d, slow tier:\n/);
    }
  });

  test('the end of the process', async () => {
    const { totals, failures } = await run({ ...some, fault: 'trap' });
    assert.equal(totals.failed, 1);
    assert.equal(failures.length, 1);
    assert.match(failures[0], /^\w+ f0\(.*\), seed 20, gcc -O2, call site "\w+", cold, arguments 0:\n/);
    assert.match(failures[0], /\n {2}the process was killed by SIG(ILL|TRAP)\n/);
    assert.match(failures[0], /__builtin_trap\(\);/);
  });
});

describe('a report', () => {
  // What it says of one function, without the commands.
  const reports = (failures) => failures.map((failure) => failure.slice(0, failure.indexOf('\nagain:')));

  test('names all that is needed to see it again', async () => {
    const { failures } = await run({ signatures: 3, first: 2, compiler: 'gcc', fault: 'parameter' });
    const [first] = failures;
    assert.match(first, /^\w+ f\d+\(.+\), seed 20, gcc -O2, call site "\w+", cold, arguments 0/);
    assert.match(first, /\n {2}0\. \w+ .+\n {7}predicted 0x[0-9a-f]{16}\n {7}received {2}0x[0-9a-f]{16}\n/);
    assert.match(first, /\nEXPORT .+ f\d+\(.+\) \{\n(.+\n)+\}\n/);
    const command = '(\\S+=\\S+ )?node scripts/fuzz-abi.mjs --seed 20';
    assert.match(first, new RegExp(`\nagain: +${command} --first \\d+ --signatures 1 --compiler gcc\n`));
    assert.match(first, new RegExp(`\nwith what ran before it: +${command} --first 2 --signatures 3 --compiler gcc\n`));
  });

  test('is the same when one signature is called alone', async () => {
    const all = reports((await run({ signatures: 6, compiler: 'gcc', fault: 'prediction' })).failures);
    const index = Number(/^\w+ f(\d+)\(/.exec(all.at(-1))[1]);
    const alone = reports((await run({ signatures: 1, first: index, compiler: 'gcc', fault: 'prediction' })).failures);
    assert.equal(alone[0], all.find((report) => report.includes(` f${index}(`)));
  });
});

test('a compiler that is missing is named', async () => {
  await assert.rejects(run({ signatures: 1, cc: 'no-such-compiler -O2' }), { message: /^no-such-compiler is missing: / });
  await assert.rejects(run({ signatures: 1, compiler: 'tcc' }), { message: '--compiler knows gcc, clang, both, alternating, not tcc.' });
});
