import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * Runs Node with our terminal and hands signals on. Resolves to the exit code, as a shell would give it.
 *
 * @param onMessage gets what the child sends over its channel; without it there is no channel.
 */
export function foreground(root, command, onMessage) {
  const stdio = onMessage ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit';
  const child = spawn(process.execPath, command, { cwd: root, stdio });
  if (onMessage) child.on('message', onMessage);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // Ctrl-C in a terminal goes to the child as well: handed on, it would arrive twice.
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)));
  }
  return new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(error.message);
      resolve(1);
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}
