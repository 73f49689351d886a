/** Pairs, segments, groups of sessions, other ways to flood: what a switch says, and what it does not. */
import { compileFabric, deviceIntent, type FabricSnapshot, type SwitchFacts } from '#engines/intent';
import { demoFabric, SnapshotBuilder, switchScenarios } from '#engines/intent/testing';
import { VlanId } from '#engines/kernel';
import { renderDevice } from '#engines/rendering';

const lines = (snapshot: FabricSnapshot, slug: string): string[] =>
  renderDevice(deviceIntent(compileFabric(snapshot), slug)).flatMap(({ content }) => content.split('\n').filter((line) => line !== ''));
const scenario = (name: string, slug: string): string[] =>
  lines((switchScenarios[name] as NonNullable<(typeof switchScenarios)[string]>)(), slug);
/** Lines of one section, those of sections below it too. */
const section = (text: readonly string[], head: string): string[] => {
  const start = text.indexOf(head);
  const end = text.findIndex((line, at) => at > start && !line.startsWith(' '));
  return start < 0 ? [] : text.slice(start + 1, end < 0 ? undefined : end).map((line) => line.trim());
};
const about = (text: readonly string[], words: string): string[] =>
  text.map((line) => line.trim()).filter((line) => line.startsWith(words));

/** One switch with as many iBGP neighbors as asked for. */
function star(count: number, facts?: SwitchFacts): FabricSnapshot {
  const ports = Array.from({ length: count }, (_, at) => `Ethernet${at + 1}`);
  const builder = new SnapshotBuilder().device({ slug: 'hub', platform: 'ARISTA_EOS', vtep: '10.255.0.100', ports });
  for (let at = 0; at < count; at += 1) {
    builder.device({ slug: `leaf${at}`, platform: 'ARISTA_EOS', vtep: `10.255.0.${at + 1}`, ports: ['Ethernet1'] });
    builder.peering(
      `10.0.${at}.0/31`,
      { device: 'hub', port: `Ethernet${at + 1}`, address: `10.0.${at}.0` },
      { device: `leaf${at}`, port: 'Ethernet1', address: `10.0.${at}.1` },
    );
  }
  const snapshot = builder.build();
  return facts ? { ...snapshot, devices: snapshot.devices.map((device) => ({ ...device, switch: facts })) } : snapshot;
}

const FACTS: SwitchFacts = {
  internalVlans: { first: VlanId.parse(3700), last: VlanId.parse(3999) },
  varpAddresses: [],
  tunnelPorts: [],
  translations: [],
  domain: null,
};

