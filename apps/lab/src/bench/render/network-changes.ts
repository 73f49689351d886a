import type { FabricSnapshot, NetworkFacts } from '#engines/intent';
import { type AttachmentId, Cidr, EviId, Label, type NetworkId, RouteDistinguisher, RouteTarget, Slug, VlanId, Vni } from '#engines/kernel';

/** The network in the middle has another name and, in every other round, another subnet. */
export function changedNetworks(snapshot: FabricSnapshot, round: number): FabricSnapshot {
  const middle = snapshot.networks.length >> 1;
  const other = (network: NetworkFacts): NetworkFacts => ({
    ...network,
    name: Label.parse(`changed ${round}`),
    subnets: round % 2 === 0 ? network.subnets : [subnet('10.200.0.0/24')],
  });
  return { ...snapshot, networks: snapshot.networks.map((network, place) => (place === middle ? other(network) : network)) };
}

/** One network more on every VTEP, in the VRF of the first one. */
export function newNetwork(snapshot: FabricSnapshot): FabricSnapshot {
  const [first] = snapshot.networks;
  if (!first) throw new Error('a network more is put beside one that is there');
  const target = RouteTarget.of(snapshot.fabric.rtAdministrator, 20_001);
  const network: NetworkFacts = {
    ...first,
    id: 'net_more' as NetworkId,
    slug: Slug.parse('one-more'),
    vni: Vni.parse(20_001),
    eviId: EviId.parse(20_001),
    importTargets: [target],
    exportTargets: [target],
    subnets: [subnet('10.201.0.0/24')],
  };
  const beside = snapshot.attachments.filter(({ networkId }) => networkId === first.id);
  const addresses = new Map(snapshot.devices.map(({ id, vtep }) => [id, vtep?.routerId]));
  return {
    ...snapshot,
    networks: [...snapshot.networks, network],
    attachments: [
      ...snapshot.attachments,
      ...beside.map((place) => ({ ...place, id: `att_more_${place.deviceId}` as AttachmentId, networkId: network.id })),
    ],
    vlanMappings: [
      ...snapshot.vlanMappings,
      ...beside.map(({ deviceId }) => ({ deviceId, networkId: network.id, vlan: VlanId.parse(4000) })),
    ],
    routeDistinguishers: [
      ...snapshot.routeDistinguishers,
      ...beside.map(({ deviceId }) => ({
        deviceId,
        eviId: network.eviId,
        rd: RouteDistinguisher.of(addresses.get(deviceId) ?? 0, network.eviId),
      })),
    ],
  };
}

const subnet = (cidr: string): NetworkFacts['subnets'][number] => ({
  cidr: Cidr.parse(cidr),
  gatewayMode: 'ANYCAST_VTEP',
  gatewayAddress: Cidr.host(Cidr.parse(cidr), 1),
});
