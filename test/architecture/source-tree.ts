import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Text by path. */
export type Files = Readonly<Record<string, string>>;

/** A scratch repository with our package.json and tsconfig.json, and packages that are there by name only. */
export class SourceTree {
  readonly root = fs.mkdtempSync(path.join(os.tmpdir(), 'trame-tree-'));

  constructor(files: Files, packages: readonly string[] = []) {
    for (const name of ['package.json', 'tsconfig.json']) fs.copyFileSync(path.join(REPOSITORY, name), path.join(this.root, name));
    for (const name of packages) {
      this.write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
      this.write(`node_modules/${name}/index.js`, 'module.exports = {};\n');
    }
    for (const [file, text] of Object.entries(files)) this.write(file, text);
  }

  write(file: string, text: string): void {
    const place = path.join(this.root, file);
    fs.mkdirSync(path.dirname(place), { recursive: true });
    fs.writeFileSync(place, text);
  }

  remove(): void {
    fs.rmSync(this.root, { recursive: true, force: true });
  }
}

/** What dependency-cruiser holds against the imports below a root: `rule: from → to`, sorted. */
export function importViolations(root: string): string[] {
  const directories = ['apps', 'libs', 'migrations', 'test'].filter((name) => fs.existsSync(path.join(root, name)));
  const tool = path.join(REPOSITORY, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const config = path.join(REPOSITORY, '.dependency-cruiser.cjs');
  const run = spawnSync(process.execPath, [tool, '--config', config, '--output-type', 'json', ...directories], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (!run.stdout.startsWith('{')) throw new Error(`dependency-cruiser gave no answer: ${run.stderr}`);
  const { summary } = JSON.parse(run.stdout) as { summary: { violations: { rule: { name: string }; from: string; to: string }[] } };
  return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`).sort();
}
