/** JSON-RPC 2.0 as eAPI speaks it: one method, `runCmds`; errors of commands are answers with HTTP status 200. */
import { CliError } from './cli-error.js';
import type { CliCommand, CliSession } from './cli-session.js';

export interface EapiCall {
  readonly id: unknown;
  readonly format: 'json' | 'text';
  /** Abbreviated words are completed where only one command can be meant; default false, as in eAPI. */
  readonly autoComplete: boolean;
  readonly commands: readonly CliCommand[];
}

/** @returns the call, or the complete error answer where it is none. */
export function readCall(body: string): EapiCall | { readonly answer: unknown } {
  let call: unknown;
  try {
    call = JSON.parse(body);
  } catch {
    return { answer: rpcError(null, -32_700, 'Parse error') };
  }
  if (!isRecord(call) || call.jsonrpc !== '2.0') return { answer: rpcError(null, -32_600, 'Invalid request') };
  if (call.method !== 'runCmds') return { answer: rpcError(call.id, -32_601, 'Method not found') };
  const params = call.params;
  if (!isRecord(params) || !Array.isArray(params.cmds) || (params.version !== 1 && params.version !== 'latest'))
    return { answer: rpcError(call.id, -32_602, 'Invalid params') };
  const commands = params.cmds.map(readCommand);
  const format = params.format ?? 'json';
  if (!commands.every((command) => command !== null) || (format !== 'json' && format !== 'text'))
    return { answer: rpcError(call.id, -32_602, 'Invalid params') };
  return { id: call.id, format, commands, autoComplete: params.autoComplete === true };
}

/** Runs the commands up to the first that fails; earlier ones stay done. */
export async function runCall(
  session: CliSession,
  { id, format, commands, autoComplete }: EapiCall,
): Promise<{ readonly answer: unknown; readonly isDone: boolean }> {
  try {
    return await runCommands(session, { id, format, commands, autoComplete });
  } finally {
    session.end();
  }
}

async function runCommands(
  session: CliSession,
  { id, format, commands, autoComplete }: EapiCall,
): Promise<{ readonly answer: unknown; readonly isDone: boolean }> {
  const results: unknown[] = [];
  for (const [i, command] of commands.entries()) {
    try {
      results.push(await session.run(command, format, autoComplete));
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      const message = `CLI command ${i + 1} of ${commands.length} '${command.cmd}' failed: ${error.reason}`;
      return { answer: rpcError(id, error.code, message, [...results, { errors: error.errors }]), isDone: false };
    }
  }
  return { answer: { jsonrpc: '2.0', id, result: results }, isDone: true };
}

function rpcError(id: unknown, code: number, message: string, data?: unknown): unknown {
  return { jsonrpc: '2.0', id: id ?? null, error: { code, message, ...(data === undefined ? {} : { data }) } };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

function readCommand(value: unknown): CliCommand | null {
  if (typeof value === 'string') return { cmd: value };
  if (!isRecord(value) || typeof value.cmd !== 'string') return null;
  return typeof value.input === 'string' ? { cmd: value.cmd, input: value.input } : { cmd: value.cmd };
}
