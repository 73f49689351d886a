/** Ports of a host towards guests, as interfaces(5) knows them: a tagged member is a VLAN interface `<port>.<vlan>` of its own. */
import { compareNatural } from '#engines/kernel';
import type { DeviceIntent } from '#engines/intent';

export interface HostPort {
  readonly name: string;
  readonly vni: number;
  readonly tag: { readonly device: string; readonly vlan: number } | null;
}

export function hostPorts(intent: DeviceIntent): readonly HostPort[] {
  return intent.edgePorts
    .flatMap(({ port, members }) =>
      members.map(({ vni, vlan, tagging }) =>
        tagging === 'TAGGED' && vlan !== null
          ? { name: `${port}.${vlan}`, vni, tag: { device: port, vlan } }
          : { name: port, vni, tag: null },
      ),
    )
    .sort((a, b) => compareNatural(a.name, b.name));
}
