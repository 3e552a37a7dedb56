'use strict';

// The packages as users get them: packed from this tree, installed by each package manager into an empty folder on a machine that has Node
// alone, and used there on every Node line.

const { after, before, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { Machine } = require('./packages/machine.js');
const { nodeLines, publish } = require('./packages/publish.js');

const root = path.join(__dirname, '..');
const managers = {
  pnpm: path.join(root, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs'),
  yarn: path.join(root, 'node_modules', '@yarnpkg', 'cli-dist', 'bin', 'yarn.js'),
};

const machine = new Machine();
let nodes, npm, registry, main, platform, newest;

before(async () => {
  nodes = await nodeLines();
  newest = nodes.at(-1).path;
  ({ registry, main, platform, npm } = await publish(machine));
});

after(async () => {
  await registry?.close();
  machine.remove();
});

// A project with programs, and nothing installed.
function project(...names) {
  const directory = machine.make('projects', ...names);
  fs.writeFileSync(path.join(directory, 'package.json'), JSON.stringify({ name: 'project', private: true }));
  for (const name of ['program.cjs', 'hooked.mjs']) fs.copyFileSync(path.join(__dirname, 'packages', name), path.join(directory, name));
  return directory;
}

const runNpm = (directory, ...args) => machine.succeed(newest, [npm, ...args], { cwd: directory, node: newest });

// The program in a project, on one Node: everything works, and the binary is the one in `folder`.
async function works(directory, node, folder, options = []) {
  const { binary, node: used, ...results } = JSON.parse(await machine.succeed(node, [...options, 'program.cjs'], { cwd: directory, node }));
  assert.equal(fs.realpathSync(used), fs.realpathSync(node));
  assert.deepEqual(results, { required: 4, imported: true, required_name: true, imported_name: true, worker: 7 });
  assert.ok(binary.startsWith(folder), `${binary} is not in ${folder}`);
  assert.ok(binary.endsWith(path.join(platform.name, 'ferrule.node')), binary);
}

// What turns the permission model of a Node on, and then what allows FFI.
function permissions(node) {
  const line = Number(/[\\/]v(\d+)\./.exec(node)[1]);
  return [line === 20 ? '--experimental-permission' : '--permission', ...(line >= 26 ? ['--allow-ffi'] : [])];
}

async function onEveryLine(t, check) {
  assert.ok(nodes.length > 0);
  for (const { version, path: node } of nodes) await t.test(`Node ${version}`, () => check(node));
}

test('the package of a platform names what is in its binary, with its licence', () => {
  const text = fs.readFileSync(path.join(platform.directory, 'NOTICES.md'), 'utf8');
  assert.match(text, /^## libffi\n\nLicence MIT, source https:\/\/github\.com\/libffi\/libffi\n\n    libffi - Copyright/m);
  assert.match(text, /^## dynasmrt [\d.]+\n\nLicence MPL-2\.0, source https:\/\/github\.com\//m);
  assert.match(text, /^## hashbrown [\d.]+\n\nLicence MIT, .*\n\n    Copyright/m);
  // These only build it, or test it.
  assert.doesNotMatch(text, /^## (syn|thiserror-impl|proptest|ferrule-\w+|autocfg|cc) /m);
});

describe('installed by npm, into a folder whose name has spaces and letters from elsewhere', () => {
  let directory;

  before(async () => {
    directory = project('with spaces', 'Größe und Бинарник');
    await runNpm(directory, 'install', 'ferrule');
  });

  test('only the package of this platform is there', () => {
    const [scope, name] = platform.name.split('/');
    assert.deepEqual(fs.readdirSync(path.join(directory, 'node_modules', scope)), [name]);
    assert.deepEqual(registry.fetched.filter((fetched) => ![main.name, platform.name].includes(fetched)), []);
    const content = fs.readdirSync(path.join(directory, 'node_modules', scope, name));
    assert.deepEqual(content.sort(), ['LICENSE', 'NOTICES.md', 'README.md', 'ferrule.node', 'package.json']);
  });

  test('it works by every way to the module', (t) => onEveryLine(t, (node) => works(directory, node, path.join(directory, 'node_modules'))));

  test('the command runs a program that only knows node:ffi', (t) => onEveryLine(t, async (node) => {
    const command = path.join(directory, 'node_modules', '.bin', 'ferrule');
    assert.equal(await machine.succeed(command, ['hooked.mjs'], { cwd: directory, node }), '26\n');
  }));

  test('--require ferrule/register and --import ferrule/register do the same', (t) => onEveryLine(t, async (node) => {
    for (const option of ['--require', '--import']) {
      assert.equal(await machine.succeed(node, [option, 'ferrule/register', 'hooked.mjs'], { cwd: directory, node }), '26\n');
    }
  }));

  test('it loads where nothing but the project may be read', (t) => onEveryLine(t, async (node) => {
    const [model, ...allowed] = permissions(node);
    const options = [model, '--allow-addons', ...allowed, `--allow-fs-read=${path.join(directory, '*')}`, '--no-warnings'];
    const code = "require('ferrule'); console.log(process.permission.has('fs.read', '/proc/self/exe'))";
    assert.equal(await machine.succeed(node, [...options, '-e', code], { cwd: directory, node }), 'false\n');
  }));

  test('what lies in node_modules is small', () => {
    const sizeOf = (file) => (fs.statSync(file).isDirectory()
      ? fs.readdirSync(file).reduce((sum, name) => sum + sizeOf(path.join(file, name)), 0) : fs.statSync(file).size);
    const folder = (name) => path.join(directory, 'node_modules', name);
    assert.ok(sizeOf(path.join(folder(platform.name), 'ferrule.node')) < 1e6);
    assert.ok(sizeOf(folder('ferrule')) + sizeOf(folder(platform.name)) < 1.5e6);
  });
});

test('for another machine, npm brings the package of that one', async () => {
  const directory = project('another');
  const others = ['--os=linux', '--cpu=arm64', `--libc=${platform.name.includes('arm64-musl') ? 'glibc' : 'musl'}`];
  const before = registry.fetched.length;
  await runNpm(directory, 'install', 'ferrule', ...others);
  const asked = registry.fetched.slice(before).filter((name) => name !== main.name);
  assert.deepEqual([...new Set(asked)], [`@ferrule/linux-arm64-${others[2] === '--libc=musl' ? 'musl' : 'gnu'}`]);
});

describe('installed by other package managers', () => {
  test('pnpm, whose packages see only what they depend on', async (t) => {
    const directory = project('pnpm');
    await machine.succeed(newest, [managers.pnpm, 'add', 'ferrule'], {
      cwd: directory, node: newest, variables: { npm_config_store_dir: machine.make('pnpm-store'), CI: '1' },
    });
    assert.ok(fs.lstatSync(path.join(directory, 'node_modules', 'ferrule')).isSymbolicLink());
    assert.ok(!fs.existsSync(path.join(directory, 'node_modules', '@ferrule')), 'nothing is hoisted');
    await onEveryLine(t, (node) => works(directory, node, path.join(directory, 'node_modules', '.pnpm')));
  });

  test("Yarn's Plug'n'Play, without node_modules", async (t) => {
    const directory = project('yarn');
    fs.writeFileSync(path.join(directory, '.yarnrc.yml'), [
      'nodeLinker: pnp', 'enableTelemetry: false', 'enableGlobalCache: false', 'pnpEnableEsmLoader: true', 'unsafeHttpWhitelist: ["127.0.0.1"]',
      `npmRegistryServer: ${JSON.stringify(registry.origin)}`, '',
    ].join('\n'));
    fs.writeFileSync(path.join(directory, 'yarn.lock'), '');
    await machine.succeed(newest, [managers.yarn, 'add', 'ferrule'], { cwd: directory, node: newest });
    assert.ok(!fs.existsSync(path.join(directory, 'node_modules')));
    await onEveryLine(t, (node) => works(directory, node, path.join(directory, '.yarn', 'unplugged'), [managers.yarn, 'node']));
  });
});

describe('without a binary that loads', () => {
  const code = 'try { require("ferrule") } catch ({ code, message }) { console.log(JSON.stringify({ code, message })) }';
  const refusal = async (project, options = []) => {
    return JSON.parse(await machine.succeed(newest, [...options, '-e', code], { cwd: project, node: newest }));
  };
  let directory;

  before(async () => {
    directory = project('without');
    await runNpm(directory, 'install', 'ferrule', '--omit=optional');
  });

  test('left out by --omit=optional: the error names the platform, and what to do', async () => {
    assert.ok(!fs.existsSync(path.join(directory, 'node_modules', '@ferrule')));
    const { code: found, message } = await refusal(directory);
    assert.equal(found, 'ERR_FERRULE_NO_BINARY');
    const libc = platform.target.libc === undefined ? '' : `, C library ${platform.target.libc}`;
    const built = path.join(directory, 'node_modules', 'ferrule', 'build', 'ferrule.node');
    assert.equal(message, [
      `Ferrule has no native binary for platform ${process.platform}, architecture ${process.arch}${libc}.`,
      `Its package ${platform.name} is not installed.`,
      'It is an optional dependency of ferrule: install again without --omit=optional or --no-optional, and on the platform that the program',
      'runs on (docs/installing.md).',
      `To build it from source, run "npm run build" in a checkout of Ferrule's repository, and copy the build/ferrule.node that it makes to ${built}.`,
    ].join(' '));
  });

  test('npm rebuild, which has nothing to build, ends well and leaves the error', async () => {
    await runNpm(directory, 'rebuild');
    assert.equal((await refusal(directory)).code, 'ERR_FERRULE_NO_BINARY');
  });

  test('a platform that there is no package for', async () => {
    const disguise = path.join(directory, 'disguise.cjs');
    fs.writeFileSync(disguise, 'Object.defineProperty(process, "arch", { value: "pdp11" });');
    const { code: found, message } = await refusal(directory, ['--require', disguise]);
    assert.equal(found, 'ERR_FERRULE_NO_BINARY');
    assert.match(message, /architecture pdp11\b.*There is no package for this platform\. To build it from source, run "npm run build"/);
  });

  test('a binary that was built from source is found where the error says', async () => {
    const folder = path.join(directory, 'node_modules', 'ferrule', 'build');
    fs.mkdirSync(folder);
    fs.copyFileSync(path.join(platform.directory, 'ferrule.node'), path.join(folder, 'ferrule.node'));
    assert.equal(await machine.succeed(newest, ['--require', 'ferrule/register', 'hooked.mjs'], { cwd: directory, node: newest }), '26\n');
    fs.rmSync(folder, { recursive: true });
  });

  test('npm install, without the option, brings the package', async () => {
    await runNpm(directory, 'install', '--include=optional');
    await works(directory, newest, path.join(directory, 'node_modules'));
  });

  test('a binary that does not load is another error, with the reason of the system', async () => {
    const file = path.join(directory, 'node_modules', platform.name, 'ferrule.node');
    fs.rmSync(file);
    fs.writeFileSync(file, 'this is no library, but it is long enough to be read as the header of one, which it then turns out not to have');
    const { code: found, message } = await refusal(directory);
    assert.equal(found, 'ERR_FERRULE_BINARY_NOT_LOADED');
    const beginning = `Ferrule's native binary in the package ${platform.name} is there, but does not load on platform ${process.platform}, `;
    assert.ok(message.startsWith(beginning), message);
    assert.match(message, /: .*ferrule\.node.*\. It was made for another platform or C library, is damaged, or needs a newer system/);
  });
});
