/**
 * A fabric as large as is asked for, in memory: two spines that reflect routes, and VTEPs that all carry all networks. Every network is
 * routed in a VRF with an anycast gateway and comes out tagged on trunk ports; VLANs differ by domain, RDs by VTEP. No clock, no random.
 */
import type {
  AttachmentFacts,
  BgpSessionFacts,
  DeviceFacts,
  FabricSnapshot,
  LinkFacts,
  NetworkFacts,
  RdFacts,
  VlanMappingFacts,
  VrfFacts,
} from '#engines/intent';
import {
  Asn,
  type AttachmentId,
  Cidr,
  type DeviceId,
  EviId,
  type FabricId,
  Ip,
  Label,
  Mac,
  type NetworkId,
  PortName,
  RouteDistinguisher,
  RouteTarget,
  Slug,
  VlanId,
  Vni,
  type VrfId,
} from '#engines/kernel';

export interface FabricSize {
  /** VTEPs with networks; the two spines come on top. */
  readonly devices: number;
  /** At most 1,000: below 1006 a switch has no more VLANs that are not internal. */
  readonly networks: number;
  /** `mixed`: every second VTEP is a Debian host. */
  readonly profile: 'leafs' | 'mixed';
}

const ADMINISTRATOR = 65_051;
const ASN = Asn.parse(ADMINISTRATOR);
const NETWORKS_PER_VRF = 20;
const VLAN_DOMAINS = 4;
/** VLANs 2…1005. */
const VLANS = 1004;
const TRUNKS = 4;
const SPINES = [0, 1];

export function leafFabric({ devices, networks, profile }: FabricSize): FabricSnapshot {
  const spines = SPINES.map((spine) => spineOf(spine, devices));
  const vteps = Array.from({ length: devices }, (_, index) => vtepOf(index, profile === 'mixed' && index % 2 === 1));
  const vrfs = Array.from({ length: Math.ceil(networks / NETWORKS_PER_VRF) }, (_, index) => vrfOf(index));
  const all = Array.from({ length: networks }, (_, index) => networkOf(index));
  return {
    fabric: {
      id: 'fab_00000000000000000000000001' as FabricId,
      slug: Slug.parse('bench'),
      rtAdministrator: ADMINISTRATOR,
      vtepUdpPort: 4789,
      replication: 'INGRESS_EVPN',
      underlayFamily: 4,
      underlayMtu: 9000,
      anycastGatewayMac: Mac.parse('00:1c:73:00:00:01'),
    },
    revision: 1,
    devices: [...spines, ...vteps],
    ...underlay(spines, vteps),
    vrfs,
    networks: all,
    attachments: vteps.flatMap((device) => all.map((network, index) => attachmentOf(device, network, index))),
    vlanMappings: vteps.flatMap((device, domain) => vlansOf(device, domain, all)),
    routeDistinguishers: vteps.flatMap((device) => [...all, ...vrfs].map(({ eviId }) => rdOf(device, eviId))),
  };
}

const serial = (kind: string, number: number): string => `${kind}_${String(number).padStart(26, '0')}`;

function spineOf(spine: number, devices: number): DeviceFacts {
  return {
    id: serial('dev', spine) as DeviceId,
    slug: Slug.parse(`spine${spine + 1}`),
    hostname: `SPINE${spine + 1}`,
    platform: 'ARISTA_EOS',
    vtep: vtepFacts(spine),
    ports: Array.from({ length: devices }, (_, index) => ({
      name: PortName.parse(`Ethernet${index + 1}`),
      description: Label.parse(`vtep ${index + 1}`),
      mtu: 9000,
    })),
  };
}

function vtepOf(index: number, isHost: boolean): DeviceFacts {
  const name = `${isHost ? 'host' : 'leaf'}${index + 1}`;
  const trunks = Array.from({ length: TRUNKS }, (_, trunk) => (isHost ? `ens${30 + trunk}` : `Ethernet${10 + trunk}`));
  return {
    id: serial('dev', 100 + index) as DeviceId,
    slug: Slug.parse(name),
    hostname: isHost ? name : name.toUpperCase(),
    platform: isHost ? 'DEBIAN_FRR' : 'ARISTA_EOS',
    vtep: vtepFacts(100 + index),
    ports: [...SPINES.map((spine) => uplink(isHost, spine)), ...trunks].map((port, position) => ({
      name: PortName.parse(port),
      description: position < SPINES.length ? Label.parse(`spine ${position + 1}`) : null,
      mtu: position < SPINES.length ? 9000 : null,
    })),
  };
}

