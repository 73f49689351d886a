/**
 * The SDN configuration of a Proxmox cluster as the fabric sees it. Its zones are VRFs or plain tunnels, its vnets networks, its controllers sessions; what
 * a node makes of them stands in the node's own files, and is taken from there where they were given.
 */
import type { InterfacesConfig } from '#engines/adoption';
import type { FabricSnapshot, NetworkFacts, SubnetFacts, VrfFacts } from '#engines/intent';
import { Asn, Cidr, compareNatural, EviId, Ip, Label, type NetworkId, RouteTarget, Slug, Vni, type VrfId } from '#engines/kernel';
import { parseRunningConfig, parseSdnFiles, type SdnConfig, type SdnFiles } from '#engines/pve-sdn';
import type { DeviceDocuments } from '../documents/imported-file.js';
import type { SeenDevice } from './seen-device.js';

type Zone = SdnConfig['zones'][number];
type EvpnZone = Extract<Zone, { type: 'evpn' }>;
type VxlanZone = Extract<Zone, { type: 'vxlan' }>;
type EvpnController = Extract<SdnConfig['controllers'][number], { type: 'evpn' }>;

const FILES = ['zones.cfg', 'vnets.cfg', 'subnets.cfg', 'controllers.cfg', 'fabrics.cfg', 'prefix-lists.cfg'] as const;

/** @throws DomainError INVALID_VALUE for what Proxmox itself would refuse, or could not work */
export function sdnConfigOf({ documents }: DeviceDocuments): SdnConfig | null {
  const ours = documents.filter(({ kind }) => kind === 'pve-sdn');
  const json = ours.find(({ text }) => text.trimStart().startsWith('{'));
  if (json !== undefined) return parseRunningConfig(json.text);
  if (ours.length === 0) return null;
  const files: Partial<Record<(typeof FILES)[number], string>> = {};
  for (const { name, text } of ours) {
    const file = FILES.find((known) => name.endsWith(known)) ?? fileOf(text);
    files[file] = `${files[file] ?? ''}${text}\n`;
  }
  return parseSdnFiles(files satisfies SdnFiles, 1);
}

/** By the first section of a file that came without its name. */
function fileOf(text: string): (typeof FILES)[number] {
  const type = /^([a-z-]+): /m.exec(text)?.[1] ?? '';
  if (type === 'vnet' || type === 'subnet') return `${type}s.cfg`;
  return /^\s+(?:asn|isis-domain)\b/m.test(text) && !/^\s+(?:vrf-vxlan|controller)\b/m.test(text) ? 'controllers.cfg' : 'zones.cfg';
}

const evpnZones = (sdn: SdnConfig): readonly EvpnZone[] => sdn.zones.filter((zone) => zone.type === 'evpn');
const vxlanZones = (sdn: SdnConfig): readonly VxlanZone[] => sdn.zones.filter((zone) => zone.type === 'vxlan');
export const evpnControllers = (sdn: SdnConfig): readonly EvpnController[] =>
  sdn.controllers.filter((controller) => controller.type === 'evpn');

/** A node without an frr.conf of its own speaks with all peers of its controller, from its address among them. */
export function asNode(seen: SeenDevice, interfaces: InterfacesConfig, sdn: SdnConfig | null): SeenDevice {
  const [controller] = sdn === null ? [] : evpnControllers(sdn);
  if (controller === undefined || seen.asn !== null || !('peers' in controller.underlay)) return seen;
  const peers = controller.underlay.peers.map((peer) => Ip.parse(peer));
  const own = interfaces.interfaces.find(({ body }) => body.addresses.some(({ address }) => peers.includes(address)));
  const address = own?.body.addresses.find((one) => peers.includes(one.address))?.address;
  if (own === undefined || address === undefined) return seen;
  const asn = Asn.parse(controller.asn);
  return {
    ...seen,
    asn,
    routerId: address,
    vtep: { address, port: own.head, isAssumed: false },
    neighbors: peers
      .filter((peer) => peer !== address)
      .map((peer) => ({
        address: peer,
        remoteAsn: asn,
        source: { address },
        families: ['L2VPN_EVPN'],
        keepaliveSeconds: 3,
        holdSeconds: 9,
        reflects: false,
        multihop: null,
        extendedNextHop: false,
      })),
  };
}

