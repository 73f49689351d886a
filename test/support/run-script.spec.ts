// tools/run.mjs: what npm scripts do before they do anything.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const SCRIPT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../tools/run.mjs');

function run(nodeVersion: string, ...args: string[]): { code: number | null; errors: string } {
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${nodeVersion}' } })`;
  const child = spawnSync(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, SCRIPT, ...args], {
    encoding: 'utf8',
  });
  return { code: child.status, errors: child.stderr };
}

describe('npm scripts', () => {
  it.each(['18.20.4', '20.18.3'])('refuse Node %s and say which one they need', (version) => {
    expect(run(version, 'demo')).toEqual({
      code: 1,
      errors: expect.stringMatching(`needs Node 20\\.19 or newer \\(this is ${version}\\)`),
    });
  });

  it.each(['20.19.0', '22.1.0'])('accept Node %s', (version) => {
    expect(run(version, 'nonsense').errors).not.toContain('needs Node');
  });

  it('name the contracts that there are, and what each needs, when asked for something else', () => {
    const { code, errors } = run(process.versions.node, 'contract', 'nonsense');
    expect(code).toBe(2);
    expect(errors).toMatch(/there is no contract nonsense[^]*netbox +--url \(TRAME_NETBOX_URL\) --token \(TRAME_NETBOX_TOKEN\)/);
    expect(run(process.versions.node, 'contract', 'netbox', '--url').errors).toContain('--url needs a value');
    expect(run(process.versions.node, 'contract', 'ssh', '--url', 'x').errors).toContain('ssh takes no --url');
  });

  it('name what they can run when asked for something else', () => {
    expect(run(process.versions.node, 'nonsense')).toEqual({
      code: 2,
      errors: expect.stringContaining('demo|start|chaos|bench|conformance|netbox|migrate|gen|test|test:lab|check|contract'),
    });
  });
});
