/** The four files of the SDN that matter here, as pending and as running configuration. */
import { createHash } from 'node:crypto';

export type SdnFile = 'controllers' | 'zones' | 'vnets' | 'subnets';
export type Entry = Readonly<Record<string, string | number>>;
export type SdnFiles = Record<SdnFile, Map<string, Entry>>;

export const FILES: readonly SdnFile[] = ['controllers', 'zones', 'vnets', 'subnets'];
export const KEY: Readonly<Record<SdnFile, string>> = { controllers: 'controller', zones: 'zone', vnets: 'vnet', subnets: 'subnet' };

export const emptyFiles = (): SdnFiles => ({ controllers: new Map(), zones: new Map(), vnets: new Map(), subnets: new Map() });

export const copyOf = (files: SdnFiles): SdnFiles => ({
  controllers: new Map(files.controllers),
  zones: new Map(files.zones),
  vnets: new Map(files.vnets),
  subnets: new Map(files.subnets),
});

/** Of the file, not of the object: two people who write two zones are in each other's way. */
export const digestOf = (files: SdnFiles, file: SdnFile): string =>
  createHash('sha1')
    .update(JSON.stringify([...files[file]].sort(([a], [b]) => (a < b ? -1 : 1))))
    .digest('hex');

export type State = 'new' | 'changed' | 'deleted';

/** What is running on top, what is not applied below `pending`, and the word for it. */
export function pendingView(config: SdnFiles, running: SdnFiles, file: SdnFile): Record<string, unknown>[] {
  const ids = [...new Set([...running[file].keys(), ...config[file].keys()])].sort();
  return ids.map((id) => {
    const [wanted, now] = [config[file].get(id), running[file].get(id)];
    const named = { [KEY[file]]: id };
    if (now === undefined) return { ...named, state: 'new', pending: wanted };
    if (wanted === undefined) return { ...named, ...now, state: 'deleted' };
    const names = [...new Set([...Object.keys(now), ...Object.keys(wanted)])].filter((name) => now[name] !== wanted[name]);
    const pending = Object.fromEntries(names.map((name) => [name, wanted[name] ?? 'deleted']));
    return { ...named, ...now, ...(names.length > 0 && { state: 'changed', pending }) };
  });
}

export const hasPending = (config: SdnFiles, running: SdnFiles): boolean =>
  FILES.some((file) => pendingView(config, running, file).some(({ state }) => state !== undefined));
