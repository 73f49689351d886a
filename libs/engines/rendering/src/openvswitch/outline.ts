/** What rows and stanzas have to say, stated again from the facts. */
import type { OpenVswitchFacts, OvsBridgeFacts, OvsPortFacts } from '#engines/intent';
import { canonicalJson, DomainError } from '#engines/kernel';
import { outline, type OutlineEntry } from '../outline.js';

/** @throws DomainError RENDER_ESCAPE when the text does not hold exactly these bridges, ports and interfaces with these VLANs. */
export function assertRows(device: string, path: string, text: readonly string[], { bridges }: OpenVswitchFacts): void {
  const found = shape(JSON.parse(text.join('\n')) as Document);
  const wanted = bridges.map(({ name, ports, mirrors, sflow }) => [
    name,
    ports.map((port) => [port.name, port.tag, port.trunks, port.vlanMode, port.isProtected, port.interfaces.map((part) => part.name)]),
    mirrors.map((mirror) => mirror.name),
    sflow?.targets ?? [],
  ]);
  if (canonicalJson(found) === canonicalJson(wanted)) return;
  throw new DomainError('RENDER_ESCAPE', `refused to hand out ${path} of ${device}: its rows are not those of the intent`, {
    device,
    path,
    line: canonicalJson(found).slice(0, 120),
    problem: 'is not in the intent',
  });
}

interface Named {
  readonly name: string;
}
interface Document {
  readonly bridges: readonly (Named & {
    readonly ports: readonly (Named & {
      readonly tag?: number;
      readonly trunks?: readonly number[];
      readonly vlan_mode?: string;
      readonly protected?: boolean;
      readonly interfaces: readonly Named[];
    })[];
    readonly mirrors?: readonly Named[];
    readonly sflow?: { readonly targets: readonly string[] };
  })[];
}

const shape = ({ bridges }: Document): unknown =>
  bridges.map(({ name, ports, mirrors = [], sflow }) => [
    name,
    ports.map((port) => [
      port.name,
      port.tag ?? null,
      port.trunks ?? [],
      port.vlan_mode ?? null,
      port.protected ?? false,
      port.interfaces.map((part) => part.name),
    ]),
    mirrors.map((mirror) => mirror.name),
    sflow?.targets ?? [],
  ]);

export function stanzaOutline(facts: OpenVswitchFacts): OutlineEntry[] {
  const { managedBy, bridges } = facts;
  if (managedBy === 'OVSDB') return bridges.flatMap(({ ports }) => ports.flatMap(addressesOnly));
  return bridges.flatMap((bridge) => [
    ...bridgeOutline(managedBy, bridge),
    ...bridge.ports.flatMap((port) => portOutline(managedBy, bridge, port)),
  ]);
}

function addressesOnly({ interfaces }: OvsPortFacts): OutlineEntry[] {
  return interfaces.flatMap((part) =>
    part.type !== 'internal' || part.addresses.length === 0
      ? []
      : [...outline([], [`auto ${part.name}`]), ...stanza('OVSDB', part.name, part, [])],
  );
}

function bridgeOutline(managedBy: 'IFUPDOWN2' | 'IFUPDOWN', bridge: OvsBridgeFacts): OutlineEntry[] {
  const { name, ports, mirrors, sflow, datapath, failMode, hasRstp } = bridge;
  const own = ports.find((port) => port.name === name);
  const [part] = own?.interfaces ?? [];
  const others = ports.length - (own ? 1 : 0);
  const extras = [
    datapath === 'netdev' || failMode === 'secure' || hasRstp,
    ports.some(({ cvlans }) => cvlans.length > 0),
    own !== undefined && hasVlan(own),
    part?.type === 'internal' && part.mtu !== null,
    sflow !== null,
    ...ports.map((port) => managedBy === 'IFUPDOWN2' && isDeviceless(port)),
    mirrors.length > 0 && !ports.some((port) => port.name !== name && !(managedBy === 'IFUPDOWN2' && isDeviceless(port))),
  ];
  return [
    ...outline([], managedBy === 'IFUPDOWN2' ? [`auto ${name}`] : [`auto ${name}`, `allow-ovs ${name}`]),
    ...stanza(managedBy, name, part, [
      'ovs_type OVSBridge',
      ...(others > 0 ? ['ovs_ports'] : []),
      ...(managedBy === 'IFUPDOWN2' ? ['ovs-ports-condone-regex'] : []),
      ...extraKeys(managedBy, extras),
    ]),
  ];
}

