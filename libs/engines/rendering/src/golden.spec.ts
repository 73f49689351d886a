/**
 * Golden files: what every device of a scenario is given, reviewed like code. `UPDATE_GOLDEN=1` rewrites them.
 *
 *   test/golden/<scenario>/devices/<device>/<path…>     test/golden/<refused scenario>/findings.txt
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { checkFabric, compileFabric, type FabricSnapshot } from '#engines/intent';
import { refusedScenarios, scenarios } from '#engines/intent/testing';
import { renderDevice } from '#engines/rendering';

const ROOT = join(import.meta.dirname, '../../../../test/golden');

function rendered(snapshot: FabricSnapshot): Record<string, string> {
  const artefacts = compileFabric(snapshot).devices.flatMap(renderDevice);
  return Object.fromEntries(artefacts.map(({ device, path, content }) => [join('devices', device, path), content]));
}

function refused(snapshot: FabricSnapshot): Record<string, string> {
  const text = checkFabric(snapshot).map(({ severity, code, path, message }) => `${severity} ${code} ${path}\n    ${message}\n`);
  return { 'findings.txt': text.join('') };
}

function golden(scenario: string): Record<string, string> {
  const directory = join(ROOT, scenario);
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(directory, path), readFileSync(path, 'utf8')];
    }),
  );
}

function rewrite(scenario: string, files: Readonly<Record<string, string>>): void {
  const directory = join(ROOT, scenario);
  rmSync(directory, { recursive: true, force: true });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
}

const cases = [
  ...Object.entries(scenarios).map(([name, snapshot]) => ({ name, files: () => rendered(snapshot()) })),
  ...Object.entries(refusedScenarios).map(([name, snapshot]) => ({ name, files: () => refused(snapshot()) })),
];

describe('golden files', () => {
  it.each(cases)('of $name', ({ name, files }) => {
    if (process.env['UPDATE_GOLDEN'] === '1') rewrite(name, files());
    expect(files()).toEqual(golden(name));
  });

  it('are there for the scenarios and for nothing else', () => {
    const directories = readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(directories.map(({ name }) => name).sort()).toEqual(cases.map(({ name }) => name).sort());
  });

  it('of a network keep every line that the fabric has without it', () => {
    const before = golden('l2-removed');
    const during = golden('l2-two-hosts-one-leaf');
    expect(Object.keys(during)).toEqual(Object.keys(before));
    for (const [path, content] of Object.entries(before)) {
      const added = new Set(during[path]?.split('\n'));
      for (const line of content.split('\n')) expect(added).toContain(line); // a network only adds lines
    }
  });
});
