import { CommanderError } from 'commander';
import { parseArguments } from './arguments.js';

function asked(...args: readonly string[]) {
  const said: string[] = [];
  try {
    return { answer: parseArguments(args, (text) => void said.push(text)), said: said.join('') };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { code: error.exitCode, said: said.join('') };
  }
}

describe('npm run conformance', () => {
  it('takes a kind, a folder and --json in any order', () => {
    expect(asked('--json', 'pve-fabric', 'cases').answer).toMatchObject({ kind: 'pve-fabric', directory: 'cases', json: true });
    expect(asked('pve', '../cases').answer).toMatchObject({ kind: 'pve', directory: '../cases', json: false });
  });

  it.each([
    ['nothing', []],
    ['no folder', ['pve']],
    ['an unknown kind', ['junos', 'cases']],
    ['one word too many', ['pve', 'one', 'two']],
  ])('shows its usage, with what each folder has to hold, when it is given %s', (_what, args) => {
    const { code, said } = asked(...args);
    expect(code).not.toBe(0);
    expect(said).toContain('Usage: conformance');
    expect(said).toMatch(/pve {2,}folders with sdn\.typed\.json/);
  });
});
