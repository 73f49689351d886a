/** Reads a configuration file, as a switch does at boot. What the grammar does not know is kept and printed, unchanged. */
import { type ConfigNode, parseConfig } from '#engines/reconcile';
import { applyCommand, CommandRefused, InvalidCommand, type ModeStack } from './apply-command.js';
import { Section } from './section.js';

export interface Hardware {
  /** Number of Ethernet ports. */
  readonly ethernetPorts: number;
}

/** An empty switch: only what the hardware makes. */
export function emptyConfig({ ethernetPorts }: Hardware): Section {
  const root = new Section('', 'global', null);
  for (let port = 1; port <= ethernetPorts; port += 1) root.enter(`interface Ethernet${port}`, 'ethernet', null);
  root.enter('interface Management1', 'management', null);
  return root;
}

export function loadConfig(text: string, hardware: Hardware): Section {
  const root = emptyConfig(hardware);
  load([[root]], parseConfig(text));
  return root;
}

function load(stack: ModeStack, nodes: readonly ConfigNode[]): void {
  const here = stack.at(-1)?.[0] as Section;
  for (const node of nodes) {
    if (node.kind === 'comment') here.comments = [...here.comments, node.text.replace(/^!!\s*/, '')];
    if (node.kind !== 'command' || node.text.trim() === 'end') continue;
    const inside = here.mode === 'opaque' || node.block.length > 0 ? undefined : tryCommand(stack, node.text);
    if (inside === undefined) keep(here, node);
    else if (inside.length > stack.length) load(inside, node.children);
  }
}

/** Undefined for what this switch does not know; `no ip routing` and its like say nothing that is not so anyway. */
function tryCommand(stack: ModeStack, text: string): ModeStack | undefined {
  try {
    return applyCommand(stack, text, 'THIS_MODE');
  } catch (error) {
    if (error instanceof InvalidCommand || error instanceof CommandRefused) return undefined;
    throw error;
  }
}

function keep(section: Section, node: ConfigNode): void {
  const text = [node.text.trim(), ...node.block].join('\n');
  if (node.children.length === 0) section.settings.set(text, { text, rule: null });
  else load([[section.enter(text, 'opaque', null)]], node.children);
}
