/**
 * Order in interfaces(5): the first address of a family is the primary one, and hooks run one after the other. Of everything else the order
 * says nothing.
 */
import { interfacesFacts } from '#engines/adoption';
import type { Deviation } from '#engines/intent';
import type { FactNode } from '#engines/reconcile';

/** Lines of one kind of one stanza, in their order. */
export interface Sequence {
  readonly header: string;
  /** `address`, or the moment of a hook. */
  readonly kind: string;
  readonly lines: readonly string[];
}

/** One value for each stanza and kind of line that the device has in another order than it would be written in. */
export function orderOfStanzas({ path, text }: { readonly path: string; readonly text: string }, written: string): readonly Deviation[] {
  return reordered(interfacesFacts(written), interfacesFacts(text)).map(({ header, kind, lines }) => ({
    code: 'OTHER_ORDER',
    path,
    subject: `${header}: ${kind}`,
    edits: [],
    order: { section: [header], lines },
  }));
}

/** @returns sequences of `running` whose lines, as far as both have them, come otherwise in `written`. */
export function reordered(written: FactNode, running: FactNode): readonly Sequence[] {
  return [...running.children.values()].flatMap((stanza) =>
    sequencesOf(stanza).filter(({ lines }) => {
      const other = [...(written.children.get(stanza.text)?.children.keys() ?? [])].filter((line) => lines.includes(line));
      return other.join('\n') !== lines.filter((line) => other.includes(line)).join('\n');
    }),
  );
}

function sequencesOf({ text: header, children }: FactNode): readonly Sequence[] {
  const kinds = new Map<string, { readonly kind: string; readonly lines: string[] }>();
  for (const line of children.keys()) {
    const kind = /^(?:address|pre-up|post-up|pre-down|post-down)(?= )/.exec(line)?.[0];
    if (kind === undefined) continue;
    const key = `${kind} ${kind === 'address' && line.includes(':')}`;
    const known = kinds.get(key) ?? { kind, lines: [] };
    kinds.set(key, known);
    known.lines.push(line);
  }
  return [...kinds.values()].map((sequence) => ({ header, ...sequence }));
}
