/**
 * A frame that does not fit into the tunnel is dropped without a word, and only the large ones: the fault shows weeks later.
 * Hence an error, not a warning.
 */
import type { DeviceId } from '#engines/kernel';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding, listed } from '../finding.js';
import { vxlanOverhead } from '../overlay-mtu.js';

/** RFC 8200 §5: the smallest link MTU that IPv6 may run on. */
const IPV6_MINIMUM = 1280;

export function checkMtu(index: FabricIndex): Finding[] {
  const { fabric, devices, networks } = index.snapshot;
  const overhead = vxlanOverhead(fabric.underlayFamily);
  const room = new Map(devices.map(({ id }) => [id, underlayMtu(index, id) - overhead]));
  return networks.flatMap(({ id, slug, mtu, subnets }) => {
    const tooSmall = [...(index.membersOfNetwork.get(id) ?? [])].filter((member) => (room.get(member) ?? mtu) < mtu);
    const available = Math.min(...tooSmall.map((member) => room.get(member) ?? mtu));
    const names = tooSmall.map((member) => index.device.get(member)?.slug ?? member);
    return [
      ...(tooSmall.length === 0
        ? []
        : [
            error(
              'MTU_TOO_SMALL',
              `networks.${slug}.mtu`,
              `lower the MTU of network ${slug} from ${mtu} to ${available} or raise the underlay of ${listed(names)}: VXLAN takes ${overhead} bytes`,
              [id, ...tooSmall],
            ),
          ]),
      ...(mtu < IPV6_MINIMUM && subnets.some(({ cidr }) => cidr.includes(':'))
        ? [
            error('MTU_TOO_SMALL', `networks.${slug}.mtu`, `raise the MTU of network ${slug} to ${IPV6_MINIMUM} or more: IPv6 needs it`, [
              id,
            ]),
          ]
        : []),
    ];
  });
}

/** The smallest of the fabric's promise and of what the device's own underlay ports are set to. */
function underlayMtu(index: FabricIndex, id: DeviceId): number {
  const links = index.linkEndsOfDevice.get(id) ?? [];
  const ports = new Map(index.device.get(id)?.ports.map(({ name, mtu }) => [name, mtu]));
  return Math.min(index.snapshot.fabric.underlayMtu, ...links.flatMap(({ port }) => ports.get(port) ?? []));
}
