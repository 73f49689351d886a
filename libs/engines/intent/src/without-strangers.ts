import type { DeviceFacts, FabricSnapshot, VrfFacts } from './snapshot.js';

/**
 * A part of a fabric, without what it says of objects that are not in it. Whoever reads a part, for the networks of one order, must not be told
 * that the rest is missing; in a whole fabric the same hole is an error (`UNKNOWN_REFERENCE`).
 */
export function withoutStrangers(snapshot: FabricSnapshot): FabricSnapshot {
  const devices = new Set<string>(snapshot.devices.map(({ id }) => id));
  const networks = new Set<string>(snapshot.networks.map(({ id }) => id));
  const vrfs = new Set<string>(snapshot.vrfs.map(({ id }) => id));
  const isHere = (ends: readonly { readonly deviceId: string }[]): boolean => ends.every(({ deviceId }) => devices.has(deviceId));
  return {
    ...snapshot,
    devices: snapshot.devices.map((device) => ofDevice(device, networks)),
    vrfs: snapshot.vrfs.map((vrf) => ofVrf(vrf, devices, vrfs)),
    networks: snapshot.networks.map((network) => ({
      ...network,
      subnets: network.subnets.map(({ dhcpRelay, ...subnet }) => ({
        ...subnet,
        ...(dhcpRelay && (dhcpRelay.vrfId === null || vrfs.has(dhcpRelay.vrfId)) && { dhcpRelay }),
      })),
    })),
    links: snapshot.links.filter(({ ends }) => isHere(ends)),
    sessions: snapshot.sessions.filter(({ ends }) => isHere(ends)),
    attachments: snapshot.attachments.filter(({ deviceId, networkId }) => devices.has(deviceId) && networks.has(networkId)),
    vlanMappings: snapshot.vlanMappings.filter(({ deviceId, networkId }) => devices.has(deviceId) && networks.has(networkId)),
    routeDistinguishers: snapshot.routeDistinguishers.filter(({ deviceId }) => devices.has(deviceId)),
    ...(snapshot.lags && { lags: snapshot.lags.filter(({ ends }) => isHere(ends)) }),
    ...(snapshot.mlags && { mlags: snapshot.mlags.filter(({ members }) => isHere(members)) }),
  };
}

function ofDevice(device: DeviceFacts, networks: ReadonlySet<string>): DeviceFacts {
  const known = <T extends { readonly networkId: string }>(list: readonly T[]): T[] =>
    list.filter(({ networkId }) => networks.has(networkId));
  const { switch: facts, openbsd, opennebula, libvirt } = device;
  return {
    ...device,
    ...(facts && { switch: { ...facts, varpAddresses: known(facts.varpAddresses), translations: known(facts.translations) } }),
    ...(openbsd && { openbsd: { ...openbsd, gateways: known(openbsd.gateways) } }),
    ...(opennebula && { opennebula: { ...opennebula, networks: known(opennebula.networks) } }),
    // Profiles are trunks of several networks: one of them alone says nothing.
    ...(libvirt && {
      libvirt: {
        ...libvirt,
        networks: libvirt.networks.map(({ profiles, ...network }) => ({
          ...network,
          ...(profiles && { profiles: profiles.filter(({ networkIds }) => networkIds.every((id) => networks.has(id))) }),
        })),
      },
    }),
  };
}

function ofVrf(vrf: VrfFacts, devices: ReadonlySet<string>, vrfs: ReadonlySet<string>): VrfFacts {
  const here = ({ deviceId }: { readonly deviceId: string }): boolean => devices.has(deviceId);
  return {
    ...vrf,
    ...(vrf.importsFrom && { importsFrom: vrf.importsFrom.filter((id) => vrfs.has(id)) }),
    ...(vrf.exitNodes && { exitNodes: vrf.exitNodes.filter(here) }),
    ...(vrf.loopbacks && { loopbacks: vrf.loopbacks.filter(here) }),
    ...(vrf.staticRoutes && {
      staticRoutes: vrf.staticRoutes
        .map((route) => ({ ...route, deviceIds: route.deviceIds.filter((id) => devices.has(id)) }))
        .filter(({ deviceIds }) => deviceIds.length > 0),
    }),
  };
}
