// `npm test`: all projects, or what the arguments of vitest choose. The last line is the count, whatever happened before;
// the exit code is 0 only when nothing failed.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { foreground } from './foreground.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const reporter = path.join(root, 'test/support/summary-reporter.ts');
const command = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=default', `--reporter=${reporter}`, ...process.argv.slice(2)];

let summary = { passed: 0, failed: 0, skipped: 0, refusedSkips: [] };
const code = await foreground(root, command, (message) => {
  if (Array.isArray(message?.refusedSkips)) summary = message;
});
const { passed, skipped, refusedSkips } = summary;
if (refusedSkips.length > 0) console.error(`${refusedSkips.length} tests were skipped for want of something that .ci/run installs`);
const hasFailed = code !== 0 || summary.failed > 0;
// A run that fails without a failed test (it could not start, it was killed) is a failure too.
const failed = summary.failed || (hasFailed ? Math.max(1, refusedSkips.length) : 0);
await new Promise((resolve) => process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`, resolve));
process.exitCode = hasFailed ? code || 1 : 0;
