/** Read-back: what has become of the lines that we own, in the words and the order in which we own them. */
import { canonicalConfig, verbatim } from './canonical-config.js';
import type { FactNode } from './fact-node.js';
import { type ConfigNode, parseConfig, printConfig } from './config-tree.js';
import type { SectionPath } from './dialect.js';
import { eosDialect as dialect } from './eos-dialect.js';

/**
 * Equal to `owned` exactly when the device has all of it, however it prints it. A line that is missing is missing here;
 * one whose value was changed appears with the value that the device has; lines of others never appear.
 * @param running `show running-config`
 * @param owned content of an artefact
 */
export function ownedText(running: string, owned: string): string {
  return printConfig(readBack([], parseConfig(owned), canonicalConfig(dialect, running)));
}

function readBack(path: SectionPath, nodes: readonly ConfigNode[], running: FactNode): readonly ConfigNode[] {
  const kept = nodes.flatMap((node) => (node.kind === 'separator' ? [node] : readBackLine(path, node, running)));
  const isComplete = kept.length === nodes.length && nodes.every((node, i) => kept[i] === node);
  return isComplete ? kept : kept.filter((node, i) => node.text !== '!' || (i > 0 && kept[i - 1]?.text !== '!'));
}

function readBackLine(path: SectionPath, node: ConfigNode, running: FactNode): readonly ConfigNode[] {
  if (node.text.trim() === 'end') return [node];
  const facts = node.kind === 'comment' || node.block.length > 0 ? [verbatim(node)] : dialect.expandLine(path, node.text);
  const found = facts.map((fact) => (isThere(path, fact, running) ? fact : valueThere(path, fact, running)));
  const [header] = facts;
  if (found.every((text, i) => text === facts[i]))
    return [withChildren(path, node, header === undefined ? undefined : running.children.get(header))];
  return compact(
    path,
    found.filter((text) => text !== undefined),
  ).map((text) => ({
    ...withChildren(path, node, running.children.get(text)),
    text,
  }));
}

/** The same node when everything below it is there too: identity tells the caller that nothing was lost. */
function withChildren(path: SectionPath, node: ConfigNode, section: FactNode | undefined): ConfigNode {
  if (node.children.length === 0 || section === undefined) return node;
  const children = readBack([...path, section.text], node.children, section);
  const isComplete = children.length === node.children.length && node.children.every((child, i) => children[i] === child);
  return isComplete ? node : { ...node, children };
}

function isThere(path: SectionPath, fact: string, running: FactNode): boolean {
  if (running.children.has(fact)) return true;
  return dialect.isUnprintedDefault(path, fact) && valueThere(path, fact, running) === undefined;
}

function valueThere(path: SectionPath, fact: string, running: FactNode): string | undefined {
  const key = dialect.keyOf(path, fact);
  return [...running.children.values()].find((other) => other.text !== fact && other.key === key)?.text;
}

function compact(path: SectionPath, facts: readonly string[]): readonly string[] {
  const lists = new Map<string, string[]>();
  for (const fact of facts) {
    const member = dialect.listMember(path, fact);
    if (member !== undefined) lists.set(member.command, [...(lists.get(member.command) ?? []), member.member]);
  }
  return [
    ...dialect.joinFacts(facts.filter((fact) => dialect.listMember(path, fact) === undefined)),
    ...[...lists].map(([command, members]) => dialect.listCommand(command, members)),
  ];
}
