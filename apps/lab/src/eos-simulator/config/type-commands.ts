/** Types a list of commands into the configuration mode, as a person would, up to the first that is refused. */
import { applyCommand, type ModeStack } from './apply-command.js';
import type { Section } from './section.js';

/** @throws InvalidCommand | CommandRefused; earlier commands stay done. */
export function typeCommands(root: Section, commands: readonly string[]): void {
  let stack: ModeStack = [[root]];
  for (const command of commands) {
    if (command !== 'exit') stack = applyCommand(stack, command);
    else if (stack.length === 1) throw new Error('`exit` would leave the configuration mode');
    else stack = stack.slice(0, -1);
  }
}
