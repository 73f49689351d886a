/**
 * The last look before anything goes live: what the switch itself says that the session would make of its configuration. Whatever the
 * commands meant, a line that is neither in what we want nor in what we wanted before is not ours to change or to take away.
 */
import { canonicalConfig, compareFacts, type ConfigDifference, eosDialect as dialect, type FactNode } from '#engines/reconcile';
import { isProtected, managementVrfs } from './protected-lines.js';

export interface SessionOutcome {
  /** `show running-config` before the session. */
  readonly running: string;
  /** The whole configuration that a commit would put in its place. */
  readonly predicted: string;
  readonly desired: string;
  readonly previous: readonly string[];
}

/** @returns for people, one line for each thing that the session must not do; empty when it may be committed. */
export function trespasses({ running, predicted, desired, previous }: SessionOutcome): readonly string[] {
  const ours = { desired: canonicalConfig(dialect, desired), previous: canonicalConfig(dialect, ...previous) };
  const vrfs = managementVrfs(running);
  return compareFacts(dialect, canonicalConfig(dialect, predicted), canonicalConfig(dialect, running))
    .filter((difference) => touchesManagement(difference, vrfs) || !isOurs(difference, ours))
    .map(({ kind, path, wanted, found }) => `${[...path, wanted ?? found ?? ''].join(' / ')} (${WORDS[kind]})`);
}

const WORDS: Readonly<Record<ConfigDifference['kind'], string>> = {
  missing: 'would be added',
  extra: 'would be removed',
  changed: 'would be changed',
  reordered: 'would be put in another order',
};

function touchesManagement({ path, wanted, found }: ConfigDifference, vrfs: readonly string[]): boolean {
  const [head] = path;
  return [head, ...(head === undefined ? [wanted, found] : [])].some((line) => line != null && isProtected(line, vrfs));
}

interface Ours {
  readonly desired: FactNode;
  readonly previous: FactNode;
}

function isOurs(difference: ConfigDifference, ours: Ours): boolean {
  const { kind, path, wanted, found } = difference;
  if (kind === 'reordered') return sectionAt(ours.desired, path) !== undefined || sectionAt(ours.previous, path) !== undefined;
  const lines = [wanted, found].filter((line) => line !== null);
  if (lines.some((line) => isLineOf(ours.desired, path, line) || isLineOf(ours.previous, path, line))) return true;
  return kind === 'missing' ? comesAlong(path, wanted ?? '', ours.desired) : kind === 'extra' && goesAlong(path, found ?? '', ours);
}

const isLineOf = (owned: FactNode, path: readonly string[], line: string): boolean => {
  const key = dialect.keyOf(path, line);
  return [...(sectionAt(owned, path)?.children.values() ?? [])].some((fact) => fact.key === key);
};

/** A section by its headers, or by what they are about: `router bgp 65001` and `router bgp 65002` are one. */
function sectionAt(root: FactNode, path: readonly string[]): FactNode | undefined {
  let section: FactNode | undefined = root;
  for (const [depth, header] of path.entries()) {
    const key = dialect.keyOf(path.slice(0, depth), header);
    section = section?.children.get(header) ?? [...(section?.children.values() ?? [])].find((fact) => fact.key === key);
  }
  return section;
}

/** What EOS says in addition where we say something: defaults in our sections, an interface that a member made, routing of a VRF. */
const comesAlong = (path: readonly string[], line: string, desired: FactNode): boolean =>
  path.length > 0 ? desired.children.has(path[0] as string) : /^interface |^no ip routing vrf /.test(line);

/** What goes with something of ours: defaults, the other lines of a neighbor, the routing of a VRF. */
function goesAlong(path: readonly string[], line: string, { desired, previous }: Ours): boolean {
  if (dialect.isPrintedDefault(path, line) || /^no ip routing vrf /.test(line)) return true;
  const subject = /^(?:no )?(neighbor \S+ )/.exec(line)?.[1];
  const has = (root: FactNode): boolean =>
    [...(sectionAt(root, path.slice(0, 1))?.children.keys() ?? [])].some((fact) => fact.startsWith(subject ?? ''));
  return subject !== undefined && has(previous) && !has(desired);
}
