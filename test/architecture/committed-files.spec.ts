// Files that are generated and committed say the same as what they are generated from.
import fs from 'node:fs';
import path from 'node:path';
import { runTool } from './run-tool.js';
import { REPOSITORY, SourceTree } from './source-tree.js';

describe('the module map in ARCHITECTURE.md', () => {
  it('is the table that the import rules are made from', () => {
    expect(runTool('write-module-map.mjs', '--check')).toEqual({ code: 0, errors: [] });
  });

  it('is noticed when it is stale, and mended by the generator', () => {
    const tree = new SourceTree({ 'ARCHITECTURE.md': 'before\n<!-- module-map -->\nold\n<!-- /module-map -->\nafter\n' });
    const page = path.join(tree.root, 'ARCHITECTURE.md');
    expect(runTool('write-module-map.mjs', '--check', page)).toMatchObject({ code: 1, errors: [expect.stringContaining('npm run gen')] });
    runTool('write-module-map.mjs', page);
    expect(runTool('write-module-map.mjs', '--check', page).code).toBe(0);
    expect(fs.readFileSync(page, 'utf8')).toMatch(/^before\n<!-- module-map -->\n\| rank [^]*<!-- \/module-map -->\nafter\n$/);
    tree.remove();
  });
});

describe('package-lock.json', () => {
  it('names every platform package, so that `npm ci` accepts it whatever the registry holds', () => {
    expect(runTool('complete-lock.mjs', '--check')).toEqual({ code: 0, errors: [] });
  });

  it('is completed byte for byte as npm would have written it', () => {
    const complete = fs.readFileSync(path.join(REPOSITORY, 'package-lock.json'), 'utf8');
    const lock = JSON.parse(complete) as { packages: Record<string, { resolved?: string; integrity?: string; optional?: boolean }> };
    for (const [place, entry] of Object.entries(lock.packages)) {
      if (entry.optional && !entry.integrity) delete lock.packages[place];
    }
    const tree = new SourceTree({ 'package-lock.json': JSON.stringify(lock) });
    const file = path.join(tree.root, 'package-lock.json');
    expect(runTool('complete-lock.mjs', '--check', file).errors.length).toBeGreaterThan(0);
    runTool('complete-lock.mjs', file);
    expect(fs.readFileSync(file, 'utf8')).toBe(complete);
    tree.remove();
  });
});
