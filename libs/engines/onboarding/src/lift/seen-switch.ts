/** An EOS running-config as the fabric sees the switch. */
import type { EosConfig } from '#engines/adoption';
import type { AddressFamily } from '#engines/intent';
import { type Ip, VlanId } from '#engines/kernel';
import type { SeenDevice, SeenGateway, SeenNeighbor, SeenNetwork, SeenPort, SeenVrf, SeenVtep } from './seen-device.js';

type Bgp = EosConfig['bgp'][number]['body'];
type Port = EosConfig['ethernets'][number];

/** EOS's own, where nobody says others. */
const TIMERS = { keepalive: 60, hold: 180 };

export function seenSwitch(name: string, promptName: string | null, text: string, config: EosConfig): SeenDevice {
  const [bgp] = config.bgp;
  const ports = portsOf(config);
  const hostname = /^hostname (\S+)$/m.exec(text)?.[1] ?? promptName ?? name;
  const software = /\(.*EOS-([0-9][^)\s]*)\)/.exec(text)?.[1];
  const routerId = bgp?.body.routerId ?? null;
  return {
    name,
    hostname,
    platform: 'ARISTA_EOS',
    software: software === undefined ? {} : { eos: software },
    asn: bgp?.head ?? null,
    routerId: routerId ?? vtepOf(config, routerId)?.address ?? null,
    vtep: vtepOf(config, routerId),
    udpPort: config.vxlan?.udpPort ?? null,
    ports,
    neighbors: bgp === undefined ? [] : neighborsOf(bgp.body),
    networks: bgp === undefined ? [] : networksOf(config, bgp.body),
    vrfs: bgp === undefined ? [] : vrfsOf(config, bgp.body),
    management: managementOf(config),
  };
}

const printed = ({ kind, place, sub }: { kind: string; place: readonly number[]; sub: number | null }): string =>
  `${kind}${place.join('/')}${sub === null ? '' : `.${sub}`}`;

function vtepOf(config: EosConfig, routerId: Ip | null): SeenVtep | null {
  const source = config.vxlan?.source;
  if (source == null) return speakerOf(config, routerId);
  const port = printed(source);
  const loopback = config.loopbacks.find(({ head }) => printed(head) === port);
  const address = loopback?.body.ipv4.find(({ secondary }) => !secondary)?.prefix.address ?? loopback?.body.ipv6[0]?.prefix.address;
  if (address !== undefined) return { address, port, isAssumed: false };
  return routerId === null || loopback !== undefined ? null : { address: routerId, port, isAssumed: true };
}

/** A spine has no tunnels, and sessions all the same: they are known by the loopback that is its router id. */
function speakerOf({ loopbacks, bgp }: EosConfig, routerId: Ip | null): SeenVtep | null {
  const holder = loopbacks.find(({ body }) => body.vrf === null && body.ipv4.some(({ prefix }) => prefix.address === routerId));
  return routerId === null || holder === undefined || bgp.length === 0
    ? null
    : { address: routerId, port: printed(holder.head), isAssumed: false };
}

function portsOf({ ethernets, portChannels }: EosConfig): readonly SeenPort[] {
  return [...ethernets, ...portChannels].flatMap(({ head, body }) => {
    if (body.vrf !== null) return [];
    const addresses = [...body.ipv4.filter(({ secondary }) => !secondary), ...body.ipv6.filter(({ linkLocal }) => !linkLocal)];
    return [
      {
        name: printed(head),
        addresses: addresses.map(({ prefix }) => ({ address: prefix.address, prefixLength: prefix.length })),
        mtu: body.mtu,
        description: body.description,
      },
    ];
  });
}

function managementOf({ managements }: EosConfig): SeenDevice['management'] {
  const [found] = managements.flatMap(({ head, body }) =>
    body.ipv4.map(({ prefix }) => ({ port: printed(head), address: prefix.address })),
  );
  return found ?? null;
}

/** A member has what its group says where it says nothing itself. */
function neighborsOf(bgp: Bgp): readonly SeenNeighbor[] {
  const groups = new Map(bgp.neighbors.flatMap(({ head, body }) => (head.group === null ? [] : [[head.group, body] as const])));
  return bgp.neighbors.flatMap(({ head, body }) => {
    const group = body.peerGroup?.joins == null ? undefined : groups.get(body.peerGroup.joins);
    const remoteAsn = body.remoteAs ?? group?.remoteAs ?? null;
    if (head.address === null || remoteAsn === null) return [];
    const timers = body.timers ?? group?.timers ?? bgp.timers ?? TIMERS;
    const source = body.source ?? group?.source ?? null;
    return [
      {
        address: head.address,
        remoteAsn,
        source: source === null ? null : { port: printed(source) },
        families: familiesOf(bgp, head.address, body.peerGroup?.joins ?? null),
        keepaliveSeconds: timers.keepalive,
        holdSeconds: timers.hold,
        reflects: (body.reflectorClient ?? group?.reflectorClient) === true,
        multihop: hopsOf(body.multihop ?? group?.multihop),
        extendedNextHop: false,
      },
    ];
  });
}

