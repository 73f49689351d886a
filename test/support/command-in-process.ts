/** Commands of the line without a process for each: a tenth of the time, where what they do is asked and not how they start. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { Command } from 'commander';
import { tellFailure } from '../../apps/cli/src/tell-failure.js';

export interface Told {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const PROGRAM = path.resolve('dist/apps/cli/src/main.js');

/** What `programItself` lacks, for `describeWith`. */
export const missingForProgram = fs.existsSync(PROGRAM) ? [] : ['a build (npm run build)'];

/** The program as a process of its own, with nothing but `env`: that it starts, finds its command, and reads its settings and its input. */
export async function programItself(args: readonly string[], env: Readonly<Record<string, string>>, input = ''): Promise<Told> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text));
  child.stdin.on('error', () => undefined).end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? -1, ...said };
}

/** One at a time. @param env in place of what stands there for the time of the command. */
export async function commandInProcess(
  groups: readonly ((program: Command) => void)[],
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input = '',
): Promise<Told> {
  const [out, err]: [string[], string[]] = [[], []];
  const print = vi.spyOn(console, 'log').mockImplementation((line: string) => void out.push(`${line}\n`));
  const complain = vi.spyOn(console, 'error').mockImplementation((line: string) => void err.push(`${line}\n`));
  const stdin = vi.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from([input]) as typeof process.stdin);
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
  stdin.mockRestore();
  print.mockRestore();
  complain.mockRestore();
  return { code, out: out.join(''), err: err.join('') };
}
