import { spawnSync } from 'node:child_process';
import { REPOSITORY } from './source-tree.js';

const { contractOf } = (await import(new URL('../../tools/contract.mjs', import.meta.url).href)) as {
  contractOf: (args: readonly string[]) => { error?: string; arguments: readonly string[] };
};

/** Arguments of vitest for a contract: which projects, and how its files begin. */
function runOf(name: string): { projects: string[]; specs: string[] } {
  const args = contractOf([name]).arguments;
  const projects = args.filter((_, at) => args[at - 1] === '--project');
  return { projects, specs: args.filter((arg) => arg.startsWith('test/')) };
}

const names = [...(contractOf([]).error ?? '').matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name as string);

/** Which file is in which project, as vitest says. */
function specs(): { project: string; file: string }[] {
  const command = ['node_modules/vitest/vitest.mjs', 'list', '--filesOnly', ...names.flatMap((name) => runOf(name).specs)];
  const { stdout } = spawnSync(process.execPath, command, { cwd: REPOSITORY, encoding: 'utf8' });
  return [...stdout.matchAll(/^\[(\w+)\] (\S+)$/gm)].map(([, project, file]) => ({ project: project as string, file: file as string }));
}

describe('npm run contract', () => {
  it('runs every spec of a system, also those that npm test leaves to npm run test:lab', () => {
    const found = specs();
    for (const name of names) {
      const { projects, specs: prefixes } = runOf(name);
      const own = found.filter(({ file }) => prefixes.some((prefix) => file.startsWith(prefix)));
      expect(own, `${name} has specs`).not.toEqual([]);
      expect(
        own.filter(({ project }) => !projects.includes(project)),
        `${name} leaves out`,
      ).toEqual([]);
    }
  });
});
