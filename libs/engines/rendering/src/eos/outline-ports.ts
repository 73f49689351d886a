/** What the ports of a switch have to say. */
import type { EdgePortIntent, LagIntent, UnderlayPortIntent } from '#engines/intent';
import { deviceLabel } from '../device-label.js';
import { outline, type OutlineEntry } from '../outline.js';
import { PEER_LINK_GROUP } from './names.js';
import { linkKeys } from './outline-link.js';
import type { Ported } from './ports.js';

/** A port has several sides, and one description. */
export function portsOutline(intent: Ported): OutlineEntry[] {
  const ports = new Map<string, string[]>();
  const described = new Set<string>();
  const add = (name: string, keys: readonly string[]): void => {
    const known = ports.get(name);
    if (known) known.push(...keys);
    else ports.set(name, [...keys]);
  };
  const describe = (name: string, label: string): void => {
    if (deviceLabel(label) !== '') described.add(name);
  };
  const routed = new Set<string>();
  for (const port of intent.underlayPorts) {
    routed.add(port.port);
    describe(port.port, port.description ?? '');
    add(port.port, underlay(intent, port));
  }
  const edges = new Map(intent.edgePorts.map((port) => [port.port as string, port]));
  for (const port of intent.edgePorts) add(port.port, edge(intent, port));
  for (const lag of intent.lags) {
    describe(lag.name, lag.peers.join(' '));
    add(lag.name, [
      ...(routed.has(lag.name) || edges.has(lag.name) ? [] : ['switchport trunk allowed vlan none', 'switchport mode trunk']),
      ...lagKeys(lag),
    ]);
    for (const member of lag.members) {
      describe(member, lag.peers.join(' '));
      add(member, [`channel-group ${/[0-9]+$/.exec(lag.name)?.[0]} mode ${lag.mode === 'LACP' ? 'active' : 'on'}`]);
    }
  }
  if (intent.mlag) {
    const { peerLink, peerLinkMembers, peer } = intent.mlag;
    describe(peerLink, peer);
    add(peerLink, ['switchport mode trunk', `switchport trunk group ${PEER_LINK_GROUP}`]);
    for (const member of peerLinkMembers.filter((name) => name !== peerLink)) {
      describe(member, peer);
      add(member, [`channel-group ${/[0-9]+$/.exec(peerLink)?.[0]} mode active`]);
    }
  }
  return [...ports].flatMap(([name, keys]) => {
    const head = `interface ${name}`;
    return [
      ...outline([], [head]),
      ...outline([head], described.has(name) ? [...keys, 'description'] : keys),
      ...segmentOutline(
        head,
        intent.lags.find((lag) => lag.name === name),
      ),
    ];
  });
}

function underlay(intent: Ported, { port, address, prefixLength, mtu }: UnderlayPortIntent): string[] {
  const family = address?.includes(':') ? 'ipv6' : 'ip';
  const own = address === intent.vtep?.address ? 'ip address unnumbered Loopback1' : `${family} address ${address}/${prefixLength}`;
  return [
    'no switchport',
    address === null ? 'ipv6 enable' : own,
    ...(mtu === null ? [] : [`mtu ${mtu}`]),
    ...(intent.igp?.ports.includes(port) ? linkKeys(intent.igp) : []),
  ];
}

function edge(intent: Ported, { port, members }: EdgePortIntent): string[] {
  if (!members.some(({ tagging }) => tagging === 'TAGGED')) {
    const isTunnel = intent.switch?.tunnelPorts.includes(port) === true;
    return [`switchport access vlan ${members[0]?.vlan}`, ...(isTunnel ? ['switchport mode dot1q-tunnel'] : [])];
  }
  const native = members.find(({ tagging }) => tagging === 'UNTAGGED');
  return [
    'switchport trunk allowed vlan',
    'switchport mode trunk',
    ...(native ? [`switchport trunk native vlan ${native.vlan}`] : []),
    ...(intent.switch?.translations ?? [])
      .filter((one) => one.port === port)
      .map(({ from, to }) => `switchport vlan translation ${from} ${to}`),
  ];
}

function lagKeys({ segment, mode, mlag }: LagIntent): string[] {
  return [
    ...(segment && mode === 'LACP' ? ['lacp system-id'] : []),
    ...(segment ? ['evpn ethernet-segment'] : []),
    ...(mlag === null ? [] : [`mlag ${mlag}`]),
  ];
}

function segmentOutline(head: string, lag: LagIntent | undefined): OutlineEntry[] {
  if (!lag?.segment) return [];
  return outline(
    [head, 'evpn ethernet-segment'],
    [`identifier ${lag.segment.identifier}`, `route-target import ${lag.segment.importTarget}`],
  );
}
