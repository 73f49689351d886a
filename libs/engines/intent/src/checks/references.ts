/** Every id that one fact gives for another must be in the same snapshot. */
import type { DeviceId, NetworkId, VrfId } from '#engines/kernel';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding } from '../finding.js';
import type { VrfFacts } from '../snapshot.js';

export function checkReferences(index: FabricIndex): Finding[] {
  const { snapshot } = index;
  const eviIds = new Set([...snapshot.networks, ...snapshot.vrfs].map(({ eviId }) => eviId));
  const unknown = (path: string, noun: string, id: string): Finding =>
    error('UNKNOWN_REFERENCE', path, `read the snapshot again: ${path} names a ${noun} that the fabric does not have`, [id]);
  const device = (path: string, id: Parameters<typeof index.device.get>[0]): Finding[] =>
    index.device.has(id) ? [] : [unknown(path, 'device', id)];
  const network = (path: string, id: Parameters<typeof index.network.get>[0]): Finding[] =>
    index.network.has(id) ? [] : [unknown(path, 'network', id)];
  /** Paths are written for what is wrong alone: a large fabric has hundreds of thousands of these facts. */
  const lost = <T extends { readonly deviceId: DeviceId; readonly networkId: NetworkId }>(list: readonly T[]): readonly T[] =>
    list.filter(({ deviceId, networkId }) => !index.device.has(deviceId) || !index.network.has(networkId));
  const vrf = (path: string, id: VrfId): Finding[] => (index.vrf.has(id) ? [] : [unknown(path, 'VRF', id)]);
  return [
    ...snapshot.networks.flatMap(({ slug, vrfId }) =>
      vrfId === null || index.vrf.has(vrfId) ? [] : [unknown(`networks.${slug}.vrf`, 'VRF', vrfId)],
    ),
    ...lost(snapshot.attachments).flatMap(({ id, networkId, deviceId }) => [
      ...device(`attachments.${id}.device`, deviceId),
      ...network(`attachments.${id}.network`, networkId),
    ]),
    ...lost(snapshot.vlanMappings).flatMap(({ vlan, networkId, deviceId }) => [
      ...device(`vlanMappings.${vlan}.device`, deviceId),
      ...network(`vlanMappings.${vlan}.network`, networkId),
    ]),
    ...snapshot.routeDistinguishers
      .filter(({ eviId, deviceId }) => !eviIds.has(eviId) || !index.device.has(deviceId))
      .flatMap(({ rd, eviId, deviceId }) => [
        ...device(`routeDistinguishers.${rd}.device`, deviceId),
        ...(eviIds.has(eviId) ? [] : [unknown(`routeDistinguishers.${rd}.evi`, 'EVPN instance', String(eviId))]),
      ]),
    ...(snapshot.lags ?? []).flatMap(({ ends }) => ends.flatMap(({ name, deviceId }) => device(`lags.${name}.device`, deviceId))),
    ...(snapshot.mlags ?? []).flatMap(({ domain, members }) =>
      members.flatMap(({ deviceId }) => device(`mlags.${domain}.device`, deviceId)),
    ),
    ...snapshot.vrfs.flatMap((facts) => vrfReferences(facts, device, vrf)),
    ...snapshot.networks.flatMap(({ slug, subnets }) =>
      subnets.flatMap(({ cidr, dhcpRelay }) =>
        dhcpRelay && dhcpRelay.vrfId !== null ? vrf(`networks.${slug}.subnets.${cidr}.dhcpRelay.vrf`, dhcpRelay.vrfId) : [],
      ),
    ),
    ...snapshot.devices.flatMap(({ slug, switch: facts, openbsd }) => [
      ...[...(facts?.varpAddresses ?? []), ...(facts?.translations ?? [])].flatMap(({ networkId }) =>
        network(`devices.${slug}.switch.network`, networkId),
      ),
      ...(openbsd?.gateways ?? []).flatMap(({ networkId }) => network(`devices.${slug}.openbsd.network`, networkId)),
    ]),
    ...snapshot.links.flatMap(({ prefix, ends }) => ends.flatMap(({ deviceId }) => device(`links.${prefix}.device`, deviceId))),
    ...snapshot.sessions.flatMap(({ ends }) => ends.flatMap(({ deviceId, address }) => device(`sessions.${address}.device`, deviceId))),
  ];
}

function vrfReferences(
  { deviceName, importsFrom = [], exitNodes = [], staticRoutes = [], loopbacks = [] }: VrfFacts,
  device: (path: string, id: DeviceId) => Finding[],
  vrf: (path: string, id: VrfId) => Finding[],
): Finding[] {
  const path = `vrfs.${deviceName}`;
  return [
    ...importsFrom.flatMap((id) => vrf(`${path}.importsFrom`, id)),
    ...exitNodes.flatMap(({ deviceId }) => device(`${path}.exitNodes`, deviceId)),
    ...staticRoutes.flatMap(({ deviceIds }) => deviceIds.flatMap((id) => device(`${path}.staticRoutes`, id))),
    ...loopbacks.flatMap(({ deviceId }) => device(`${path}.loopbacks`, deviceId)),
  ];
}
