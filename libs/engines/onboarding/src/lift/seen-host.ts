/** interfaces(5) and frr.conf of a Debian host as the fabric sees it. */
import type { FrrConfig, InterfaceConfig, InterfacesConfig } from '#engines/adoption';
import type { AddressFamily } from '#engines/intent';
import { type Asn, type Ip, type RouteTarget, VlanId } from '#engines/kernel';
import type { SeenDevice, SeenNeighbor, SeenNetwork, SeenPort, SeenVtep } from './seen-device.js';

type Bgp = FrrConfig['instances'][number];

/** FRR's own, by its profile. */
const TIMERS = { traditional: { keepalive: 60, hold: 180 }, datacenter: { keepalive: 3, hold: 9 } };

export function seenHost(
  name: string,
  promptName: string | null,
  frr: { readonly text: string; readonly config: FrrConfig } | null,
  interfaces: InterfacesConfig,
): SeenDevice {
  const bgp = frr?.config.instances.find(({ head }) => head.vrf === null);
  const release = /^frr version (\S+)/m.exec(frr?.text ?? '')?.[1];
  const vtep = vtepOf(interfaces, bgp?.body.routerId ?? null);
  return {
    name,
    hostname: frr?.config.hostname ?? promptName ?? name,
    platform: 'DEBIAN_FRR',
    software: release === undefined ? {} : { frr: release },
    asn: bgp?.head.asn ?? null,
    routerId: bgp?.body.routerId ?? vtep?.address ?? null,
    vtep,
    udpPort: interfaces.interfaces.find(({ body }) => body.udpPort !== null)?.body.udpPort ?? null,
    ports: portsOf(interfaces),
    neighbors: bgp === undefined ? [] : neighborsOf(bgp, TIMERS[frr?.config.profile ?? 'traditional']),
    networks: networksOf(interfaces, bgp, vtep),
    vrfs: [],
    management: managementOf(interfaces),
  };
}

/** The address that tunnels start from, and the interface that has it. */
function vtepOf({ interfaces }: InterfacesConfig, routerId: Ip | null): SeenVtep | null {
  const address = interfaces.find(({ body }) => body.vni !== null && body.localAddress !== null)?.body.localAddress ?? routerId;
  if (address === null) return null;
  const holder = interfaces.find(({ body }) => body.addresses.some((one) => one.address === address));
  if (holder === undefined && !interfaces.some(({ body }) => body.localAddress === address)) return null;
  return { address, port: holder?.head ?? 'lo', isAssumed: holder === undefined };
}

/** Cards and VLANs on them; bridges, tunnels and loopbacks are no links. */
function portsOf({ interfaces }: InterfacesConfig): readonly SeenPort[] {
  return interfaces.flatMap(({ head, body }) => {
    const isOther = body.vni !== null || body.bridgePorts.length > 0 || body.stp !== null || body.methods.length > 0 || body.vrf !== null;
    if (isOther) return [];
    return [
      {
        name: head,
        addresses: body.addresses.map(({ address, length }) => ({ address, prefixLength: length })),
        mtu: body.mtu,
        description: null,
      },
    ];
  });
}

/** The way to the gateway is the way by which people come. */
export function managementOf({ interfaces }: InterfacesConfig): SeenDevice['management'] {
  const holder = interfaces.find(({ body }) => body.gateways.length > 0 && body.addresses.length > 0);
  return holder === undefined ? null : { port: holder.head, address: holder.body.addresses[0]?.address as Ip };
}

function neighborsOf({ body: bgp, head }: Bgp, profile: { readonly keepalive: number; readonly hold: number }): readonly SeenNeighbor[] {
  const groups = new Map(bgp.neighbors.map(({ head: name, body }) => [name.group, body]));
  const asNumber = (said: Asn | 'internal' | 'external' | null | undefined): Asn | null =>
    said === 'internal' ? head.asn : said === 'external' || said === undefined ? null : said;
  return bgp.neighbors.flatMap(({ head: { address }, body }) => {
    const group = body.peerGroup?.joins == null ? undefined : groups.get(body.peerGroup.joins);
    const remoteAsn = asNumber(body.remoteAs ?? group?.remoteAs);
    if (address === null || remoteAsn === null) return [];
    const timers = body.timers ?? group?.timers ?? bgp.timers ?? profile;
    const multihop = body.multihop ?? group?.multihop;
    const names = [address, body.peerGroup?.joins ?? null];
    return [
      {
        address,
        remoteAsn,
        source: sourceOf(body.source ?? group?.source ?? null),
        families: familiesOf(bgp, names),
        keepaliveSeconds: timers.keepalive,
        holdSeconds: timers.hold,
        reflects: inFamily(bgp.evpn?.neighbors, names, (said) => said.reflectorClient) === true,
        multihop: multihop == null ? null : (multihop.hops ?? 255),
        extendedNextHop: (body.extendedNextHop ?? group?.extendedNextHop) === true,
      },
    ];
  });
}

