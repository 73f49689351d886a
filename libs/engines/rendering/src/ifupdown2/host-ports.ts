/**
 * Ports of a host towards guests, as interfaces(5) knows them: a tagged member is a VLAN interface `<port>.<vlan>` of its own,
 * on top of the port.
 */
import type { DeviceIntent } from '#engines/intent';
import { compareNatural } from '#engines/kernel';

export interface HostPort {
  readonly name: string;
  /** The network it is a bridge port of; null for a port that only carries tagged members. */
  readonly vni: number | null;
  readonly tag: { readonly device: string; readonly vlan: number } | null;
}

/** By name, so that a port comes before the VLANs on it. */
export function hostPorts(intent: DeviceIntent): readonly HostPort[] {
  return intent.edgePorts
    .flatMap(({ port, members }): HostPort[] => [
      { name: port, vni: members.find(({ tagging }) => tagging === 'UNTAGGED')?.vni ?? null, tag: null },
      ...members.flatMap(({ vni, vlan, tagging }) =>
        tagging === 'TAGGED' && vlan !== null ? [{ name: `${port}.${vlan}`, vni, tag: { device: port, vlan } }] : [],
      ),
    ])
    .sort((a, b) => compareNatural(a.name, b.name));
}
