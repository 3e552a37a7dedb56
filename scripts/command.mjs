// Starting other programs: finding them on PATH, running them, reading what they print. The scripts use nothing else
// to start a process, so that what is special about Windows (npm is a script there, executables have extensions)
// stands here once.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** An error whose message is written for the person at the terminal: it is printed without a stack. */
export class Failure extends Error {}

/** Runs `main` when `url` (an `import.meta.url`) is the script Node was started with. */
export async function runAsScript(url, main) {
  const script = process.argv[1];
  if (!script || pathToFileURL(fs.realpathSync(script)).href !== url) return;
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Failure ? error.message : error);
    process.exitCode = 1;
  }
}

// Windows spells it Path, and two spellings in one environment would hide each other.
const pathVariable = Object.keys(process.env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';

/** Our environment with one more directory at the end of the search path. */
export function environmentWithPath(directory) {
  const directories = [process.env[pathVariable], directory].filter(Boolean);
  return { ...process.env, [pathVariable]: directories.join(path.delimiter) };
}

/** The full path of a program, or null: what a shell would find on PATH. */
export function findProgram(name, environment = process.env) {
  const searchPath = environment[pathVariable] ?? '';
  const extensions = process.platform === 'win32' ? (environment.PATHEXT ?? '.EXE;.CMD;.BAT').split(';') : [''];
  const directories = name.includes('/') || name.includes(path.sep) ? [''] : searchPath.split(path.delimiter);
  for (const directory of directories) {
    for (const extension of extensions) {
      const candidate = path.join(directory, name + extension);
      try {
        fs.accessSync(candidate, fs.constants.X_OK);
        if (fs.statSync(candidate).isFile()) return candidate;
      } catch {
        // Not here: the next directory may have it.
      }
    }
  }
  return null;
}

/**
 * Runs a program to its end, without a shell, and resolves to `{ code, signal, output }`.
 *
 * Its standard error goes to ours. So does its standard output, unless `onLine` is given, which is then called with
 * each line, or `capture` is, with which both outputs are collected into `output` instead. After `timeout`
 * milliseconds the program is killed and `timedOut` is set.
 */
export function run(program, args, { cwd = root, env = process.env, onLine, capture = false, timeout } = {}) {
  return new Promise((resolve, reject) => {
    const piped = onLine || capture ? 'pipe' : 'inherit';
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', piped, capture ? 'pipe' : 'inherit'] });
    const chunks = [];
    let rest = '';
    let timedOut = false;
    const timer = timeout && setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeout);
    child.stdout?.on('data', (chunk) => {
      if (capture) chunks.push(chunk);
      if (!onLine) return;
      const lines = (rest + chunk).split(/\r?\n/);
      rest = lines.pop();
      lines.forEach((line) => onLine(line));
    });
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    const finish = (code, signal) => {
      clearTimeout(timer);
      if (rest) onLine(rest);
      resolve({ code, signal, timedOut, output: Buffer.concat(chunks).toString() });
    };
    child.on('close', finish);
    // A killed program may leave children of its own behind that hold its output open: do not wait for those.
    child.on('exit', (code, signal) => timedOut && finish(code, signal));
  });
}

/** How to start npm: the program, and the arguments that come before npm's own. */
export function npmCommand() {
  const fromEnvironment = process.env.npm_execpath;
  if (fromEnvironment && /^npm-cli\.c?js$/.test(path.basename(fromEnvironment))) {
    return [process.execPath, fromEnvironment];
  }
  const besideNode = path.join(path.dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js');
  if (fs.existsSync(besideNode)) return [process.execPath, besideNode];
  const onPath = process.platform === 'win32' ? null : findProgram('npm');
  if (!onPath) throw new Failure('npm is missing: it comes with Node.js, see https://nodejs.org');
  return [onPath];
}

export function npm(args, options) {
  const [program, ...first] = npmCommand();
  return run(program, [...first, ...args], options);
}

/** What to say about how a program ended; null when it ended well. */
export function failureOf({ code, signal, timedOut }) {
  if (timedOut) return 'took too long and was killed';
  if (signal) return `was killed by ${signal}`;
  return code === 0 ? null : `ended with exit code ${code}`;
}

/** Seconds with one decimal, for people. */
export function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** How many processes to run side by side: all cores, but a machine with many is not ours alone. */
export const parallelism = Math.max(1, Math.min(8, os.availableParallelism()));
