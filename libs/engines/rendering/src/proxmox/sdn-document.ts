import { compareNatural } from '#engines/kernel';

/** Options by name, as text; an option that is not set is not there. */
export type SdnOptions = Readonly<Record<string, string>>;
export type SdnKind = 'controllers' | 'zones' | 'vnets' | 'subnets';
export type SdnObjects = Readonly<Record<SdnKind, Readonly<Record<string, SdnOptions>>>>;

/** What a cluster of Proxmox shall have of ours. */
export interface SdnDocument extends SdnObjects {
  readonly cluster: string;
  /** AS numbers of controllers that are not ours, by id: our zones use them. */
  readonly needs: Readonly<Record<string, string>>;
}

const KINDS: readonly SdnKind[] = ['controllers', 'zones', 'vnets', 'subnets'];
/** Their order says nothing. */
const LISTS = new Set(['nodes', 'peers']);

/** One text for one content, whoever wrote it down: the renderer, or the reader of a cluster. Nobody has a last comma to forget: JSON. */
export function sdnText(document: SdnDocument): string {
  const objects = KINDS.map((kind) => [kind, sorted(document[kind], (options) => sorted(options, canonicalOption))] as const);
  return `${JSON.stringify({ cluster: document.cluster, needs: sorted(document.needs, (asn) => asn), ...Object.fromEntries(objects) }, null, 2)}\n`;
}

function sorted<T, R>(of: Readonly<Record<string, T>>, each: (value: T, key: string) => R): Record<string, R> {
  return Object.fromEntries(
    Object.entries(of)
      .sort(([a], [b]) => compareNatural(a, b))
      .map(([key, value]) => [key, each(value, key)]),
  );
}

export function canonicalOption(value: string, name: string): string {
  if (name === 'mac') return value.toLowerCase();
  if (!LISTS.has(name)) return value;
  const words = value.split(/[,; ]+/).filter((word) => word !== '');
  return words.sort(compareNatural).join(',');
}