describe('sessions of a switch', () => {
  it('stand each for itself, however many there are', () => {
    expect(lines(star(12), 'hub').join('\n')).not.toContain('peer group');
    expect(about(lines(star(12), 'hub'), 'neighbor 10.0.0.1 ')).toEqual(about(lines(star(1), 'hub'), 'neighbor 10.0.0.1 '));
  });

  it('are members of groups that say what follows from their kind', () => {
    const many = lines(star(9, { ...FACTS, hasPeerGroups: true }), 'hub');
    expect(about(many, 'neighbor TRAME-IPV4-EVPN ')).toEqual([
      'neighbor TRAME-IPV4-EVPN peer group',
      'neighbor TRAME-IPV4-EVPN send-community extended',
      'neighbor TRAME-IPV4-EVPN maximum-routes 0',
      'neighbor TRAME-IPV4-EVPN activate',
      'neighbor TRAME-IPV4-EVPN activate',
    ]);
    expect(about(many, 'neighbor 10.0.8.1 ')).toEqual([
      'neighbor 10.0.8.1 peer group TRAME-IPV4-EVPN',
      'neighbor 10.0.8.1 remote-as 65051',
      'neighbor 10.0.8.1 update-source Ethernet9',
      'neighbor 10.0.8.1 description leaf8',
      'neighbor 10.0.8.1 timers 20 60',
    ]);
  });

  it('are in groups wherever a switch wants them', () => {
    expect(about(lines(star(1, { ...FACTS, hasPeerGroups: true }), 'hub'), 'neighbor 10.0.0.1 peer')).toEqual([
      'neighbor 10.0.0.1 peer group TRAME-IPV4-EVPN',
    ]);
    expect(about(lines(star(1, FACTS), 'hub'), 'neighbor 10.0.0.1 peer')).toEqual([]);
  });

  it('in a group do not change when another joins', () => {
    const of = (count: number) => about(lines(star(count, { ...FACTS, hasPeerGroups: true }), 'hub'), 'neighbor 10.0.0.1 ');
    expect(of(2)).toEqual(of(12));
  });

  it('over a port are named by it, and their group says everything', () => {
    const spine = scenario('eos-unnumbered', 'spine');
    expect(about(spine, 'neighbor interface')).toEqual([
      'neighbor interface Ethernet1 peer-group TRAME-IPV4-EVPN-PORTS-20-60-BFD-300-300-3 remote-as 65101',
      'neighbor interface Ethernet2 peer-group TRAME-IPV4-EVPN-PORTS-20-60-BFD-300-300-3 remote-as 65102',
    ]);
    expect(section(spine, 'interface Ethernet1')).toEqual(['no switchport', 'ipv6 enable']);
    expect(spine).toContain('ip routing ipv6 interfaces');
    expect(spine).not.toContain('ip routing');
    expect(about(spine, 'neighbor TRAME-IPV4-EVPN-PORTS-20-60-BFD-300-300-3 next-hop')).toEqual([
      'neighbor TRAME-IPV4-EVPN-PORTS-20-60-BFD-300-300-3 next-hop address-family ipv6 originate',
    ]);
  });

  it('of a route server leave the VTEP as next hop, and hold no password but the name of one', () => {
    const spine = scenario('eos-route-server', 'spine');
    expect(about(spine, 'neighbor TRAME-EVPN-SERVED next-hop')).toEqual(['neighbor TRAME-EVPN-SERVED next-hop-unchanged']);
    expect(about(spine, 'neighbor 10.255.0.1 password')).toEqual(['neighbor 10.255.0.1 password 7 @secret:overlay.key@']);
    expect(about(scenario('eos-route-server', 'leaf1'), 'no neighbor')).toEqual(['no neighbor TRAME-EVPN-SERVER enforce-first-as']);
  });

  it('pass on hosts of the prefixes in which loopbacks lie, and nothing else, if the fabric says which', () => {
    const spine = scenario('eos-route-server', 'spine');
    expect(section(spine, 'ip prefix-list TRAME-LOOPBACKS')).toEqual(['seq 10 permit 10.254.0.1/32', 'seq 20 permit 10.255.0.0/24 eq 32']);
    expect(about(spine, 'neighbor TRAME-IPV4 prefix-list')).toEqual([
      'neighbor TRAME-IPV4 prefix-list TRAME-LOOPBACKS in',
      'neighbor TRAME-IPV4 prefix-list TRAME-LOOPBACKS out',
    ]);
    expect(about(spine, 'neighbor TRAME-EVPN-SERVED prefix-list')).toEqual([]);
    expect(scenario('eos-mlag-pair', 'leaf1').join('\n')).not.toContain('prefix-list');
  });

  it('say nothing of timers that EOS has anyway', () => {
    expect(about(scenario('eos-route-server', 'spine'), 'neighbor 10.0.1.1 timers')).toEqual([]);
  });
});

