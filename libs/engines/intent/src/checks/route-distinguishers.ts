/** Every VTEP needs a route distinguisher for every instance that it has (RFC 7432 §7.9). */
import type { DeviceId, EviId, NetworkId } from '#engines/kernel';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding } from '../finding.js';

export function checkRouteDistinguishers(index: FabricIndex): Finding[] {
  const { networks, vrfs } = index.snapshot;
  const isWithout = without(index);
  return [
    ...networks
      .filter(({ id }) => isWithout.has(id))
      .flatMap(({ id, eviId, slug }) => missing(index, index.membersOfNetwork.get(id), eviId, `networks.${slug}`, id)),
    ...vrfs.flatMap(({ id, eviId, deviceName }) => missing(index, index.membersOfVrf.get(id), eviId, `vrfs.${deviceName}`, id)),
  ];
}

/** Networks that lack one somewhere. Device by device: there are hundreds of thousands, and those of a device lie together in memory. */
function without(index: FabricIndex): ReadonlySet<NetworkId> {
  const found = new Set<NetworkId>();
  for (const [deviceId, attachments] of index.attachmentsOfDevice) {
    const distinguishers = index.distinguishersOf(deviceId);
    for (const { networkId } of attachments) {
      const network = index.network.get(networkId);
      if (network && !distinguishers.has(network.eviId)) found.add(networkId);
    }
  }
  return found;
}

function missing(index: FabricIndex, members: ReadonlySet<DeviceId> | undefined, eviId: EviId, path: string, id: string): Finding[] {
  const found: Finding[] = [];
  for (const deviceId of members ?? []) {
    if (index.rd(deviceId, eviId) !== null) continue;
    const device = index.device.get(deviceId);
    if (!device) continue;
    const message = `claim a route distinguisher for EVI ${eviId} on ${device.slug}`;
    found.push(error('RD_MISSING', `${path}.${device.slug}`, message, [id, deviceId]));
  }
  return found;
}
