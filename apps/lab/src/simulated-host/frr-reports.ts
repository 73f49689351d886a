/** FRR's `show … json` (8.4.4) of a simulated host, derived from the configurations of all devices on the fabric. */
import type { SimulatedFabric } from '../simulated-fabric.js';
import { evisOf } from './host-facts.js';
import type { HostSystem } from './host-system.js';

const FAMILIES = [
  ['ipv4Unicast', 'ipv4'],
  ['ipv6Unicast', 'ipv6'],
  ['l2VpnEvpn', 'evpn'],
] as const;

/** `show bgp summary json` */
export function bgpSummary(system: HostSystem, fabric: SimulatedFabric, slug: string): unknown {
  const { model } = system.routing;
  const established = new Map(fabric.establishedNeighbors(slug).map((neighbor) => [neighbor.address, neighbor]));
  const summary: Record<string, unknown> = {};
  for (const [title, family] of FAMILIES) {
    const members = [...model.neighbors].filter(([, neighbor]) => neighbor.families.has(family));
    if (members.length === 0) continue;
    const peers = members.map(([address, { remoteAsn }]) => {
      const session = established.get(address);
      const state = session === undefined ? 'Active' : family === 'evpn' && !session.evpn ? 'NoNeg' : 'Established';
      return [address, { remoteAs: remoteAsn, localAs: model.asn, version: 4, state, peerState: 'OK' }] as const;
    });
    summary[title] = {
      routerId: model.routerId,
      as: model.asn,
      vrfName: 'default',
      peers: Object.fromEntries(peers),
      totalPeers: peers.length,
    };
  }
  return summary;
}

/** `show evpn vni detail json` */
export function evpnVnis(system: HostSystem, fabric: SimulatedFabric, slug: string): unknown {
  return evisOf(system).map(({ vni, localVtep, vxlanInterface }) => {
    const remote = fabric.remoteVteps(slug, vni);
    return { vni, type: 'L2', vrf: 'default', vxlanInterface, vtepIp: localVtep, ...(remote.length > 0 ? { numRemoteVteps: remote } : {}) };
  });
}

/** `show bgp l2vpn evpn vni json` */
export function evpnTargets(system: HostSystem): unknown {
  const { model } = system.routing;
  const evis = evisOf(system);
  return {
    advertiseAllVnis: model.advertisesAllVnis ? 'Enabled' : 'Disabled',
    numVnis: evis.length,
    ...Object.fromEntries(
      evis.map(({ vni, rd, importRts, exportRts, localVtep }) => [
        vni,
        { vni, type: 'L2', inKernel: 'True', rd, originatorIp: localVtep, importRTs: importRts, exportRTs: exportRts },
      ]),
    ),
  };
}

/** `show bgp l2vpn evpn route rd RD json` */
export function evpnRoutes(fabric: SimulatedFabric, slug: string, rd: string): unknown {
  const routes = fabric.routes(slug).filter((route) => route.rd === rd);
  if (routes.length === 0) return {};
  const entries = routes.map(({ vtep, targets }) => [
    `[3]:[0]:[32]:[${vtep}]`,
    {
      rd,
      routeType: 3,
      ethTag: 0,
      ipLen: 32,
      ip: vtep,
      paths: [[{ valid: true, extendedCommunity: { string: [...targets.map((target) => `RT:${target}`), 'ET:8'].join(' ') } }]],
    },
  ]);
  return { [rd]: { rd, ...Object.fromEntries(entries) }, numPrefix: routes.length, numPaths: routes.length };
}
