/**
 * From one FRR configuration of ours to the next, as commands for one vtysh: frr-reload.py starts a dozen of them. Only for
 * what frr-translation.ts writes; it says each thing in one place, so that taking lines away one by one is right.
 */
import { type ConfigNode, parseConfig } from '#engines/reconcile';

type Tree = ReadonlyMap<string, ConfigNode>;

/** @returns commands in configuration mode, empty when both say the same. */
export function frrChanges(before: string, after: string): readonly string[] {
  return [
    ...sectionChanges(tree(parseConfig(before)), tree(parseConfig(after)), 'remove'),
    ...sectionChanges(tree(parseConfig(before)), tree(parseConfig(after)), 'add'),
  ];
}

/** `exit-address-family` and its like close a section; the commands for vtysh leave sections by `exit`. */
const tree = (nodes: readonly ConfigNode[]): Tree =>
  new Map(nodes.filter(({ kind, text }) => kind === 'command' && !/^exit/.test(text)).map((node) => [node.text, node]));

function sectionChanges(before: Tree, after: Tree, phase: 'remove' | 'add'): readonly string[] {
  const here =
    phase === 'remove'
      ? removals(before, after)
      : [...after.keys()].filter((text) => !before.has(text) && after.get(text)?.children.length === 0);
  const shared = [...after.keys()].filter((text) => (after.get(text)?.children.length ?? 0) > 0);
  const below = shared.flatMap((text) => {
    const inner = sectionChanges(tree(before.get(text)?.children ?? []), tree(after.get(text)?.children ?? []), phase);
    return inner.length === 0 ? [] : [text, ...inner, 'exit'];
  });
  return phase === 'remove' ? [...below, ...here] : [...here, ...below];
}

function removals(before: Tree, after: Tree): readonly string[] {
  const gone = [...before.keys()].filter((text) => !after.has(text)).reverse();
  const neighbors = new Set(gone.flatMap((text) => /^neighbor (\S+) remote-as /.exec(text)?.[1] ?? []));
  const others = gone.filter((text) => !neighbors.has(/^neighbor (\S+) /.exec(text)?.[1] ?? ''));
  return [...others.flatMap((text) => removal(text, after)), ...[...neighbors].map((address) => `no neighbor ${address}`)];
}

/** A new value of the same setting replaces the old one; removing the old one afterwards would take the new one away. */
function removal(text: string, after: Tree): readonly string[] {
  const setting = /^(?:rd|bgp router-id|hostname|neighbor \S+ (?:timers|update-source|remote-as))(?= )/.exec(text)?.[0];
  if (setting !== undefined && [...after.keys()].some((other) => other.startsWith(`${setting} `) && !/ timers connect /.test(other)))
    return [];
  return [text.startsWith('no ') ? text.slice(3) : `no ${text}`];
}
