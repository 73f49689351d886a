/** Every VTEP needs a route distinguisher for every instance that it has (RFC 7432 §7.9). */
import type { DeviceId, EviId } from '#engines/kernel';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding } from '../finding.js';

export function checkRouteDistinguishers(index: FabricIndex): Finding[] {
  const { networks, vrfs } = index.snapshot;
  return [
    ...networks.flatMap(({ id, eviId, slug }) => missing(index, index.membersOfNetwork.get(id), eviId, `networks.${slug}`, id)),
    ...vrfs.flatMap(({ id, eviId, deviceName }) => missing(index, index.membersOfVrf.get(id), eviId, `vrfs.${deviceName}`, id)),
  ];
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
