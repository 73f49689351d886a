/** One thing wrong in a fabric: what people and other systems get wrong, each with the code that has to say so. */
import { RouteTarget } from '#engines/kernel';
import type { FindingCode } from '../../finding.js';
import type { DeviceFacts, FabricSnapshot, NetworkFacts } from '../../snapshot.js';

export type Dice = () => number;

export interface Mutation {
  readonly name: string;
  readonly code: FindingCode;
  /** Null where the fabric has nothing to break in that way. */
  readonly apply: (snapshot: FabricSnapshot, roll: Dice) => FabricSnapshot | null;
}

export function pick<T>(roll: Dice, list: readonly T[]): T | null {
  return list[Math.floor(roll() * list.length)] ?? null;
}

export const without = <T>(list: readonly T[], item: T): T[] => list.filter((entry) => entry !== item);
export const instead = <T>(list: readonly T[], item: T, other: T): T[] => list.map((entry) => (entry === item ? other : entry));

/** One entry of a list of the snapshot, said otherwise. */
export function change<
  K extends 'devices' | 'networks' | 'vrfs' | 'sessions' | 'links' | 'lags' | 'mlags' | 'attachments' | 'vlanMappings',
  T extends NonNullable<FabricSnapshot[K]>[number],
>(
  list: K,
  accepts: (entry: T, snapshot: FabricSnapshot) => boolean,
  wrong: (entry: T, snapshot: FabricSnapshot) => T | null,
): Mutation['apply'] {
  return (snapshot, roll) => {
    const entries = (snapshot[list] ?? []) as readonly T[];
    const found = pick(
      roll,
      entries.filter((entry) => accepts(entry, snapshot)),
    );
    const other = found && wrong(found, snapshot);
    return found && other ? { ...snapshot, [list]: instead(entries, found, other) } : null;
  };
}

export const modeOf = ({ fabric }: FabricSnapshot, network: NetworkFacts) => network.replication ?? fabric.replication;
export const membersOf = ({ attachments }: FabricSnapshot, { id }: NetworkFacts): number =>
  new Set(attachments.filter(({ networkId }) => networkId === id).map(({ deviceId }) => deviceId)).size;
export const isEos = ({ devices }: FabricSnapshot, id: string): boolean =>
  devices.find((device) => device.id === id)?.platform === 'ARISTA_EOS';
export const isMet = (network: NetworkFacts, snapshot: FabricSnapshot): boolean =>
  membersOf(snapshot, network) > 1 && modeOf(snapshot, network) === 'INGRESS_EVPN';
export const another = (snapshot: FabricSnapshot, { id, bundle }: NetworkFacts): NetworkFacts | undefined =>
  snapshot.networks.find((network) => network.id !== id && (bundle === undefined || network.bundle !== bundle));
export const hasEvpn = (network: NetworkFacts, snapshot: FabricSnapshot): boolean => modeOf(snapshot, network) === 'INGRESS_EVPN';
export const twoNetworks = (_: unknown, { networks }: FabricSnapshot): boolean => networks.length > 1;

export const network = (
  name: string,
  code: FindingCode,
  accepts: (entry: NetworkFacts, snapshot: FabricSnapshot) => boolean,
  wrong: (entry: NetworkFacts, snapshot: FabricSnapshot) => NetworkFacts | null,
): Mutation => ({ name, code, apply: change<'networks', NetworkFacts>('networks', accepts, wrong) });
export const device = (
  name: string,
  code: FindingCode,
  accepts: (entry: DeviceFacts, snapshot: FabricSnapshot) => boolean,
  wrong: (entry: DeviceFacts, snapshot: FabricSnapshot) => DeviceFacts | null,
): Mutation => ({ name, code, apply: change<'devices', DeviceFacts>('devices', accepts, wrong) });

export const always = (): boolean => true;
export const target = (text: string) => RouteTarget.parse(text);

/** The entry without what it may also not have. */
export function lacking<T extends object, K extends keyof T>(entry: T, ...keys: readonly K[]): Omit<T, K> {
  const rest: Partial<T> = { ...entry };
  for (const key of keys) delete rest[key];
  return rest as Omit<T, K>;
}
