/** What a configuration makes the switch do: read once per change, by the show commands, the fabric and the data plane. */
import { decodePassword } from './config/neighbor-password.js';
import { expandList } from './config/number-list.js';
import type { Section } from './config/section.js';

export interface PortState {
  readonly name: string;
  readonly isShutdown: boolean;
  readonly isRouted: boolean;
  /** Octets, null where nothing is configured. */
  readonly mtu: number | null;
  /** With prefix length. */
  readonly addresses: readonly string[];
  /** VLANs that come out of the port: one untagged, the others tagged. */
  readonly untaggedVlan: number | null;
  readonly taggedVlans: readonly number[];
}

export interface NeighborState {
  readonly address: string;
  readonly remoteAsn: number;
  readonly updateSource: string | null;
  readonly keepaliveSeconds: number;
  readonly holdSeconds: number;
  readonly isRouteReflectorClient: boolean;
  readonly isNextHopSelf: boolean;
  /** Route targets are extended communities: they go out only with `send-community` (all) or `… extended`. */
  readonly sendsExtendedCommunities: boolean;
  readonly evpn: boolean;
  readonly ipv4: boolean;
  /** In clear, null where none is configured; a code that this switch cannot read is a password that nobody else has. */
  readonly password: string | null;
  /** Outbound route map of the IPv4 family. */
  readonly routeMapOut: string | null;
}

export interface MacVrfState {
  readonly vlan: number;
  readonly rd: string | null;
  readonly importRts: readonly string[];
  readonly exportRts: readonly string[];
}

export interface BgpState {
  readonly asn: number;
  readonly routerId: string | null;
  readonly neighbors: readonly NeighborState[];
  readonly macVrfs: readonly MacVrfState[];
  readonly networks: readonly string[];
  readonly redistributesConnected: boolean;
}

export interface SwitchState {
  readonly hostname: string;
  /** Null until Vxlan1 has a source interface with an address. */
  readonly vtep: { readonly sourceInterface: string; readonly address: string; readonly udpPort: number } | null;
  readonly vlans: readonly number[];
  /** Mappings whose VLAN exists: EOS keeps the others in the configuration and does nothing with them. */
  readonly mappings: readonly { readonly vlan: number; readonly vni: number }[];
  readonly loopbackAddresses: readonly string[];
  /** Of VLANs in the default VRF: where the two switches of a pair reach each other. */
  readonly sviAddresses: readonly string[];
  readonly ports: readonly PortState[];
  readonly bgp: BgpState | null;
  /** Route maps that make the next hop the switch's own address. */
  readonly nextHopSelfMaps: readonly string[];
}

export function readSwitchState(root: Section): SwitchState {
  const vlans = root.sectionsOf('vlan').map(({ header }) => Number(header.slice(5)));
  const vxlan = root.sections.get('interface Vxlan1');
  const mappings = (vxlan?.valuesOf('vxlan vlan') ?? []).flatMap((text) => {
    const [, vlan, vni] = /^(\d+) vni (\d+)$/.exec(text) ?? [];
    return vni === undefined ? [] : [{ vlan: Number(vlan), vni: Number(vni) }];
  });
  return {
    hostname: root.valueOf('hostname') ?? 'localhost',
    vtep: readVtep(root, vxlan),
    vlans,
    mappings: mappings.filter(({ vlan }) => vlans.includes(vlan)),
    loopbackAddresses: root.sectionsOf('loopback').flatMap(addressesOf),
    sviAddresses: root.sectionsOf('svi').flatMap(addressesOf),
    ports: root.sectionsOf('ethernet').map(readPort),
    bgp: readBgp(root),
    nextHopSelfMaps: root
      .sectionsOf('route-map')
      .filter((map) => map.has('set ip next-hop peer-address'))
      .map(({ header }) => header.split(' ')[1] as string),
  };
}

const addressesOf = (section: Section): readonly string[] =>
  (section.valueOf('vrf') === undefined ? section.valuesOf('ip address') : [])
    .filter((text) => /^\d/.test(text))
    .map((text) => text.split(' ')[0] as string);

function readVtep(root: Section, vxlan: Section | undefined): SwitchState['vtep'] {
  // Of a pair both switches answer to the shared address.
  const sourceInterface = vxlan?.valueOf('vxlan mlag source-interface') ?? vxlan?.valueOf('vxlan source-interface');
  const loopback = sourceInterface === undefined ? undefined : root.sections.get(`interface ${sourceInterface}`);
  const address = loopback === undefined ? undefined : addressesOf(loopback)[0]?.split('/')[0];
  if (sourceInterface === undefined || address === undefined || vxlan?.has('shutdown')) return null;
  return { sourceInterface, address, udpPort: Number(vxlan?.valueOf('vxlan udp-port') ?? 4789) };
}

function readPort(port: Section): PortState {
  const isRouted = port.has('no switchport');
  const mtu = port.valueOf('mtu');
  return {
    name: port.header.replace('interface ', ''),
    isShutdown: port.has('shutdown'),
    isRouted,
    mtu: mtu === undefined ? null : Number(mtu),
    addresses: isRouted ? addressesOf(port) : [],
    ...(isRouted ? { untaggedVlan: null, taggedVlans: [] } : readVlans(port)),
  };
}

