/** MAC-VRFs and VLAN-aware bundles of `router bgp`. Networks that are not announced by EVPN have none. */
import type { L2VniIntent } from '#engines/intent';
import { compareNatural, type RouteDistinguisher, type RouteTarget } from '#engines/kernel';
import { block, type Part } from '../text.js';
import { wordOf } from './names.js';
import { numberList } from './number-list.js';
import { STEP } from './step.js';

export interface EvpnInstance {
  /** `vlan 10` or `vlan-aware-bundle NAME`. */
  readonly head: string;
  readonly rd: RouteDistinguisher;
  readonly importTargets: readonly RouteTarget[];
  readonly exportTargets: readonly RouteTarget[];
  /** Of the other domains; not empty only on a gateway. */
  readonly remoteTargets: readonly RouteTarget[];
  /** Of a bundle. */
  readonly vlans: readonly number[];
}

/** A network that has a MAC-VRF of its own. */
export const hasMacVrf = ({ replication, bundle }: Pick<L2VniIntent, 'replication' | 'bundle'>): boolean =>
  replication === 'INGRESS_EVPN' && bundle === null;

export const macVrfInstance = (
  network: Pick<L2VniIntent, 'vlan' | 'rd' | 'importTargets' | 'exportTargets' | 'remoteTarget'>,
): EvpnInstance => ({
  head: `vlan ${network.vlan}`,
  rd: network.rd,
  importTargets: network.importTargets,
  exportTargets: network.exportTargets,
  remoteTargets: network.remoteTarget === null ? [] : [network.remoteTarget],
  vlans: [],
});

/** They follow the MAC-VRFs, as strings too. */
export function bundles(l2vnis: readonly L2VniIntent[]): readonly EvpnInstance[] {
  const membersOf = new Map<string, L2VniIntent[]>();
  for (const network of l2vnis) {
    if (network.replication !== 'INGRESS_EVPN' || network.bundle === null) continue;
    const head = `vlan-aware-bundle ${wordOf(network.bundle)}`;
    const members = membersOf.get(head);
    if (members) members.push(network);
    else membersOf.set(head, [network]);
  }
  const bundled = [...membersOf].map(([head, members]) =>
    instance(
      head,
      members,
      members.map(({ vlan }) => Number(vlan)),
    ),
  );
  return bundled.sort((a, b) => (a.head < b.head ? -1 : 1));
}

/**
 * A bundle is one EVI: it has the RD of the member with the lowest EVI id, and meets whoever has one of its networks; the Ethernet tag of a
 * route says which (RFC 7432 §6.3).
 */
function instance(head: string, members: readonly L2VniIntent[], vlans: readonly number[]): EvpnInstance {
  const [first, ...others] = members;
  const { rd } = others.reduce((lowest, network) => (network.eviId < lowest.eviId ? network : lowest), first as L2VniIntent);
  const all = (of: (network: L2VniIntent) => readonly RouteTarget[]): readonly RouteTarget[] =>
    others.length === 0 ? of(first as L2VniIntent) : [...new Set(members.flatMap(of))].sort(compareNatural);
  return {
    head,
    rd,
    importTargets: all(({ importTargets }) => importTargets),
    exportTargets: all(({ exportTargets }) => exportTargets),
    remoteTargets: all(({ remoteTarget }) => (remoteTarget === null ? [] : [remoteTarget])),
    vlans,
  };
}

export function evpnInstance({ head, rd, importTargets, exportTargets, remoteTargets, vlans }: EvpnInstance): string[] {
  const both = importTargets.filter((target) => exportTargets.includes(target));
  return block(STEP, head, [
    remoteTargets.length > 0 ? `rd evpn domain all ${rd}` : `rd ${rd}`,
    ...both.map((target) => `route-target both ${target}`),
    ...importTargets.filter((target) => !both.includes(target)).map((target) => `route-target import ${target}`),
    ...exportTargets.filter((target) => !both.includes(target)).map((target) => `route-target export ${target}`),
    ...remoteTargets.map((target) => `route-target import export evpn domain remote ${target}`),
    'redistribute learned',
    vlans.length > 0 && `vlan ${numberList(vlans)}`,
  ] satisfies Part);
}
