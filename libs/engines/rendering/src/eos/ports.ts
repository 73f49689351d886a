/** `interface EthernetN` and `Port-ChannelN`: links of the underlay, ports towards guests, members of LAGs. The order of lines is EOS's. */
import type { DeviceIntent, EdgePortIntent, LagIntent, UnderlayPortIntent } from '#engines/intent';
import { compareNatural, DomainError } from '#engines/kernel';
import { deviceLabel } from '../device-label.js';
import { block, type Part } from '../text.js';
import { interiorLines } from './interior-routing.js';
import { LOOPBACK, PEER_LINK_GROUP } from './names.js';
import { numberList } from './number-list.js';
import { STEP } from './step.js';

/** What one port is, seen from each side that says something of it. */
interface Port {
  underlay?: UnderlayPortIntent;
  edge?: EdgePortIntent;
  lag?: LagIntent;
  member?: { readonly of: string; readonly peers: string; readonly isLacp: boolean };
  isPeerLink?: boolean;
}

/** All that the ports of a switch are made of. */
export type Ported = Pick<DeviceIntent, 'underlayPorts' | 'edgePorts' | 'lags' | 'mlag' | 'igp' | 'vtep' | 'switch' | 'slug'>;

/** Port-Channels first, as EOS prints them. */
export function physicalPorts(intent: Ported): string[][] {
  const isChannel = (name: string): boolean => name.startsWith('Port-Channel');
  return [...portsOf(intent)]
    .sort(([a], [b]) => Number(isChannel(b)) - Number(isChannel(a)) || compareNatural(a, b))
    .map(([name, port]) => portSection(intent, name, port));
}

function portsOf(intent: Ported): ReadonlyMap<string, Port> {
  const ports = new Map<string, Port>();
  const add = (name: string, side: Port): void => void ports.set(name, { ...ports.get(name), ...side });
  for (const port of intent.underlayPorts) add(port.port, { underlay: port });
  for (const port of intent.edgePorts) add(port.port, { edge: port });
  for (const lag of intent.lags) {
    add(lag.name, { lag });
    const member = { of: lag.name, peers: lag.peers.join(' '), isLacp: lag.mode === 'LACP' };
    for (const name of lag.members) add(name, { member });
  }
  const { mlag } = intent;
  if (mlag) {
    add(mlag.peerLink, { isPeerLink: true });
    // A peer link may be a single port.
    const member = { of: mlag.peerLink, peers: mlag.peer, isLacp: true };
    for (const name of mlag.peerLinkMembers) if (name !== mlag.peerLink) add(name, { member });
  }
  return ports;
}

/** @throws DomainError RENDER_UNSUPPORTED for a management port, whatever asked for it. */
function portSection(intent: Ported, name: string, port: Port): string[] {
  if (!/^(?:Ethernet|Port-Channel)[0-9/]+$/.test(name)) {
    throw new DomainError('RENDER_UNSUPPORTED', `name an Ethernet port or a Port-Channel of ${intent.slug}: ${name} is not for networks`, {
      device: intent.slug,
      port: name,
    });
  }
  const { underlay, lag, member } = port;
  const said = [underlay?.description, lag?.peers.join(' '), member?.peers, port.isPeerLink ? intent.mlag?.peer : null];
  const label = said.map((text) => deviceLabel(text ?? '')).find((text) => text !== '') ?? '';
  return block(STEP, `interface ${name}`, [
    label !== '' && `description ${label}`,
    underlay !== undefined && underlay.mtu !== null && `mtu ${underlay.mtu}`,
    port.isPeerLink === true && ['switchport mode trunk', `switchport trunk group ${PEER_LINK_GROUP}`],
    underlay === undefined && (port.edge !== undefined || lag !== undefined) && bridging(intent, name, port.edge),
    underlay !== undefined && routing(intent, underlay),
    lag?.segment != null && ['!', ...segment(lag.segment)],
    member !== undefined && `channel-group ${channelNumber(member.of)} mode ${member.isLacp ? 'active' : 'on'}`,
    lag?.segment != null && lag.mode === 'LACP' && `lacp system-id ${dotted(lag.segment.systemId)}`,
    lag?.mlag != null && `mlag ${lag.mlag}`,
  ]);
}

function segment({ identifier, importTarget }: NonNullable<LagIntent['segment']>): string[] {
  return block(STEP, 'evpn ethernet-segment', [`identifier ${identifier}`, `route-target import ${importTarget}`]);
}

export const channelNumber = (name: string): number => Number(/[0-9]+$/.exec(name)?.[0]);

/** EOS prints this one MAC in dots. */
export const dotted = (mac: string): string => mac.replaceAll(':', '').replace(/(....)(?!$)/g, '$1.');

function routing(intent: Ported, { port, address, prefixLength }: UnderlayPortIntent): Part {
  const isBorrowed = address !== null && address === intent.vtep?.address;
  return [
    'no switchport',
    isBorrowed && `ip address unnumbered ${LOOPBACK}`,
    address !== null && !isBorrowed && !address.includes(':') && `ip address ${address}/${prefixLength}`,
    address === null && 'ipv6 enable',
    address?.includes(':') === true && !isBorrowed && `ipv6 address ${address}/${prefixLength}`,
    intent.igp !== null && intent.igp.ports.includes(port) && interiorLines(intent.igp, 'LINK'),
  ];
}

function bridging(intent: Ported, name: string, edge: EdgePortIntent | undefined): Part {
  const members = edge?.members ?? [];
  const { untagged, isTrunk, allowed } = sortedOut(members);
  if (members.length === 0) return ['switchport trunk allowed vlan none', 'switchport mode trunk']; // rather than VLAN 1, which all unused ports share
  if (!isTrunk) {
    const isTunnel = intent.switch?.tunnelPorts.some((port) => port === name) === true;
    return [`switchport access vlan ${untagged?.vlan}`, isTunnel && 'switchport mode dot1q-tunnel'];
  }
  const translations = intent.switch?.translations.filter(({ port }) => port === name) ?? [];
  return [
    untagged !== undefined && `switchport trunk native vlan ${untagged.vlan}`,
    `switchport trunk allowed vlan ${allowed}`,
    'switchport mode trunk',
    ...translations.map(({ from, to }) => `switchport vlan translation ${from} ${to}`),
  ];
}

type Members = EdgePortIntent['members'];
interface SortedOut {
  readonly untagged: Members[number] | undefined;
  readonly isTrunk: boolean;
  /** VLANs of all, as EOS prints them. */
  readonly allowed: string;
}

const known = new WeakMap<Members, SortedOut>();

/** Once for each list of members, and not for each rendering: a trunk has hundreds. */
function sortedOut(members: Members): SortedOut {
  const found = known.get(members);
  if (found) return found;
  const untagged = members.find(({ tagging }) => tagging === 'UNTAGGED');
  const vlans = new Uint16Array(members.length + 1);
  let count = 0;
  for (const { tagging, vlan } of members) if (tagging === 'TAGGED') vlans[count++] = Number(vlan);
  const isTrunk = count > 0;
  if (untagged) vlans[count++] = Number(untagged.vlan);
  const made = { untagged, isTrunk, allowed: numberList(vlans.subarray(0, count)) };
  known.set(members, made);
  return made;
}
