/**
 * Device configuration text as a tree of lines, nested by indentation, without loss: `printConfig(parseConfig(t)) === t`
 * for every text. Knows the shape of an EOS running-config and nothing of what its commands mean.
 */

export interface ConfigNode {
  /**
   * `separator`: `!` alone, a heading such as `! device: TEST (…)`, or an empty line.
   * `comment`: `!! text`, the mode comment of EOS, which is configuration.
   */
  readonly kind: 'command' | 'comment' | 'separator';
  /** The line without its leading blanks; trailing blanks stay. */
  readonly text: string;
  /** Number of leading blanks: EOS prints three a level. */
  readonly indent: number;
  readonly children: readonly ConfigNode[];
  /** Verbatim lines of a multi-line value, its closing `EOF` included; empty for ordinary lines. */
  readonly block: readonly string[];
}

interface OpenNode extends ConfigNode {
  readonly children: OpenNode[];
}

/** Commands whose value runs until a line `EOF`; an HTTPS certificate has two of them (certificate, key). */
const MULTI_LINE: readonly { readonly pattern: RegExp; readonly ends: number }[] = [
  { pattern: /^banner \S+\s*$/, ends: 1 },
  { pattern: /^code(?: unit \S+)?\s*$/, ends: 1 },
  { pattern: /^action bash\s*$/, ends: 1 },
  { pattern: /^protocol https certificate\s*$/, ends: 2 },
];

/** A separator stands where the next command stands: `!` at the left margin in the midst of a section does not end it. */
export function parseConfig(text: string): readonly ConfigNode[] {
  const lines = text.split('\n');
  const roots: OpenNode[] = [];
  const open: OpenNode[] = [];
  let waiting: OpenNode[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const raw = lines[at] as string;
    const indent = (/^ */.exec(raw)?.[0] ?? '').length;
    const content = raw.slice(indent);
    const block = blockAfter(content, lines, at + 1);
    const node: OpenNode = { kind: kindOf(content), text: content, indent, children: [], block };
    at += block.length;
    if (node.kind === 'separator') {
      waiting.push(node);
      continue;
    }
    while (open.length > 0 && (open.at(-1) as OpenNode).indent >= indent) open.pop();
    (open.at(-1)?.children ?? roots).push(...waiting, node);
    waiting = [];
    if (node.kind === 'command') open.push(node);
  }
  roots.push(...waiting);
  return roots;
}

export function printConfig(nodes: readonly ConfigNode[]): string {
  return linesOf(nodes).join('\n');
}

function linesOf(nodes: readonly ConfigNode[]): string[] {
  return nodes.flatMap((node) => [' '.repeat(node.indent) + node.text, ...node.block, ...linesOf(node.children)]);
}

function kindOf(content: string): ConfigNode['kind'] {
  if (content.startsWith('!!')) return 'comment';
  return content.startsWith('!') || content.trim() === '' ? 'separator' : 'command'; // a blank line may hold a carriage return
}

function blockAfter(content: string, lines: readonly string[], from: number): readonly string[] {
  const rule = MULTI_LINE.find(({ pattern }) => pattern.test(content));
  if (rule === undefined) return [];
  let ends = 0;
  for (let at = from; at < lines.length; at += 1) {
    if ((lines[at] as string).trim() === 'EOF') ends += 1;
    if (ends === rule.ends) return lines.slice(from, at + 1);
  }
  return []; // an unfinished value: its lines are read as ordinary ones rather than swallowing the rest of the file
}
