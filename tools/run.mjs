// What stands behind the npm scripts that must work on a bare clone: installs, builds, then runs one thing.
// Plain Node, no dependency: it runs before there are any.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { check } from './check.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const inRoot = (...parts) => path.join(root, ...parts);
const OLDEST_NODE = [20, 19];

const TARGETS = {
  demo: () => node('dist/apps/lab/src/demo.js'),
  start: () => node('dist/apps/cli/src/start.js'),
  chaos: () => node('dist/apps/lab/src/chaos.js'),
  migrate: () => node('dist/apps/cli/src/main.js', 'migrate'),
  gen: () => node('dist/apps/cli/src/main.js', 'gen'),
  test,
  check: () => check(root),
};

/** Resolves to the exit code. `onMessage` gets what the child sends over its channel. */
function run(command, onMessage) {
  const stdio = onMessage ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit';
  const child = spawn(process.execPath, command, { cwd: root, stdio });
  if (onMessage) child.on('message', onMessage);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // Ctrl-C in a terminal goes to the child as well: passed on, it would arrive twice.
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)));
  }
  return new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(error.message);
      resolve(1);
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

const node = (...command) => run(['--enable-source-maps', ...command, ...process.argv.slice(3)]);

/** All projects (or what the arguments of vitest choose). The last line is the count, whatever happened before. */
async function test() {
  let summary = { passed: 0, failed: 0, skipped: 0, refusedSkips: [] };
  const reporters = ['--reporter=default', '--reporter=./test/support/summary-reporter.ts'];
  const code = await run(['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...process.argv.slice(3)], (message) => {
    if (message && Array.isArray(message.refusedSkips)) summary = message;
  });
  const { passed, skipped, refusedSkips } = summary;
  if (refusedSkips.length > 0) console.error(`${refusedSkips.length} tests were skipped for something that .ci/run installs`);
  const hasFailed = code !== 0 || summary.failed > 0;
  // A run that fails without a failed test (it could not start, it was killed) is one failure too.
  const failed = hasFailed && summary.failed === 0 ? Math.max(1, refusedSkips.length) : summary.failed;
  await new Promise((resolve) => process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`, resolve));
  return hasFailed ? code || 1 : 0;
}

function refuseOldNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  console.error(`Trame needs Node ${OLDEST_NODE.join('.')} or newer (this is ${process.versions.node}): https://nodejs.org/en/download`);
  process.exit(1);
}

/** Installs when node_modules is not what the lock file says; the stamp is the digest of the lock file that was installed. */
function install() {
  const digest = createHash('sha256')
    .update(fs.readFileSync(inRoot('package-lock.json')))
    .digest('hex');
  const stamp = inRoot('node_modules', '.trame-lock');
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === digest) return;
  console.error('installing dependencies…');
  quietly('npm', ['ci', '--no-audit', '--no-fund']);
  fs.writeFileSync(stamp, digest);
}

function build() {
  quietly(process.execPath, ['node_modules/tsgo/bin/tsc', '-p', 'tsconfig.build.json']);
  removeOrphans(inRoot('dist'), root);
}

/** What was compiled from a file that is gone must not run any more (a migration that was renamed, say). */
function removeOrphans(compiled, sources) {
  for (const entry of fs.readdirSync(compiled, { withFileTypes: true })) {
    const [target, source] = [path.join(compiled, entry.name), path.join(sources, entry.name)];
    if (entry.isDirectory()) removeOrphans(target, source);
    else if (/\.js(\.map)?$/.test(entry.name) && !fs.existsSync(source.replace(/\.js(\.map)?$/, '.ts'))) fs.rmSync(target);
  }
}

/** Shows what a step wrote only when it fails, and ends with it. */
function quietly(command, args) {
  const step = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, shell: process.platform === 'win32' });
  if (step.status === 0) return;
  process.stderr.write(`${step.stdout ?? ''}${step.stderr ?? ''}${step.error ? `${step.error.message}\n` : ''}`);
  console.error(`${[command, ...args].join(' ')} failed`);
  process.exit(step.status || 1);
}

refuseOldNode();
const target = TARGETS[process.argv[2]];
if (!target) {
  console.error(`usage: node tools/run.mjs ${Object.keys(TARGETS).join('|')} [arguments…]`);
  process.exit(2);
}
install();
if (process.argv[2] !== 'check') build(); // `check` builds beside its other steps.
process.exitCode = await target();
