import { Command } from 'commander';
import { addImportConfig } from '../../apps/cli/src/admin/import-config/import-config.command.js';

/** `trame import config`, in this process; whoever calls restores the mocks and the exit code afterwards. */
export async function runImportConfig(...args: readonly string[]): Promise<{ out: string; err: string; code: unknown }> {
  const [out, err]: [string[], string[]] = [[], []];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void out.push(line));
  vi.spyOn(console, 'error').mockImplementation((line: string) => void err.push(line));
  const program = new Command().exitOverride().configureOutput({ writeErr: (text) => void err.push(text) });
  addImportConfig(program);
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: (text) => void err.push(text) });
  await program.parseAsync(['config', ...args], { from: 'user' });
  return { out: out.join('\n'), err: err.join('\n'), code: process.exitCode };
}