function portOutline(managedBy: 'IFUPDOWN2' | 'IFUPDOWN', bridge: OvsBridgeFacts, port: OvsPortFacts): OutlineEntry[] {
  const { name, interfaces, bond } = port;
  if (name === bridge.name || (managedBy === 'IFUPDOWN2' && isDeviceless(port))) return [];
  const [part] = interfaces;
  const isLast =
    bridge.ports.filter((other) => other.name !== bridge.name && !(managedBy === 'IFUPDOWN2' && isDeviceless(other))).at(-1) === port;
  const type =
    interfaces.length > 1
      ? 'OVSBond'
      : { system: 'OVSPort', internal: 'OVSIntPort', patch: 'OVSPatchPort', vxlan: 'OVSTunnel' }[part?.type ?? 'system'];
  const members = interfaces.length > 1 && managedBy === 'IFUPDOWN2' ? interfaces : [];
  const saysBond = bond !== null && (bond.mode !== 'active-backup' || bond.lacp !== 'off' || bond.lacpTime === 'fast');
  const mtus = interfaces.map((one) => (one.type === 'system' || one.type === 'internal') && one.mtu !== null);
  return [
    ...outline(
      [],
      members.flatMap((member) => [`auto ${member.name}`, `iface ${member.name} inet manual`]),
    ),
    ...outline([], [managedBy === 'IFUPDOWN2' ? `auto ${name}` : `allow-${bridge.name} ${name}`]),
    ...stanza(managedBy, name, interfaces.length === 1 ? part : undefined, [
      `ovs_bridge ${bridge.name}`,
      `ovs_type ${type}`,
      ...(type === 'OVSBond' ? ['ovs_bonds'] : []),
      ...(type === 'OVSPatchPort' ? ['ovs_patch_peer'] : []),
      ...(type === 'OVSTunnel' ? ['ovs_tunnel_type vxlan', 'ovs_tunnel_options'] : []),
      ...(hasVlan(port) || saysBond ? ['ovs_options'] : []),
      ...extraKeys(managedBy, [...mtus, isLast && bridge.mirrors.length > 0]),
    ]),
  ];
}

const isDeviceless = ({ interfaces }: OvsPortFacts): boolean => interfaces.some(({ type }) => type === 'vxlan' || type === 'patch');

const hasVlan = ({ vlanMode, tag, trunks, cvlans, outerTag, isProtected }: OvsPortFacts): boolean =>
  vlanMode !== null || tag !== null || trunks.length > 0 || cvlans.length > 0 || outerTag === '802.1q' || isProtected;

function extraKeys(managedBy: 'IFUPDOWN2' | 'IFUPDOWN', present: readonly boolean[]): string[] {
  const count = present.filter(Boolean).length;
  return Array.from({ length: managedBy === 'IFUPDOWN2' ? count : Math.min(count, 1) }, () => 'ovs_extra');
}

type Part = OvsPortFacts['interfaces'][number] | undefined;

function stanza(managedBy: OpenVswitchFacts['managedBy'], name: string, part: Part, words: readonly string[]): OutlineEntry[] {
  const addresses = part?.type === 'internal' ? part.addresses : [];
  const gateway = part?.type === 'internal' ? part.gateway : null;
  const family = (address: string): string => (address.includes(':') ? 'inet6' : 'inet');
  if (addresses.length === 0) return iface(`iface ${name} inet manual`, words);
  if (managedBy === 'IFUPDOWN2')
    return iface(`iface ${name} inet static`, [...addresses.map(() => 'address'), ...(gateway ? ['gateway'] : []), ...words]);
  return addresses.flatMap(({ address }, i) => {
    const isFirst = addresses.findIndex((other) => family(other.address) === family(address)) === i;
    const hasGateway = gateway !== null && isFirst && family(gateway) === family(address);
    return iface(`iface ${name} ${family(address)} static`, ['address', ...(hasGateway ? ['gateway'] : []), ...(i === 0 ? words : [])]);
  });
}

const iface = (head: string, keys: readonly string[]): OutlineEntry[] => [...outline([], [head]), ...outline([head], keys)];
