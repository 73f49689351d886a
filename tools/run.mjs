// What stands behind the npm scripts that must work on a bare clone: installs, builds, then runs one thing.
// Plain Node, no dependency: it runs before there are any.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { check } from './check.mjs';
import { contractOf } from './contract.mjs';
import { foreground } from './foreground.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const inRoot = (...parts) => path.join(root, ...parts);
const OLDEST_NODE = [20, 19];

// A fabric that is rendered is some hundred MiB that live for a second: with the 16 MiB that Node keeps for what is young, most of it is copied.
const YOUNG = '--max-semi-space-size=64';
const node = (...command) => foreground(root, ['--enable-source-maps', YOUNG, ...command, ...process.argv.slice(3)]);

// Vitest takes what any of several projects has: one that is named on the command line stands alone.
const projects = (...names) => (process.argv.includes('--project') ? [] : names.flatMap((name) => ['--project', name]));

const TARGETS = {
  demo: () => node('dist/apps/lab/src/demo.js'),
  start: () => node('dist/apps/cli/src/start.js'),
  chaos: () => node('dist/apps/lab/src/chaos.js'),
  bench: () => node('dist/apps/lab/src/bench.js'),
  conformance: () => node('dist/apps/lab/src/conformance.js'),
  netbox: () => node('dist/apps/lab/src/netbox.js'),
  migrate: () => node('dist/apps/cli/src/main.js', 'migrate'),
  gen: async () => (await node('tools/write-module-map.mjs')) || node('dist/apps/cli/src/main.js', 'gen'),
  test: () => node('tools/test.mjs', ...projects('unit', 'medium', 'lab')),
  'test:lab': () => node('tools/test.mjs', ...projects('long', 'uml')),
  check: () => check(root),
  contract: () => contract(contractOf(process.argv.slice(3))),
};

function contract(run) {
  if (run.error === undefined) {
    Object.assign(process.env, run.environment);
    return foreground(root, ['--enable-source-maps', 'tools/test.mjs', ...run.arguments]);
  }
  console.error(run.error);
  return 2;
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
  if (!isInstalled()) {
    console.error('installing dependencies…');
    quietly('npm', ['ci', '--no-audit', '--no-fund']);
  }
  fs.writeFileSync(stamp, digest);
}

/** Whether somebody ran `npm ci` himself: npm notes in node_modules what it installed. Packages of other platforms are not there. */
function isInstalled() {
  const noted = inRoot('node_modules', '.package-lock.json');
  if (!fs.existsSync(noted)) return false;
  const [wanted, present] = [inRoot('package-lock.json'), noted].map((file) => JSON.parse(fs.readFileSync(file, 'utf8')).packages);
  return Object.entries(wanted).every(
    ([place, { version, optional }]) => place === '' || present[place]?.version === version || (optional && !present[place]),
  );
}

/** Tests need no proof of the types, which costs three quarters of the time: `npm run check` has it. */
function build({ isChecked }) {
  quietly(process.execPath, ['node_modules/tsgo/bin/tsc', '-p', 'tsconfig.build.json', ...(isChecked ? [] : ['--noCheck'])]);
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
// `check` builds beside its other steps; contracts run from the sources.
if (!['check', 'contract'].includes(process.argv[2])) build({ isChecked: !['test', 'test:lab'].includes(process.argv[2]) });
process.exitCode = await target();
