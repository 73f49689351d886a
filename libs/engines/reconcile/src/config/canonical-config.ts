/** Configuration as a tree of facts: lists expanded, re-entered sections merged, spelling of one value made one. */
import { type ConfigNode, parseConfig } from './config-tree.js';
import { expandLine, isOrdered, type SectionPath } from './eos-dialect.js';

export interface FactNode {
  /** Canonical line; equal facts have equal text. Empty at the root. */
  readonly text: string;
  /** What to send to the device for it: as the author wrote it, unless that said several things at once. */
  readonly command: string;
  readonly children: Map<string, FactNode>;
  /** True for mode comments and multi-line values: they are kept and compared, but no single command makes them. */
  readonly isVerbatim: boolean;
  /** Order of the children counts (access lists, route maps). */
  readonly isOrdered: boolean;
}

/** `end` closes the file, it configures nothing. */
const NOT_A_FACT = /^end\s*$/;

/** @param texts are laid over one another: what is in any of them is in the result. */
export function canonicalConfig(...texts: readonly string[]): FactNode {
  const root = factNode('', '', false, false);
  for (const text of texts) addNodes(root, [], parseConfig(text));
  return root;
}

function addNodes(parent: FactNode, path: SectionPath, nodes: readonly ConfigNode[]): void {
  for (const node of nodes) {
    if (node.kind === 'separator' || NOT_A_FACT.test(node.text)) continue;
    const isVerbatim = node.kind === 'comment' || node.block.length > 0;
    const facts = isVerbatim ? [[node.text.trim(), ...node.block].join('\n')] : expandLine(path, node.text);
    for (const text of facts) {
      const known = parent.children.get(text);
      const fact = known ?? factNode(text, facts.length === 1 ? node.text.trim() : text, isVerbatim, isOrdered(path, text));
      if (known === undefined) parent.children.set(text, fact);
      addNodes(fact, [...path, text], node.children);
    }
  }
}

function factNode(text: string, command: string, isVerbatim: boolean, ordered: boolean): FactNode {
  return { text, command, children: new Map(), isVerbatim, isOrdered: ordered };
}
