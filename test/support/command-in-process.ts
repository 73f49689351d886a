/** Commands of the line without a process for each: a tenth of the time, where what they do is asked and not how they start. */
import { Command } from 'commander';
import { tellFailure } from '../../apps/cli/src/tell-failure.js';

export interface Told {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** @param env in place of what stands there for the time of the command. */
export async function commandInProcess(
  groups: readonly ((program: Command) => void)[],
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Told> {
  const [out, err]: [string[], string[]] = [[], []];
  const print = vi.spyOn(console, 'log').mockImplementation((line: string) => void out.push(`${line}\n`));
  const complain = vi.spyOn(console, 'error').mockImplementation((line: string) => void err.push(`${line}\n`));
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const program = new Command('trame')
    .exitOverride()
    .configureOutput({ writeOut: (text) => void out.push(text), writeErr: (text) => void err.push(text) });
  for (const add of groups) add(program);
  for (const group of program.commands) for (const command of [group, ...group.commands]) command.copyInheritedSettings(program);
  const before = process.exitCode;
  process.exitCode = undefined;
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    tellFailure(error);
  }
  const code = Number(process.exitCode ?? 0);
  process.exitCode = before;
  vi.unstubAllEnvs();
  print.mockRestore();
  complain.mockRestore();
  return { code, out: out.join(''), err: err.join('') };
}