/** Networks and VRFs of the cluster beside those that were found on its nodes. */
export function withCluster(snapshot: FabricSnapshot, sdn: SdnConfig): FabricSnapshot {
  const used = new Set<number>([...snapshot.networks, ...snapshot.vrfs].map(({ eviId }) => eviId));
  const vrfs = evpnZones(sdn)
    .filter((zone) => !snapshot.vrfs.some(({ l3vni }) => l3vni === zone.l3vni))
    .map((zone) => vrfOf(sdn, zone, used));
  const known = new Set<number>(snapshot.networks.map(({ vni }) => vni));
  const all = [...snapshot.vrfs, ...vrfs];
  const networks = [...evpnZones(sdn), ...vxlanZones(sdn)].flatMap((zone) =>
    sdn.vnets
      .filter((vnet) => vnet.zone === zone.id && vnet.tag !== null && vnet.tag <= Vni.max && !known.has(vnet.tag))
      .map((vnet) => networkOf(snapshot, sdn, zone, vnet, all, used)),
  );
  return { ...snapshot, vrfs: all, networks: [...snapshot.networks, ...networks].sort((a, b) => a.vni - b.vni) };
}

/** FRR's own: the lower 16 bits of the AS. */
function administrator(sdn: SdnConfig, zone: EvpnZone): number {
  const asn = evpnControllers(sdn).find(({ id }) => id === zone.controller)?.asn ?? 65_000;
  return asn % 65_536;
}

function vrfOf(sdn: SdnConfig, zone: EvpnZone, used: Set<number>): VrfFacts {
  const own = RouteTarget.of(administrator(sdn, zone), zone.l3vni);
  return {
    id: `vrf-${zone.id}` as VrfId,
    deviceName: `vrf_${zone.id}`,
    l3vni: Vni.parse(zone.l3vni),
    eviId: nextEvi(zone.l3vni, used),
    importTargets: [...new Set([own, ...zone.rtImport.map(RouteTarget.parse)])].sort(compareNatural),
    exportTargets: [own],
  };
}

function networkOf(
  snapshot: FabricSnapshot,
  sdn: SdnConfig,
  zone: EvpnZone | VxlanZone,
  vnet: SdnConfig['vnets'][number],
  vrfs: readonly VrfFacts[],
  used: Set<number>,
): NetworkFacts {
  const vni = vnet.tag ?? 0;
  const target = RouteTarget.of(zone.type === 'evpn' ? administrator(sdn, zone) : snapshot.fabric.rtAdministrator, vni);
  return {
    id: `network-${vni}` as NetworkId,
    slug: Slug.parse(`vni${vni}`),
    name: labelOf(vnet.alias ?? vnet.id),
    vrfId: zone.type === 'evpn' ? (vrfs.find(({ l3vni }) => l3vni === zone.l3vni)?.id ?? null) : null,
    vni: Vni.parse(vni),
    eviId: nextEvi(vni, used),
    mtu: Math.min(zone.mtu ?? Number.MAX_SAFE_INTEGER, snapshot.fabric.underlayMtu - (snapshot.fabric.underlayFamily === 4 ? 50 : 70)),
    importTargets: [target],
    exportTargets: [target],
    subnets: sdn.subnets.filter((subnet) => subnet.vnet === vnet.id).map((subnet) => subnetOf(zone, subnet)),
    ...(zone.type === 'vxlan' ? { replication: 'INGRESS_STATIC' as const } : {}),
  };
}

function subnetOf(zone: EvpnZone | VxlanZone, { prefix, gateway, snat }: SdnConfig['subnets'][number]): SubnetFacts {
  const hasGateway = gateway !== null && zone.type === 'evpn';
  return {
    cidr: cidrOf(prefix),
    gatewayMode: hasGateway ? 'ANYCAST_VTEP' : gateway === null ? 'NONE' : 'EXTERNAL_FIREWALL',
    gatewayAddress: gateway === null ? null : Ip.parse(gateway),
    ...(snat ? { snat } : {}),
  };
}

/** Of a prefix that may be written with an address of it. */
export function cidrOf({ address, length }: SdnConfig['subnets'][number]['prefix']): Cidr {
  const family = Ip.family(Ip.parse(address));
  const shift = BigInt((family === 4 ? 32 : 128) - length);
  return Cidr.parse(`${Ip.fromBigInt(family, (Ip.toBigInt(Ip.parse(address)) >> shift) << shift)}/${length}`);
}

function labelOf(text: string): Label {
  try {
    return Label.parse(text);
  } catch {
    return Label.parse('vnet'); // an alias that is no label is only not taken
  }
}

function nextEvi(wanted: number, used: Set<number>): EviId {
  let candidate = wanted;
  for (; candidate > EviId.max || candidate < 1 || used.has(candidate); candidate = candidate >= EviId.max ? 1 : candidate + 1);
  used.add(candidate);
  return EviId.parse(candidate);
}
