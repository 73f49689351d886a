import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { REPOSITORY } from './source-tree.js';

/** Runs `tools/<name>` as the npm scripts do. `errors` are the lines of stderr. */
export function runTool(name: string, ...args: string[]): { code: number | null; errors: string[] } {
  const run = spawnSync(process.execPath, [path.join(REPOSITORY, 'tools', name), ...args], { cwd: REPOSITORY, encoding: 'utf8' });
  return { code: run.status, errors: run.stderr.split('\n').filter(Boolean) };
}