describe('two switches that act as one', () => {
  const [leaf1, leaf2] = [scenario('eos-mlag-pair', 'leaf1'), scenario('eos-mlag-pair', 'leaf2')];

  it('have an address each and one together, and announce both', () => {
    for (const text of [leaf1, leaf2]) {
      expect(section(text, 'interface Loopback2')).toEqual(['ip address 10.255.1.1/32']);
      expect(section(text, 'interface Vxlan1')).toContain('vxlan mlag source-interface Loopback2');
      expect(about(text, 'network 10.255')).toContain('network 10.255.1.1/32');
    }
    expect(section(leaf1, 'interface Loopback1')).not.toEqual(section(leaf2, 'interface Loopback1'));
  });

  it('are each other`s way out over the peer link, with a next hop of their own', () => {
    expect(about(leaf1, 'neighbor 169.254.0.1 ')).toEqual(about(leaf2, 'neighbor 169.254.0.0 ').map((line) => swapped(line)));
    expect(about(leaf1, 'neighbor 169.254.0.1 route-map')).toEqual(['neighbor 169.254.0.1 route-map TRAME-NEXT-HOP-SELF out']);
  });

  it('keep the VLAN of the pair on the peer link', () => {
    expect(section(leaf1, 'vlan 4094')).toContain('trunk group TRAME-MLAG');
    expect(section(leaf1, 'interface Port-Channel1000')).toContain('switchport trunk group TRAME-MLAG');
    expect(leaf1).toContain('no spanning-tree vlan-id 4094');
  });

  it('let nothing out of a LAG that has no network', () => {
    const empty = scenario('eos-mlag-pair-empty', 'leaf1');
    expect(section(empty, 'interface Port-Channel5')).toEqual([
      'description host',
      'switchport trunk allowed vlan none',
      'switchport mode trunk',
      'mlag 5',
    ]);
  });

  it('have one address in the flood lists of others', () => {
    const pair = switchScenarios['eos-mlag-pair'] as NonNullable<(typeof switchScenarios)[string]>;
    const flooded: FabricSnapshot = {
      ...pair(),
      networks: pair().networks.map((network) => ({ ...network, replication: 'INGRESS_STATIC' as const, vrfId: null, subnets: [] })),
    };
    expect(about(lines(flooded, 'leaf3'), 'vxlan vlan 210 flood')).toEqual(['vxlan vlan 210 flood vtep 10.255.1.1']);
    expect(about(lines(flooded, 'leaf1'), 'vxlan vlan 110 flood')).toEqual(['vxlan vlan 110 flood vtep 10.255.0.3']);
  });

  const swapped = (line: string): string => line.replace('169.254.0.0', '169.254.0.1').replace('description leaf1', 'description leaf2');
});

describe('an aggregated link', () => {
  it('of a segment derives identifier, import target and system id from one number', () => {
    expect(section(scenario('eos-ethernet-segment', 'leaf2'), 'interface Port-Channel5').slice(4)).toEqual([
      '!',
      'evpn ethernet-segment',
      'identifier 0000:0000:0001:1010:1010',
      'route-target import 00:01:10:10:10:10',
      'lacp system-id 0001.1010.1010',
    ]);
  });

  it('without LACP has no system id', () => {
    const segment = switchScenarios['eos-ethernet-segment'] as NonNullable<(typeof switchScenarios)[string]>;
    const still: FabricSnapshot = { ...segment(), lags: (segment().lags ?? []).map((lag) => ({ ...lag, mode: 'STATIC' as const })) };
    const text = lines(still, 'leaf1');
    expect(about(text, 'lacp')).toEqual([]);
    expect(section(text, 'interface Ethernet5')).toEqual(['description host', 'channel-group 5 mode on']);
    expect(about(text, 'identifier')).toHaveLength(1);
  });

  it('of the underlay is routed, and its members belong to it', () => {
    const snapshot = new SnapshotBuilder()
      .device({ slug: 'a', platform: 'ARISTA_EOS', vtep: '10.255.0.1', ports: ['Port-Channel1', 'Ethernet1', 'Ethernet2'] })
      .device({ slug: 'b', platform: 'ARISTA_EOS', vtep: '10.255.0.2', ports: ['Port-Channel1', 'Ethernet1', 'Ethernet2'] })
      .peering(
        '10.0.0.0/31',
        { device: 'a', port: 'Port-Channel1', address: '10.0.0.0' },
        { device: 'b', port: 'Port-Channel1', address: '10.0.0.1' },
      )
      .build();
    const end = (at: 0 | 1) => {
      const device = snapshot.devices[at] as FabricSnapshot['devices'][number];
      const [name, ...members] = device.ports.map((port) => port.name);
      return { deviceId: device.id, name: name as (typeof members)[number], members };
    };
    const text = lines({ ...snapshot, lags: [{ mode: 'LACP', segment: null, ends: [end(0), end(1)] }] }, 'a');
    expect(section(text, 'interface Port-Channel1')).toEqual(['description b', 'no switchport', 'ip address 10.0.0.0/31']);
    expect(section(text, 'interface Ethernet2')).toEqual(['description b', 'channel-group 1 mode active']);
  });
});

