/** Every id that one fact gives for another must be in the same snapshot. */
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding } from '../finding.js';

export function checkReferences(index: FabricIndex): Finding[] {
  const { snapshot } = index;
  const eviIds = new Set([...snapshot.networks, ...snapshot.vrfs].map(({ eviId }) => eviId));
  const unknown = (path: string, noun: string, id: string): Finding =>
    error('UNKNOWN_REFERENCE', path, `read the snapshot again: ${path} names a ${noun} that the fabric does not have`, [id]);
  const device = (path: string, id: Parameters<typeof index.device.get>[0]): Finding[] =>
    index.device.has(id) ? [] : [unknown(path, 'device', id)];
  const network = (path: string, id: Parameters<typeof index.network.get>[0]): Finding[] =>
    index.network.has(id) ? [] : [unknown(path, 'network', id)];
  return [
    ...snapshot.networks.flatMap(({ slug, vrfId }) =>
      vrfId === null || index.vrf.has(vrfId) ? [] : [unknown(`networks.${slug}.vrf`, 'VRF', vrfId)],
    ),
    ...snapshot.attachments.flatMap(({ id, networkId, deviceId }) => [
      ...device(`attachments.${id}.device`, deviceId),
      ...network(`attachments.${id}.network`, networkId),
    ]),
    ...snapshot.vlanMappings.flatMap(({ vlan, networkId, deviceId }) => [
      ...device(`vlanMappings.${vlan}.device`, deviceId),
      ...network(`vlanMappings.${vlan}.network`, networkId),
    ]),
    ...snapshot.routeDistinguishers.flatMap(({ rd, eviId, deviceId }) => [
      ...device(`routeDistinguishers.${rd}.device`, deviceId),
      ...(eviIds.has(eviId) ? [] : [unknown(`routeDistinguishers.${rd}.evi`, 'EVPN instance', String(eviId))]),
    ]),
    ...snapshot.links.flatMap(({ prefix, ends }) => ends.flatMap(({ deviceId }) => device(`links.${prefix}.device`, deviceId))),
    ...snapshot.sessions.flatMap(({ ends }) => ends.flatMap(({ deviceId, address }) => device(`sessions.${address}.device`, deviceId))),
  ];
}
