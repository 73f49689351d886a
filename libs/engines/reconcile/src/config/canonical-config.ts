/** Configuration as a tree of facts: lists expanded, re-entered sections merged, spelling of one value made one. */
import { type ConfigNode, parseConfig } from './config-tree.js';
import type { Dialect, SectionPath } from './dialect.js';
import type { FactNode } from './fact-node.js';

/** @param texts are laid over one another: what is in any of them is in the result. Within one, the last of two values holds. */
export function canonicalConfig(dialect: Dialect, ...texts: readonly string[]): FactNode {
  const [first = '', ...others] = texts;
  const root = new Reading(dialect).read(first);
  for (const text of others) merge(root, new Reading(dialect).read(text));
  return root;
}

/** A mode comment or a multi-line value, as one text. */
export const verbatim = (node: ConfigNode): string => [node.text.trim(), ...node.block].join('\n');

/** One text on its way to facts. */
class Reading {
  /** Lines without lines below them, by section and key: the last of two values is the one that a device has. */
  private readonly lines = new Map<FactNode, Map<string, FactNode>>();

  constructor(private readonly dialect: Dialect) {}

  read(text: string): FactNode {
    const root = factNode('', '', '', false);
    this.addNodes(root, [], parseConfig(text));
    return root;
  }

  private addNodes(parent: FactNode, path: SectionPath, nodes: readonly ConfigNode[]): void {
    for (const node of nodes) {
      if (!this.says(node)) continue;
      if (node.kind === 'comment' || node.block.length > 0) {
        const text = verbatim(node);
        this.addNodes(put(parent, factNode(text, text, text, true)), [...path, text], node.children);
      } else {
        this.addCommand(parent, path, node);
      }
    }
  }

  /** Separators, words that leave a mode, and comments where they are no configuration say nothing. */
  private says({ kind, text }: ConfigNode): boolean {
    if (kind === 'separator' || this.dialect.isClosing(text.trim())) return false;
    return kind !== 'comment' || this.dialect.hasModeComments;
  }

  private addCommand(parent: FactNode, path: SectionPath, node: ConfigNode): void {
    const facts = this.dialect.expandLine(path, node.text);
    const command = facts.length === 1 ? node.text.trim() : undefined;
    const isLine = !node.children.some((child) => this.says(child));
    for (const text of facts) {
      const nested = isLine ? this.dialect.nest(path, text) : undefined;
      if (nested === undefined) {
        const fact = this.add(parent, path, text, command ?? text, isLine);
        this.addNodes(fact, [...path, fact.text], node.children);
      } else {
        const [header, line] = nested;
        this.add(this.add(parent, path, header, header, false), [...path, header], line, line, true);
      }
    }
  }

  private add(parent: FactNode, path: SectionPath, said: string, command: string, isLine: boolean): FactNode {
    const text = this.dialect.numbered(path, said, parent.children);
    const key = this.dialect.keyOf(path, text);
    if (isLine && !parent.children.has(text) && !this.dialect.opensMode(path, text)) this.replace(parent, text, key);
    const fact = put(parent, factNode(text, key, command, false));
    if (isLine) this.linesOf(parent).set(key, fact);
    return fact;
  }

  private replace(parent: FactNode, text: string, key: string): void {
    const before = this.linesOf(parent).get(key);
    if (before !== undefined && before.text !== text && before.children.size === 0) parent.children.delete(before.text);
  }

  private linesOf(parent: FactNode): Map<string, FactNode> {
    const known = this.lines.get(parent);
    if (known !== undefined) return known;
    const made = new Map<string, FactNode>();
    this.lines.set(parent, made);
    return made;
  }
}

function put(parent: FactNode, fact: FactNode): FactNode {
  const known = parent.children.get(fact.text);
  if (known !== undefined) return known;
  parent.children.set(fact.text, fact);
  return fact;
}

function merge(into: FactNode, from: FactNode): void {
  for (const fact of from.children.values()) merge(put(into, factNode(fact.text, fact.key, fact.command, fact.isVerbatim)), fact);
}

function factNode(text: string, key: string, command: string, isVerbatim: boolean): FactNode {
  return { text, key, command, children: new Map(), isVerbatim };
}