describe('a network that EVPN does not announce', () => {
  it('has a list of those that have it, and no instance', () => {
    const leaf1 = scenario('eos-head-end', 'leaf1');
    expect(section(leaf1, 'interface Vxlan1').slice(2)).toEqual([
      'vxlan vlan 10 vni 10001',
      'vxlan vlan 11 vni 10002',
      'vxlan vlan 10 flood vtep 10.255.0.2 10.255.0.3',
      'vxlan vlan 11 flood vtep 10.255.0.3',
    ]);
    expect(about(leaf1, 'rd ')).toEqual([]);
  });

  it('has its group by its VNI, beside networks that are announced', () => {
    const leaf1 = scenario('eos-multicast', 'leaf1');
    expect(about(leaf1, 'vxlan vlan 10 multicast')).toEqual(['vxlan vlan 10 multicast group 239.0.39.17']);
    expect(about(leaf1, 'rd ')).toEqual(['rd 10.255.0.1:10003']);
  });
});

describe('gateways of a switch', () => {
  it('with VARP have an address of their own beside the shared one', () => {
    expect(section(scenario('eos-varp-and-relay', 'leaf2'), 'interface Vlan110')).toEqual([
      'description web',
      'mtu 1450',
      'vrf red',
      'ip address 10.20.1.3/24',
      'ip helper-address 10.9.9.9 vrf services source-interface Loopback100',
      'ip helper-address 10.9.9.10 vrf services source-interface Loopback100',
      'ipv6 dhcp relay destination 2001:db8:99::9 vrf services source-interface Loopback106',
      'ipv6 enable',
      'ipv6 address 2001:db8:1::3/64',
      'ip virtual-router address 10.20.1.1',
      'ipv6 virtual-router address 2001:db8:1::1',
    ]);
  });

  it('take routes of other VRFs by their targets', () => {
    const leaf2 = scenario('eos-hub-and-spokes', 'leaf2');
    const spoke = leaf2.slice(leaf2.lastIndexOf('   vrf spoke1'));
    expect(spoke.slice(1, 5).map((line) => line.trim())).toEqual([
      'rd 10.255.0.2:15001',
      'route-target import evpn 65051:15001',
      'route-target import evpn 65051:15000',
      'route-target export evpn 65051:15001',
    ]);
  });
});

it('a router id that is no VTEP has a loopback of its own, and is announced', () => {
  const snapshot = demoFabric().build();
  const own: FabricSnapshot = {
    ...snapshot,
    devices: snapshot.devices.map((device) =>
      device.slug === 'test' && device.vtep
        ? { ...device, vtep: { ...device.vtep, routerId: '10.255.255.1' as typeof device.vtep.routerId } }
        : device,
    ),
  };
  const text = lines(own, 'test');
  expect(section(text, 'interface Loopback0')).toEqual(['ip address 10.255.255.1/32']);
  expect(about(text, 'network ')).toEqual(['network 172.16.1.1/32', 'network 10.255.255.1/32']);
});