/** Lists are spelt out for trunks alone: all 4094 of each port would be most of what a change costs. */
function readVlans(port: Section): Pick<PortState, 'untaggedVlan' | 'taggedVlans'> {
  if (!port.has('switchport mode trunk')) return { untaggedVlan: Number(port.valueOf('switchport access vlan') ?? 1), taggedVlans: [] };
  const native = Number(port.valueOf('switchport trunk native vlan') ?? 1);
  const allowed = port.valueOf('switchport trunk allowed vlan') ?? '1-4094';
  const vlans = allowed === 'none' ? [] : expandList(allowed).map(Number);
  return { untaggedVlan: vlans.includes(native) ? native : null, taggedVlans: vlans.filter((vlan) => vlan !== native) };
}

function readBgp(root: Section): BgpState | null {
  const bgp = root.sectionsOf('bgp')[0];
  if (bgp === undefined || !(root.has('ip routing') || root.has('ip routing ipv6 interfaces'))) return null;
  const ipv4 = bgp.sections.get('address-family ipv4');
  return {
    asn: Number(bgp.header.split(' ')[2]),
    routerId: bgp.valueOf('router-id') ?? null,
    neighbors: bgp.valuesOf('neighbor').flatMap((text) => {
      const [, address, remoteAsn] = /^(\d\S+|\S*:\S*) remote-as (\d+)$/.exec(text) ?? [];
      return address === undefined ? [] : [readNeighbor(bgp, address, Number(remoteAsn))];
    }),
    macVrfs: [
      ...bgp.sectionsOf('mac-vrf').map((vrf) => readMacVrf(vrf, Number(vrf.header.slice(5)))),
      ...bgp.sectionsOf('bundle').flatMap((vrf) => bundledVlans(vrf).map((vlan) => readMacVrf(vrf, vlan))),
    ],
    networks: ipv4?.valuesOf('network') ?? [],
    redistributesConnected: [bgp, ipv4].some((section) => section?.valueOf('redistribute')?.startsWith('connected') === true),
  };
}

function bundledVlans(bundle: Section): readonly number[] {
  const vlans = bundle.valueOf('vlan');
  return vlans === undefined ? [] : expandList(vlans).map(Number);
}

function readMacVrf(vrf: Section, vlan: number): MacVrfState {
  const targets = (direction: string): readonly string[] =>
    vrf.valuesOf(`route-target ${direction}`).map((text) => text.replace(/^evpn domain \S+ /, ''));
  return {
    vlan,
    rd: vrf.valueOf('rd')?.replace(/^evpn domain \S+ /, '') ?? null,
    importRts: targets('import'),
    exportRts: targets('export'),
  };
}

/** The section with the lines of a neighbor's group under the neighbor's own name, where it does not say otherwise. */
function withGroup(section: Section | undefined, address: string, group: string | undefined): Section | undefined {
  if (section === undefined || group === undefined) return section;
  const copy = section.clone();
  for (const { text, rule } of section.settings.values()) {
    const own = text.replace(`neighbor ${group} `, `neighbor ${address} `);
    if (own !== text && !copy.settings.has(own)) copy.settings.set(own, { text: own, rule });
  }
  return copy;
}

function readNeighbor(instance: Section, address: string, remoteAsn: number): NeighborState {
  const own = `neighbor ${address}`;
  const group = instance.valueOf(`${own} peer group`);
  const bgp = withGroup(instance, address, group) as Section;
  const [evpn, ipv4] = ['address-family evpn', 'address-family ipv4'].map((name) => withGroup(instance.sections.get(name), address, group));
  return { ...readMergedNeighbor(bgp, { evpn, ipv4 }, address, remoteAsn), password: readPassword(instance, [address, group]) };
}

/** The neighbor's own, or its group's: each is coded with the name it stands behind. */
function readPassword(instance: Section, names: readonly (string | undefined)[]): string | null {
  for (const name of names) {
    const code = name === undefined ? undefined : instance.valueOf(`neighbor ${name} password 7`);
    if (name !== undefined && code !== undefined) return decodePassword(name, code) ?? `unreadable ${code}`;
  }
  return null;
}

function readMergedNeighbor(
  bgp: Section,
  { evpn, ipv4 }: { readonly evpn: Section | undefined; readonly ipv4: Section | undefined },
  address: string,
  remoteAsn: number,
): Omit<NeighborState, 'password'> {
  const own = `neighbor ${address}`;
  const isDefaultFamily = !bgp.has('no bgp default ipv4-unicast') && ipv4?.has(`no ${own} activate`) !== true;
  const [keepalive, hold] = (bgp.valueOf(`${own} timers`) ?? bgp.valueOf('timers bgp') ?? '60 180').split(' ').map(Number);
  const [map] = (ipv4?.valuesOf(`${own} route-map`) ?? []).filter((text) => text.endsWith(' out'));
  return {
    address,
    remoteAsn,
    updateSource: bgp.valueOf(`${own} update-source`) ?? null,
    keepaliveSeconds: keepalive as number,
    holdSeconds: hold as number,
    isRouteReflectorClient: bgp.has(`${own} route-reflector-client`),
    isNextHopSelf: bgp.has(`${own} next-hop-self`),
    sendsExtendedCommunities: bgp.has(`${own} send-community`) || /\bextended$/.test(bgp.valueOf(`${own} send-community`) ?? ''),
    evpn: evpn?.has(`${own} activate`) === true,
    ipv4: isDefaultFamily || ipv4?.has(`${own} activate`) === true,
    routeMapOut: map?.split(' ')[0] ?? null,
  };
}
