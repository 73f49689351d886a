/**
 * SDN objects of a Proxmox VE cluster, as its API takes them: every option that is ours, as text. Ids have at most eight characters, so they are
 * made of numbers; zones and controllers of ours are known by their names, VNets by their alias.
 */
import type { DeviceIntent, L2VniIntent, ProxmoxFacts, VrfIntent } from '#engines/intent';
import { DomainError, Ip } from '#engines/kernel';
import type { Draft, Renderer } from '../artefact.js';
import { type SdnDocument, type SdnOptions, sdnText } from './sdn-document.js';

export { canonicalOption, type SdnDocument, type SdnKind, type SdnObjects, type SdnOptions, sdnText } from './sdn-document.js';

export const SDN_PATH = 'cluster/sdn';

const DEFAULT_PORT = 4789;
/** The longest VNI has eight digits, and a letter has to come first. */
const vnetId = (vni: number): string => (vni < 10_000_000 ? `v${vni}` : `vx${vni.toString(16)}`);
const vrfZoneId = ({ l3vni }: VrfIntent): string => `trv${l3vni.toString(36)}`;

export const proxmoxArtefacts: Renderer = (intent): readonly Draft[] => {
  const { proxmox } = intent;
  if (!proxmox) return [];
  const document = sdnDocument(intent, proxmox);
  const text = sdnText(document);
  assertSame(intent, document, text);
  return [{ path: SDN_PATH, format: 'pve-sdn', mode: 0o644, owner: 'root', text: text.slice(0, -1).split('\n') }];
};

function sdnDocument(intent: DeviceIntent, proxmox: ProxmoxFacts): SdnDocument {
  const { cluster, evpn } = proxmox;
  const isOwn = evpn?.controller.startsWith('trame') ?? false;
  const vrfs = evpn ? intent.vrfs.filter(({ name }) => intent.l2vnis.some(({ vrf }) => vrf === name)) : [];
  const zoneOf = new Map(vrfs.map((vrf) => [vrf.name as string, vrfZoneId(vrf)]));
  const zoned = intent.l2vnis.map((network) => ({ network, zone: (network.vrf && zoneOf.get(network.vrf)) ?? proxmox.zone }));
  const zones = [
    // A zone without a VNet has no interfaces but a VRF, a number and a line in FRR: it is there while somebody needs it.
    ...(zoned.some(({ zone }) => zone === proxmox.zone) ? [[proxmox.zone, zone(intent, proxmox, null)] as const] : []),
    ...vrfs.map((vrf) => [vrfZoneId(vrf), zone(intent, proxmox, vrf)] as const),
  ];
  return {
    cluster,
    needs: evpn && !isOwn && zones.length > 0 ? { [evpn.controller]: String(evpn.asn) } : {},
    controllers:
      evpn && isOwn && zones.length > 0 ? { [evpn.controller]: { asn: String(evpn.asn), peers: evpn.peers.join(','), type: 'evpn' } } : {},
    zones: byName(zones),
    vnets: byName(zoned.map(({ network, zone: id }) => [vnetId(network.vni), vnet(network, id)] as const)),
    subnets: byName(zoned.flatMap(({ network, zone: id }) => subnets(network, id))),
  };
}

/** No MTU: Proxmox makes it of the port below, and so it is right on every node. */
function zone({ anycastGatewayMac, vtep }: DeviceIntent, { nodes, evpn }: ProxmoxFacts, vrf: VrfIntent | null): SdnOptions {
  const port = vtep && vtep.udpPort !== DEFAULT_PORT ? { 'vxlan-port': String(vtep.udpPort) } : {};
  const names = nodes.map(({ name }) => name).join(',');
  if (!evpn) return { nodes: names, peers: nodes.map((node) => node.vtep).join(','), type: 'vxlan', ...port };
  return {
    controller: evpn.controller,
    mac: anycastGatewayMac,
    nodes: names,
    type: 'evpn',
    'vrf-vxlan': String(vrf?.l3vni ?? evpn.vrfVni),
    ...port,
  };
}

/** What says that it is ours is in front: an alias takes letters, digits, `()-_.` and spaces. */
const vnet = ({ networkSlug, vni }: L2VniIntent, id: string): SdnOptions => ({
  alias: `trame ${networkSlug}`,
  tag: String(vni),
  zone: id,
});

function subnets({ vni, vrf, gateways }: L2VniIntent, id: string): (readonly [string, SdnOptions])[] {
  if (vrf === null) return [];
  return gateways.map(({ address, prefixLength }) => {
    const hostBits = BigInt((Ip.family(address) === 4 ? 32 : 128) - prefixLength);
    const network = Ip.fromBigInt(Ip.family(address), (Ip.toBigInt(address) >> hostBits) << hostBits);
    return [`${id}-${network}-${prefixLength}`, { gateway: address, vnet: vnetId(vni) }] as const;
  });
}

const byName = (entries: readonly (readonly [string, SdnOptions])[]): Readonly<Record<string, SdnOptions>> => Object.fromEntries(entries);

/** Two networks with one id would be one VNet. */
function assertSame({ slug, l2vnis }: DeviceIntent, document: SdnDocument, text: string): void {
  if (Object.keys(document.vnets).length === l2vnis.length && sdnText(JSON.parse(text) as SdnDocument) === text) return;
  throw new DomainError('RENDER_ESCAPE', `the SDN objects of ${slug} say something else than its networks`, {
    device: slug,
    path: SDN_PATH,
  });
}