/** EOS allows 255 where no number is said. */
const hopsOf = (said: { readonly hops: number | null } | null | undefined): number | null => (said == null ? null : (said.hops ?? 255));

function familiesOf(bgp: Bgp, address: Ip, group: string | null): readonly AddressFamily[] {
  const isActive = (neighbors: Bgp['families'][number]['body']['neighbors'] | undefined): boolean | null => {
    const said = (is: (head: { address: Ip | null; group: string | null }) => boolean): boolean | null =>
      neighbors?.find(({ head }) => is(head))?.body.activate ?? null;
    return said((head) => head.address === address) ?? said((head) => group !== null && head.group === group);
  };
  const ofFamily = (name: string) => bgp.families.find(({ head }) => head === name)?.body.neighbors;
  return [
    ...((isActive(ofFamily('ipv4')) ?? bgp.defaultUnicast !== false) ? (['IPV4_UNICAST'] as const) : []),
    ...(isActive(ofFamily('ipv6')) === true ? (['IPV6_UNICAST'] as const) : []),
    ...(isActive(bgp.evpn?.neighbors) === true ? (['L2VPN_EVPN'] as const) : []),
  ];
}

/** VLANs with a VNI and a MAC-VRF of their own; bundles and head-end lists stay beside the model. */
function networksOf(config: EosConfig, bgp: Bgp): readonly SeenNetwork[] {
  return (config.vxlan?.vlans ?? []).flatMap(({ vlan, vni }) => {
    const macVrf = bgp.macVrfs.find(({ head }) => head === vlan)?.body;
    if (macVrf === undefined) return [];
    const of = (direction: 'import' | 'export') =>
      macVrf.targets.filter((target) => target.direction === direction).map(({ target }) => target);
    return [
      {
        vni,
        vlan,
        name: config.vlans.find(({ head }) => head === vlan)?.body.name ?? null,
        mtu: gatewayOf(config, vlan)?.mtu ?? null,
        rd: macVrf.rd,
        importTargets: of('import'),
        exportTargets: of('export'),
        places: placesOf(config, vlan),
        gateway: gatewayOf(config, vlan),
        interfaces: null,
      },
    ];
  });
}

/** VRFs that have an L3 VNI here. Targets of other families than EVPN are no targets of the fabric. */
function vrfsOf(config: EosConfig, bgp: Bgp): readonly SeenVrf[] {
  return (config.vxlan?.vrfs ?? []).flatMap(({ vrf, vni }) => {
    const body = bgp.vrfs.find(({ head }) => head === vrf)?.body;
    if (body === undefined || !config.vrfs.some(({ head }) => head === vrf)) return [];
    const of = (direction: 'import' | 'export') =>
      body.targets.filter((one) => one.direction === direction && one.family === 'evpn' && one.domain === null).map(({ target }) => target);
    return [{ name: vrf, l3vni: vni, rd: body.rd, importTargets: of('import'), exportTargets: of('export') }];
  });
}

/** `ip address virtual` in a VRF; what has an address of its own is VARP, and stays beside the model. */
function gatewayOf({ svis }: EosConfig, vlan: VlanId): SeenGateway | null {
  const svi = svis.find(({ head }) => head.place[0] === vlan)?.body;
  if (svi === undefined || svi.vrf === null || svi.ipv4.length > 0 || svi.varp.length > 0) return null;
  const addresses = [...svi.ipv4Virtual.map(({ prefix }) => prefix), ...svi.ipv6Virtual];
  return addresses.length === 0
    ? null
    : { vrf: svi.vrf, mtu: svi.mtu, addresses: addresses.map(({ address, length }) => ({ address, prefixLength: length })) };
}

/** Ports with this VLAN and no VLAN that is no network. */
function placesOf(config: EosConfig, vlan: VlanId): SeenNetwork['places'] {
  const known = new Set((config.vxlan?.vlans ?? []).map((mapping) => Number(mapping.vlan)));
  return [...config.ethernets, ...config.portChannels].flatMap(({ head, body }) => {
    const carried = vlansOf(body);
    if (!carried.has(vlan) || [...carried.keys()].some((other) => !known.has(other))) return [];
    return [{ port: printed(head), vlan: carried.get(vlan) === 'TAGGED' ? vlan : null }];
  });
}

function vlansOf(body: Port['body'] | EosConfig['portChannels'][number]['body']): ReadonlyMap<number, 'TAGGED' | 'UNTAGGED'> {
  if (body.switchport === false || body.trunkGroups.length > 0) return new Map();
  if (body.mode === null || body.mode === 'access') {
    return new Map(body.accessVlan === null ? [] : [[Number(body.accessVlan), 'UNTAGGED' as const]]);
  }
  if (body.mode !== 'trunk' || body.allowedVlans.length === 0) return new Map();
  const native = body.nativeVlan?.vlan ?? null;
  return new Map(body.allowedVlans.map((allowed) => [Number(allowed), allowed === native ? ('UNTAGGED' as const) : ('TAGGED' as const)]));
}
