/**
 * Ports of a host towards guests, as interfaces(5) knows them: a tagged member is a VLAN interface `<port>.<vlan>` of its own,
 * on top of the port.
 */
import type { DeviceIntent, EdgePortIntent } from '#engines/intent';
import { compareNatural } from '#engines/kernel';

export interface HostPort {
  readonly name: string;
  /** The network it is a bridge port of; null for a port that only carries tagged members. */
  readonly vni: number | null;
  readonly tag: { readonly device: string; readonly vlan: number } | null;
}

const known = new WeakMap<DeviceIntent['edgePorts'], readonly HostPort[]>();

/** By name, so that a port comes before the VLANs on it. */
export function hostPorts({ edgePorts }: Pick<DeviceIntent, 'edgePorts'>): readonly HostPort[] {
  let ports = known.get(edgePorts);
  if (ports === undefined) known.set(edgePorts, (ports = edgePorts.flatMap(withVlans).sort((a, b) => compareNatural(a.name, b.name))));
  return ports;
}

/** In their order already, as a rule: what is sorted is not sorted again. */
function withVlans({ port, members }: EdgePortIntent): HostPort[] {
  const tagged = members.flatMap(({ vni, vlan, tagging }): HostPort[] =>
    tagging === 'TAGGED' && vlan !== null ? [{ name: `${port}.${vlan}`, vni, tag: { device: port, vlan } }] : [],
  );
  const untagged = members.find(({ tagging }) => tagging === 'UNTAGGED')?.vni ?? null;
  return [{ name: port, vni: untagged, tag: null }, ...tagged.sort((a, b) => Number(a.tag?.vlan) - Number(b.tag?.vlan))];
}