const uplink = (isHost: boolean, spine: number): string => (isHost ? `ens${19 + spine}` : `Ethernet${spine + 1}`);

function vtepFacts(number: number): NonNullable<DeviceFacts['vtep']> {
  const address = Ip.parse(`10.255.${number >> 8}.${number & 255}`);
  return { address, routerId: address, asn: ASN };
}

function underlay(spines: readonly DeviceFacts[], vteps: readonly DeviceFacts[]): Pick<FabricSnapshot, 'links' | 'sessions'> {
  const links: LinkFacts[] = [];
  const sessions: BgpSessionFacts[] = [];
  for (const [spine, { id }] of spines.entries()) {
    for (const [index, device] of vteps.entries()) {
      const near = Ip.parse(`10.254.${spine * 128 + (index >> 7)}.${(index & 127) * 2}`);
      const far = Ip.fromBigInt(4, Ip.toBigInt(near) + 1n);
      const port = PortName.parse(uplink(device.platform === 'DEBIAN_FRR', spine));
      links.push({
        prefix: Cidr.parse(`${near}/31`),
        ends: [
          { deviceId: id, port: PortName.parse(`Ethernet${index + 1}`), address: near },
          { deviceId: device.id, port, address: far },
        ],
      });
      sessions.push({
        ends: [
          { deviceId: id, address: near, role: 'ROUTE_REFLECTOR' },
          { deviceId: device.id, address: far, role: 'ROUTE_REFLECTOR_CLIENT' },
        ],
        families: ['IPV4_UNICAST', 'L2VPN_EVPN'],
        keepaliveSeconds: 20,
        holdSeconds: 60,
      });
    }
  }
  return { links, sessions };
}

function vrfOf(index: number): VrfFacts {
  const target = RouteTarget.of(ADMINISTRATOR, 30_001 + index);
  return {
    id: serial('vrf', index) as VrfId,
    deviceName: `tenant${index + 1}`,
    l3vni: Vni.parse(30_001 + index),
    eviId: EviId.parse(30_001 + index),
    importTargets: [target],
    exportTargets: [target],
  };
}

/** Every tenth network is IPv6 as well; names are what people type. */
function networkOf(index: number): NetworkFacts {
  const target = RouteTarget.of(ADMINISTRATOR, 10_001 + index);
  const anycast = (cidr: string): NetworkFacts['subnets'][number] => ({
    cidr: Cidr.parse(cidr),
    gatewayMode: 'ANYCAST_VTEP',
    gatewayAddress: Cidr.host(Cidr.parse(cidr), 1),
  });
  const v4 = anycast(`10.${index >> 8}.${index & 255}.0/24`);
  return {
    id: serial('net', index) as NetworkId,
    slug: Slug.parse(`network-${index + 1}`),
    name: Label.parse(index % 3 === 0 ? `Société ${index + 1} "front"` : `customer ${index + 1} – web`),
    vrfId: serial('vrf', Math.floor(index / NETWORKS_PER_VRF)) as VrfId,
    vni: Vni.parse(10_001 + index),
    eviId: EviId.parse(10_001 + index),
    mtu: 1500,
    importTargets: [target],
    exportTargets: [target],
    subnets: index % 10 === 0 ? [v4, anycast(`2001:db8:${(index + 1).toString(16)}::/64`)] : [v4],
  };
}

function attachmentOf(device: DeviceFacts, network: NetworkFacts, index: number): AttachmentFacts {
  return {
    id: `att_${device.id.slice(-4)}${network.id.slice(-22)}` as AttachmentId,
    networkId: network.id,
    deviceId: device.id,
    port: known(device.ports[SPINES.length + (index % TRUNKS)]).name,
    tagging: 'TAGGED',
  };
}

function vlansOf(device: DeviceFacts, position: number, networks: readonly NetworkFacts[]): VlanMappingFacts[] {
  const shift = (position % VLAN_DOMAINS) * Math.floor(VLANS / VLAN_DOMAINS);
  return networks.map(({ id }, index) => ({
    deviceId: device.id,
    networkId: id,
    vlan: VlanId.parse(2 + ((index + shift) % VLANS)),
  }));
}

function rdOf(device: DeviceFacts, eviId: EviId): RdFacts {
  return { deviceId: device.id, eviId, rd: RouteDistinguisher.of(known(device.vtep).routerId, eviId) };
}

function known<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('the bench asks for more than its fabric has');
  return value;
}
