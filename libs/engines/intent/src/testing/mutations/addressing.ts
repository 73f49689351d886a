/** Subnets, gateways, addresses and sizes. */
import { Cidr, Ip } from '#engines/kernel';
import type { FabricSnapshot, LinkFacts, NetworkFacts, PortFacts } from '../../snapshot.js';
import { type Mutation, pick, instead, membersOf, isEos, network, device } from './mutation.js';

const routed = ({ subnets }: NetworkFacts): boolean => subnets.some(({ gatewayMode }) => gatewayMode === 'ANYCAST_VTEP');

export const addressing: readonly Mutation[] = [
  network(
    'two networks of a VRF have one subnet',
    'SUBNET_OVERLAP',
    (entry, { networks }) => entry.vrfId !== null && networks.some(({ id, vrfId }) => id !== entry.id && vrfId === entry.vrfId),
    (entry, { networks }) => {
      const other = networks.find(({ id, vrfId }) => id !== entry.id && vrfId === entry.vrfId);
      return other ? { ...entry, subnets: other.subnets } : null;
    },
  ),
  network(
    'two VRFs that leak have one subnet',
    'SUBNET_OVERLAP',
    (entry, snapshot) => providerOf(entry, snapshot) !== undefined,
    (entry, snapshot) => {
      const other = providerOf(entry, snapshot);
      return other ? { ...entry, subnets: other.subnets } : null;
    },
  ),
  network('a gateway lies outside', 'GATEWAY_INVALID', routed, (entry) => ({
    ...entry,
    subnets: entry.subnets.map((subnet) => ({ ...subnet, gatewayAddress: Ip.parse('203.0.113.1') })),
  })),
  network('a gateway is the network address', 'GATEWAY_INVALID', routed, (entry) => ({
    ...entry,
    subnets: entry.subnets.map((subnet) => ({ ...subnet, gatewayAddress: Cidr.network(subnet.cidr) })),
  })),
  network('a routed network has no VRF', 'GATEWAY_INVALID', routed, (entry) => ({ ...entry, vrfId: null })),
  network(
    'a routed network floods statically on Linux',
    'GATEWAY_INVALID',
    (entry, snapshot) =>
      routed(entry) && snapshot.attachments.some(({ networkId, deviceId }) => networkId === entry.id && !isEos(snapshot, deviceId)),
    (entry) => ({
      ...entry,
      replication: 'INGRESS_STATIC',
    }),
  ),
  network(
    'a network floods by lists where FRR speaks EVPN',
    'REPLICATION_INVALID',
    (entry, snapshot) =>
      entry.vrfId === null &&
      snapshot.attachments.some(
        ({ networkId, deviceId }) =>
          networkId === entry.id && snapshot.devices.some(({ id, platform }) => id === deviceId && platform === 'DEBIAN_FRR'),
      ),
    (entry) => ({ ...entry, replication: 'INGRESS_STATIC' }),
  ),
  network(
    'a network has a larger MTU than the tunnel',
    'MTU_TOO_SMALL',
    (entry, snapshot) => membersOf(snapshot, entry) > 0,
    (entry, { fabric }) => ({ ...entry, mtu: fabric.underlayMtu - (fabric.underlayFamily === 6 ? 69 : 49) }),
  ),
  network(
    'an IPv6 network has a smaller MTU than IPv6',
    'MTU_TOO_SMALL',
    ({ subnets }) => subnets.some(({ cidr }) => cidr.includes(':')),
    (entry) => ({ ...entry, mtu: 1279 }),
  ),
  {
    name: 'one end of a link has another MTU',
    code: 'MTU_MISMATCH',
    apply: (snapshot, roll) => {
      const link = pick(roll, snapshot.links);
      return link && withPort(snapshot, link.ends[0].deviceId, link.ends[0].port, { mtu: 1400 });
    },
  },
  {
    name: 'two links have one address',
    code: 'DUPLICATE_ADDRESS',
    apply: (snapshot) => {
      const [first, second] = snapshot.links.filter(({ prefix }) => prefix !== null);
      if (!first || !second) return null;
      return {
        ...snapshot,
        links: instead<LinkFacts>(snapshot.links, second, {
          ...second,
          prefix: first.prefix,
          ends: [{ ...second.ends[0], address: first.ends[0].address }, second.ends[1]],
        }),
      };
    },
  },
  device(
    'two devices have one VTEP address',
    'DUPLICATE_ADDRESS',
    ({ vtep }) => vtep !== null,
    (entry, { devices }) => {
      const other = devices.find(({ id, vtep }) => id !== entry.id && vtep !== null);
      return other?.vtep && entry.vtep ? { ...entry, vtep: { ...entry.vtep, address: other.vtep.address } } : null;
    },
  ),
  device(
    'a VTEP has the other family',
    'NOT_SUPPORTED',
    ({ vtep }) => vtep !== null,
    (entry, { fabric }) =>
      entry.vtep && {
        ...entry,
        vtep: { ...entry.vtep, address: Ip.parse(fabric.underlayFamily === 6 ? '172.31.0.9' : '2001:db8:ffff::9') },
      },
  ),
  network(
    'a protected network has a subnet of another that is on a device with it',
    'PROTECTED_NETWORK',
    (entry, snapshot) => entry.isProtected === true && besideIt(entry, snapshot) !== undefined,
    (entry, snapshot) => ({ ...entry, subnets: besideIt(entry, snapshot)?.subnets ?? [] }),
  ),
  device(
    'a link has the subnet of the management',
    'MANAGEMENT_TOUCHED',
    ({ id, management }, { links }) =>
      management !== undefined && links.some(({ prefix, ends }) => prefix !== null && ends.some(({ deviceId }) => deviceId === id)),
    (entry, { links }) => {
      const end = links.flatMap(({ prefix, ends }) => (prefix === null ? [] : ends)).find(({ deviceId }) => deviceId === entry.id);
      return entry.management && end?.address ? { ...entry, management: { ...entry.management, address: end.address } } : null;
    },
  ),
];

/** One with subnets that is not protected itself. */
function besideIt(entry: NetworkFacts, { networks, attachments }: FabricSnapshot): NetworkFacts | undefined {
  const places = (id: NetworkFacts['id']): string[] =>
    attachments.filter(({ networkId }) => networkId === id).map(({ deviceId }) => deviceId);
  const here = new Set(places(entry.id));
  return networks.find(({ id, subnets, isProtected }) => !isProtected && subnets.length > 0 && places(id).some((place) => here.has(place)));
}

function providerOf(entry: NetworkFacts, { vrfs, networks }: FabricSnapshot): NetworkFacts | undefined {
  const providers = vrfs.find(({ id }) => id === entry.vrfId)?.importsFrom ?? [];
  return networks.find(({ vrfId, subnets }) => vrfId !== null && providers.includes(vrfId) && subnets.length > 0);
}

function withPort(snapshot: FabricSnapshot, id: string, port: string, facts: Partial<PortFacts>): FabricSnapshot {
  return {
    ...snapshot,
    devices: snapshot.devices.map((entry) =>
      entry.id === id ? { ...entry, ports: entry.ports.map((own) => (own.name === port ? { ...own, ...facts } : own)) } : entry,
    ),
  };
}
