// One line for each npm script. `npm run help`
import fs from 'node:fs';

const MEANING = {
  demo: 'order a network on a demo fabric and watch it go live  (-- --exit --json)',
  start: 'API and worker on DATABASE_URL / REDIS_URL, or embedded where they are not set',
  chaos: 'kill everything at random under load, then count what was lost  (-- --seconds 60 --seed 1 --json)',
  bench: 'allocations per second, as a ratio to what the disk lets anybody do  (-- allocation --quick --json)',
  conformance: "a folder of somebody else's cases, rendered by us and compared  (-- pve DIR --json)",
  contract: 'what Trame relies on, run against a NetBox, phpIPAM, switch … of yours  (-- netbox --url URL --token TOKEN)',
  netbox: 'a real NetBox from packages, to try the connector on; no container engine  (-- --release 4.7.3)',
  migrate: 'bring the database of DATABASE_URL to the newest schema',
  test: 'all tests; the last line is the count  (-- --project unit libs/engines)',
  'test:lab': 'tests that need a Linux kernel of their own (user-mode-linux); the last line is the count',
  check: 'format, lint, types, boundaries, dead code, generated files',
  build: 'compile to dist/',
  typecheck: 'types only, in under a second',
  format: 'format every file',
  lint: 'lint only',
  boundaries: 'who imports whom, against the module map',
  deadcode: 'files, exports and dependencies that nobody uses',
  gen: 'write schema.graphql, migrations/schema.sql, docs/reference and the module map in ARCHITECTURE.md',
  help: 'this list',
};

const { scripts } = JSON.parse(fs.readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const width = Math.max(...Object.keys(scripts).map((name) => name.length));
for (const name of new Set([...Object.keys(MEANING), ...Object.keys(scripts)])) {
  if (scripts[name] && MEANING[name]) console.log(`npm run ${name.padEnd(width)}  ${MEANING[name]}`);
  else process.exitCode = console.error(`${name}: ${scripts[name] ? 'has no line of help' : 'is no npm script'}`) ?? 1;
}