const sourceOf = (said: string | null): SeenNeighbor['source'] =>
  said === null ? null : /^[\d.]+$|:/.test(said) ? { address: said as Ip } : { port: said };

type FamilyNeighbors = Bgp['body']['families'][number]['body']['neighbors'];

function inFamily<T>(
  neighbors: FamilyNeighbors | undefined,
  names: readonly (string | null)[],
  of: (said: FamilyNeighbors[number]['body']) => T,
): T | null {
  for (const name of names) {
    const found = neighbors?.find(({ head }) => name !== null && (head.address === name || head.group === name));
    const value = found === undefined ? null : of(found.body);
    if (value !== null) return value;
  }
  return null;
}

function familiesOf(bgp: Bgp['body'], names: readonly (string | null)[]): readonly AddressFamily[] {
  const active = (neighbors: FamilyNeighbors | undefined): boolean | null => inFamily(neighbors, names, (said) => said.activate);
  const ofFamily = (family: string) => bgp.families.find(({ head }) => head === family)?.body.neighbors;
  return [
    ...((active(ofFamily('ipv4 unicast')) ?? bgp.defaultUnicast !== false) ? (['IPV4_UNICAST'] as const) : []),
    ...(active(ofFamily('ipv6 unicast')) === true ? (['IPV6_UNICAST'] as const) : []),
    ...(active(bgp.evpn?.neighbors) === true ? (['L2VPN_EVPN'] as const) : []),
  ];
}

/** Tunnels in a bridge that EVPN announces. Those with fixed peers or a group, or in the interface that tunnels start from, stay beside the model. */
function networksOf({ interfaces }: InterfacesConfig, bgp: Bgp | undefined, vtep: SeenVtep | null): readonly SeenNetwork[] {
  if (bgp?.body.evpn?.advertiseAll !== true) return [];
  return interfaces.flatMap(({ head: vxlan, body }): readonly SeenNetwork[] => {
    const bridge = interfaces.find((other) => other.body.bridgePorts.includes(vxlan));
    const isOther = bridge !== undefined && (bridge.body.vrf !== null || bridge.body.vlanAware === 'on' || bridge.head === vtep?.port);
    if (body.vni === null || bridge === undefined || isOther || body.remotes.length > 0 || body.group !== null) return [];
    const said = bgp.body.evpn?.vnis.find(({ head }) => head === body.vni)?.body;
    const of = (direction: 'import' | 'export') =>
      (said?.targets ?? [])
        .filter((one) => one.direction === direction && !one.target.startsWith('*'))
        .map(({ target }) => target as RouteTarget);
    return [
      {
        vni: body.vni,
        vlan: null,
        name: bridge.body.alias,
        mtu: bridge.body.mtu ?? body.mtu,
        rd: said?.rd ?? null,
        importTargets: of('import'),
        exportTargets: of('export'),
        places: bridge.body.bridgePorts.filter((port) => port !== vxlan && !isOfGuest(port)).map((port) => placeOf(interfaces, port)),
        gateway: null,
        interfaces: { bridge: bridge.head, vxlan },
      },
    ];
  });
}

const isOfGuest = (port: string): boolean => port === 'none' || /^(?:tap|veth|fwpr|fwln|vnet)\d/.test(port);

/** `ens20.42` is VLAN 42 of `ens20`. */
function placeOf(interfaces: readonly InterfaceConfig[], port: string): SeenNetwork['places'][number] {
  const said = interfaces.find(({ head }) => head === port)?.body;
  const [, device = '', vlan = ''] = /^(.+)\.(\d{1,4})$/.exec(port) ?? [];
  const id = Number(vlan) >= VlanId.min && Number(vlan) <= VlanId.max ? VlanId.parse(Number(vlan)) : null;
  return device !== '' && id !== null && (said?.vlanDevice ?? device) === device ? { port: device, vlan: id } : { port, vlan: null };
}
