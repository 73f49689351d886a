import type { SdnConfig } from '../model/sdn-config.js';
import type { NodeFacts } from '../node/node-facts.js';
import { ASH, evpn, node, PEERS, refusal, sdn, UPLINK } from '../testing/index.js';
import { renderInterfaces } from './render-interfaces.js';

/** Options by interface, as they stand in the file. */
function stanzas(config: SdnConfig, facts: NodeFacts): Record<string, string[]> {
  const [, ...blocks] = renderInterfaces(config, facts, '9.1').split('\nauto ');
  return Object.fromEntries(
    blocks.map((block) => {
      const [, head = '', ...options] = block.trimEnd().split('\n');
      return [head.replace('iface ', ''), options.map((option) => option.replace(/^\t/, ''))];
    }),
  );
}

const vlan = (vnet: object = {}, zone: object = {}) =>
  sdn({
    zones: { office: { type: 'vlan', bridge: 'vmbr0', ...zone } },
    vnets: { desks: { type: 'vnet', zone: 'office', tag: 210, ...vnet } },
  });
const on = (kind: 'linux' | 'vlan-aware' | 'ovs', ports: readonly string[] = ['enp1s0']) => node({ bridges: { vmbr0: { kind, ports } } });

describe('interfaces.d/sdn', () => {
  it('begins with the version, then names each interface once, in byte order, with tabs', () => {
    const config = sdn({
      zones: { lab: { type: 'simple' } },
      vnets: { zeta: { type: 'vnet', zone: 'lab' }, Alpha: { type: 'vnet', zone: 'lab' } },
    });
    expect(renderInterfaces(config, node(), '9.1')).toBe(
      '#version:7\n\nauto Alpha\niface Alpha\n\tbridge_ports none\n\tbridge_stp off\n\tbridge_fd 0\n' +
        '\nauto zeta\niface zeta\n\tbridge_ports none\n\tbridge_stp off\n\tbridge_fd 0\n',
    );
  });

  it('leaves out a zone on nodes where it is not', () => {
    const config = vlan({}, { nodes: 'birch,cedar' });
    expect(stanzas(config, on('ovs'))).toEqual({});
    expect(Object.keys(stanzas(config, { ...on('ovs'), name: 'cedar' }))).toContain('desks');
  });

  it('renders nothing of a zone without vnets', () => {
    expect(stanzas(sdn({ zones: { office: { type: 'qinq', bridge: 'vmbr0', tag: 9 } } }), on('linux'))).toEqual({});
  });
});

describe('a simple zone', () => {
  it('has a bridge without uplink, with MAC, MTU, alias and the VLANs of a VLAN-aware vnet', () => {
    const config = sdn({
      zones: { lab: { type: 'simple', mtu: 1380 } },
      vnets: { bench: { type: 'vnet', zone: 'lab', vlanaware: 1, alias: 'Bench (floor 2)', mac: 'BC:24:11:00:AA:01' } },
    });
    expect(stanzas(config, node())['bench']).toEqual([
      'hwaddress BC:24:11:00:AA:01',
      'bridge_ports none',
      'bridge_stp off',
      'bridge_fd 0',
      'bridge-vlan-aware yes',
      'bridge-vids 2-4094',
      'mtu 1380',
      'alias Bench (floor 2)',
    ]);
  });

  it('has a gateway once, whatever subnets share it, and routes single addresses over the bridge', () => {
    const config = sdn({
      zones: { lab: { type: 'simple' } },
      vnets: { bench: { type: 'vnet', zone: 'lab' } },
      subnets: {
        'lab-203.0.113.9-32': { type: 'subnet', vnet: 'bench', gateway: '198.51.100.1' },
        'lab-203.0.113.8-32': { type: 'subnet', vnet: 'bench', gateway: '198.51.100.1' },
        'lab-2001:db8:5::-64': { type: 'subnet', vnet: 'bench' },
      },
    });
    expect(stanzas(config, node())['bench']).toEqual([
      'address 198.51.100.1/32',
      'up ip route add 203.0.113.8/32 dev bench',
      'up ip route add 203.0.113.9/32 dev bench',
      'bridge_ports none',
      'bridge_stp off',
      'bridge_fd 0',
      'ip-forward on',
    ]);
  });

  const masked = (subnet: object, facts: NodeFacts) =>
    stanzas(
      sdn({
        zones: { lab: { type: 'simple' } },
        vnets: { bench: { type: 'vnet', zone: 'lab' } },
        subnets: { 'lab-10.66.0.0-16': { type: 'subnet', vnet: 'bench', snat: 1, ...subnet } },
      }),
      facts,
    )['bench']?.filter((option) => option.includes('tables'));

  it('translates towards the route to the outside, and gives guests behind the firewall a connection zone', () => {
    expect(masked({ gateway: '10.66.0.1' }, node({ route: ['198.51.100.7', 'vmbr0'] }))).toEqual([
      "post-up iptables -t nat -A POSTROUTING -s '10.66.0.0/16' -o vmbr0 -j SNAT --to-source 198.51.100.7",
      "post-down iptables -t nat -D POSTROUTING -s '10.66.0.0/16' -o vmbr0 -j SNAT --to-source 198.51.100.7",
      'post-up iptables -t raw -I PREROUTING -i fwbr+ -j CT --zone 1',
      'post-down iptables -t raw -D PREROUTING -i fwbr+ -j CT --zone 1',
    ]);
  });

  it('translates nothing on a node without a way out', () => {
    expect(masked({ gateway: '10.66.0.1' }, node())).toEqual([]);
  });

  it('asks for the IPv6 way out where the gateway is IPv6', () => {
    const asked: string[] = [];
    const facts: NodeFacts = { ...node({ route: ['2001:db8::7', 'vmbr0'] }), route: (to) => void asked.push(to) };
    masked({ cidr: '2001:db8:5::/64', gateway: '2001:db8:5::1' }, facts);
    expect(asked).toEqual(['2001:4860:4860::8888']);
  });
});

describe('a VLAN zone', () => {
  it('on a plain bridge has a bridge per VLAN over all physical ports, and a pair of veths to the vnet', () => {
    expect(stanzas(vlan({}, { mtu: 9000 }), on('linux', ['enp1s0', 'bond1']))).toEqual({
      desks: ['bridge_ports ln_desks', 'bridge_stp off', 'bridge_fd 0', 'mtu 9000'],
      ln_desks: ['link-type veth', 'veth-peer-name pr_desks', 'mtu 9000'],
      pr_desks: ['link-type veth', 'veth-peer-name ln_desks', 'mtu 9000'],
      vmbr0v210: ['bridge_ports  enp1s0.210 bond1.210 pr_desks', 'bridge_stp off', 'bridge_fd 0', 'mtu 9000'],
    });
  });

  it('on a VLAN-aware bridge takes the VLAN from it', () => {
    expect(stanzas(vlan({ alias: 'Desks' }), on('vlan-aware'))).toEqual({
      desks: ['bridge_ports vmbr0.210', 'bridge_stp off', 'bridge_fd 0', 'alias Desks'],
    });
  });

  it('on Open vSwitch has an internal port with the tag, which tunnels the VLANs of a VLAN-aware vnet', () => {
    const vnets = {
      desks: { type: 'vnet', zone: 'office', tag: 210 },
      doors: { type: 'vnet', zone: 'office', tag: 211, vlanaware: true },
    };
    const config = sdn({ zones: { office: { type: 'vlan', bridge: 'vmbr0', mtu: 1600 } }, vnets });
    expect(stanzas(config, on('ovs'))).toMatchObject({
      ln_desks: ['ovs_type OVSIntPort', 'ovs_bridge vmbr0', 'ovs_mtu 1600', 'ovs_options tag=210'],
      ln_doors: [
        'ovs_type OVSIntPort',
        'ovs_bridge vmbr0',
        'ovs_mtu 1600',
        'ovs_options vlan_mode=dot1q-tunnel other_config:qinq-ethtype=802.1q tag=211',
      ],
      vmbr0: ['ovs_ports ln_desks', 'ovs_ports ln_doors'],
    });
  });

  it('reads from the file of the node what kind of bridge it is', () => {
    const facts = node({ interfaces: 'iface vmbr0 inet manual\n  bridge_ports enp1s0\n  bridge-vlan-aware yes\n' });
    expect(stanzas(vlan(), facts)['desks']).toContain('bridge_ports vmbr0.210');
  });

  it('refuses a node without the bridge, and a VLAN of a Linux bridge that another zone has', () => {
    expect(refusal(() => stanzas(vlan(), node()))).toMatch(/^INVALID_VALUE: .*a bridge of node ash/);
    const twoZones = sdn({
      zones: { office: { type: 'vlan', bridge: 'vmbr0' }, guests: { type: 'vlan', bridge: 'vmbr0' } },
      vnets: { desks: { type: 'vnet', zone: 'office', tag: 210 }, lobby: { type: 'vnet', zone: 'guests', tag: 210 } },
    });
    expect(refusal(() => stanzas(twoZones, on('vlan-aware')))).toMatch(/^INVALID_VALUE: .*vnet desks has this one/);
    expect(Object.keys(stanzas(twoZones, on('ovs')))).toEqual(['desks', 'ln_desks', 'ln_lobby', 'lobby', 'vmbr0']);
  });

  it('refuses a name that the kernel has no room for', () => {
    expect(refusal(() => stanzas(vlan({ tag: 4000 }), on('linux', ['enp129s0f0np1'])))).toMatch(/^INVALID_VALUE: .*at most 15 characters/);
  });
});

describe('a QinQ zone', () => {
  const qinq = (zone: object = {}) =>
    sdn({
      zones: { metro: { type: 'qinq', bridge: 'vmbr0', tag: 70, ...zone } },
      vnets: { north: { type: 'vnet', zone: 'metro', tag: 11 }, plain: { type: 'vnet', zone: 'metro' } },
    });

  it('on a plain bridge takes the service VLAN off the first port', () => {
    expect(stanzas(qinq({ mtu: 1504, 'vlan-protocol': '802.1ad' }), on('linux', ['enp1s0', 'enp2s0']))).toEqual({
      ln_metro: ['link-type veth', 'veth-peer-name pr_metro'],
      north: ['bridge_ports z_metro.11', 'bridge_stp off', 'bridge_fd 0', 'mtu 1504'],
      plain: ['bridge_ports pr_metro', 'bridge_stp off', 'bridge_fd 0', 'mtu 1504'],
      pr_metro: ['link-type veth', 'veth-peer-name ln_metro'],
      sv_metro: ['vlan-raw-device enp1s0', 'vlan-id 70', 'vlan-protocol 802.1ad'],
      z_metro: [
        'mtu 1504',
        'bridge-stp off',
        'bridge-ports sv_metro ln_metro',
        'bridge-fd 0',
        'bridge-vlan-aware yes',
        'bridge-vids 2-4094',
      ],
    });
  });

  it('on a VLAN-aware bridge needs a stanza for the protocol only', () => {
    expect(stanzas(qinq(), on('vlan-aware'))['z_metro']).toContain('bridge-ports vmbr0.70 ln_metro');
    expect(stanzas(qinq(), on('vlan-aware'))['vmbr0']).toBeUndefined();
    expect(stanzas(qinq({ 'vlan-protocol': '802.1ad' }), on('vlan-aware'))).toMatchObject({
      vmbr0: ['bridge-vlan-protocol 802.1ad'],
      'vmbr0.70': ['vlan-protocol 802.1ad'],
    });
  });

  it('on Open vSwitch has one line of ports for all zones', () => {
    const config = sdn({
      zones: { metro: { type: 'qinq', bridge: 'vmbr0', tag: 70 }, rural: { type: 'qinq', bridge: 'vmbr0', tag: 71 } },
      vnets: {
        north: { type: 'vnet', zone: 'metro', tag: 11 },
        south: { type: 'vnet', zone: 'metro', tag: 12 },
        farm: { type: 'vnet', zone: 'rural', tag: 11 },
      },
    });
    expect(stanzas(config, on('ovs'))['vmbr0']).toEqual(['ovs_ports sv_rural sv_metro']);
    expect(stanzas(config, on('ovs'))['sv_rural']).toContain('ovs_options vlan_mode=dot1q-tunnel tag=71 other_config:qinq-ethtype=802.1q');
  });
});

describe('a VXLAN zone', () => {
  const vxlan = (zone: object, fabrics = {}) =>
    sdn({
      zones: { far: { type: 'vxlan', ...zone } },
      vnets: { link: { type: 'vnet', zone: 'far', tag: 33_000, alias: 'Link' } },
      fabrics,
    });

  it('floods to the peers, not to itself, and fits into the MTU of the underlay', () => {
    const facts = node({ interfaces: `${ASH}\tmtu 9216\n` });
    expect(stanzas(vxlan({ peers: PEERS.join(' '), 'vxlan-port': '8472' }), facts)).toEqual({
      link: ['bridge_ports vxlan_link', 'bridge_stp off', 'bridge_fd 0', 'mtu 9166', 'alias Link'],
      vxlan_link: ['vxlan-id 33000', 'vxlan_remoteip 10.9.8.2', 'vxlan_remoteip 10.9.8.3', 'vxlan-port 8472', 'mtu 9166'],
    });
  });

  it('takes the MTU of the zone as it is', () => {
    expect(stanzas(vxlan({ peers: PEERS, mtu: 8000 }), node({ interfaces: ASH }))['vxlan_link']).toContain('mtu 8000');
  });

  it('finds its own address by the route where it is not among the peers', () => {
    const facts = node({ route: ['10.9.8.3', 'vmbr1'] });
    expect(stanzas(vxlan({ peers: PEERS }), facts)['vxlan_link']).toEqual([
      'vxlan-id 33000',
      'vxlan_remoteip 10.9.8.1',
      'vxlan_remoteip 10.9.8.2',
      'mtu 1450',
    ]);
  });

  const fabrics = {
    core: { type: 'openfabric_fabric', ip_prefix: '10.255.0.0/24' },
    core_ash: { type: 'openfabric_node', ip: '10.255.0.1', interfaces: ['name=enp1s0'] },
    core_birch: { type: 'openfabric_node', ip: '10.255.0.2', interfaces: ['name=enp1s0'] },
  };

  it('over a fabric has the other nodes of the fabric as its peers', () => {
    expect(stanzas(vxlan({ fabric: 'core' }, fabrics), node())['vxlan_link']).toEqual([
      'vxlan-id 33000',
      'vxlan_remoteip 10.255.0.2',
      'mtu 1450',
    ]);
  });

  it('over a fabric is refused on a node that is not in the fabric', () => {
    expect(refusal(() => stanzas(vxlan({ fabric: 'core' }, fabrics), node({ name: 'cedar' })))).toMatch(
      /^INVALID_VALUE: node cedar is not in fabric core/,
    );
  });
});

describe('an EVPN zone', () => {
  const ash = node({ interfaces: ASH });

  it('has a tunnel and a bridge for the vnet, and the same for the VRF', () => {
    expect(stanzas(evpn({ mac: 'BC:24:11:0A:0B:0C', 'vxlan-port': 4790 }), ash)).toEqual({
      vrf_dc: ['vrf-table auto', 'post-up ip route add vrf vrf_dc unreachable default metric 4278198272'],
      vrfbr_dc: ['bridge-ports vrfvx_dc', 'bridge_stp off', 'bridge_fd 0', 'mtu 1450', 'vrf vrf_dc'],
      vrfvx_dc: [
        'vxlan-id 5000',
        'vxlan-local-tunnelip 10.9.8.1',
        'vxlan-port 4790',
        'bridge-learning off',
        'bridge-arp-nd-suppress on',
        'mtu 1450',
      ],
      vxlan_web: [
        'vxlan-id 5001',
        'vxlan-local-tunnelip 10.9.8.1',
        'vxlan-port 4790',
        'bridge-learning off',
        'bridge-arp-nd-suppress on',
        'mtu 1450',
      ],
      web: [
        'address 10.40.0.1/24',
        'hwaddress BC:24:11:0A:0B:0C',
        'bridge_ports vxlan_web',
        'bridge_stp off',
        'bridge_fd 0',
        'mtu 1450',
        'ip-forward on',
        'arp-accept on',
        'vrf vrf_dc',
      ],
    });
  });

  it('accepts gratuitous ARP where there is a subnet, with or without a gateway', () => {
    const config = evpn({}, { subnets: { 'dc-10.40.0.0-24': { type: 'subnet', vnet: 'web' } } });
    expect(stanzas(config, ash)['web']).toEqual([
      'bridge_ports vxlan_web',
      'bridge_stp off',
      'bridge_fd 0',
      'mtu 1450',
      'arp-accept on',
      'vrf vrf_dc',
    ]);
  });

  it('leaves ARP alone where suppression is off', () => {
    expect(renderInterfaces(evpn({ 'disable-arp-nd-suppression': '1' }), ash, '9.1')).not.toContain('suppress');
  });

  it('has no tunnel address on a node that has none towards the peers', () => {
    expect(stanzas(evpn(), node())['vxlan_web']).toEqual(['vxlan-id 5001', 'bridge-learning off', 'bridge-arp-nd-suppress on', 'mtu 1450']);
  });

  it('starts tunnels from the loopback of the bgp controller, and from the one of isis only without a bgp controller', () => {
    const interfaces = `${ASH}iface lo1 inet static\n\taddress 10.200.0.1/32\niface lo2 inet static\n\taddress 10.201.0.1/32\n`;
    const isis = { type: 'isis', node: 'ash', 'isis-domain': 'one', 'isis-net': '49.0001.0102.0000.0001.00', loopback: 'lo2' };
    const bgp = { type: 'bgp', node: 'ash', asn: 64_900, peers: '10.9.8.254', loopback: 'lo1' };
    const local = (controllers: object) =>
      stanzas(evpn({}, { controllers: controllers as Record<string, object> as never }), node({ interfaces }))['vxlan_web']?.[1];
    expect(local({ isisash: isis })).toBe('vxlan-local-tunnelip 10.201.0.1');
    expect(local({ isisash: isis, bgpash: bgp })).toBe('vxlan-local-tunnelip 10.200.0.1');
    expect(local({ isisash: isis, bgpash: { ...bgp, loopback: undefined } })).toBe('vxlan-local-tunnelip 10.9.8.1');
  });

  it('gives way to the main table on an exit node, and translates there only', () => {
    const subnets = { 'dc-10.40.0.0-24': { type: 'subnet', vnet: 'web', gateway: '10.40.0.1', snat: 1 } };
    const facts = node({ interfaces: ASH, route: ['10.9.8.1', 'vmbr0'] });
    const exit = stanzas(evpn({ exitnodes: 'ash' }, { subnets }), facts);
    const inside = stanzas(evpn({ exitnodes: 'birch' }, { subnets }), facts);
    expect(exit['vrf_dc']?.[1]).toBe('post-up ip route del vrf vrf_dc unreachable default metric 4278198272');
    expect(exit['web']?.join('\n')).toContain('SNAT --to-source 10.9.8.1');
    expect(inside['vrf_dc']?.[1]).toContain('route add');
    expect(inside['web']?.join('\n')).not.toContain('SNAT');
  });

  it('has a pair of veths into the VRF for local routing, with IPv6 where the vnet has it', () => {
    const zone = { exitnodes: 'ash', 'exitnodes-local-routing': 1, mtu: 1400 };
    const six = { 'dc-2001:db8:9::-64': { type: 'subnet', vnet: 'web', gateway: '2001:db8:9::1' } };
    expect(stanzas(evpn(zone, { subnets: six }), ash)).toMatchObject({
      xvrf_dc: ['link-type veth', 'address 10.255.255.1/30', 'address fe80::1/126', 'veth-peer-name xvrfp_dc', 'mtu 1450'],
      xvrfp_dc: ['link-type veth', 'address 10.255.255.2/30', 'address fe80::2/126', 'veth-peer-name xvrf_dc', 'vrf vrf_dc', 'mtu 1450'],
    });
    expect(stanzas(evpn(zone), ash)['xvrf_dc']).not.toContain('address fe80::1/126');
  });
});

describe('fabrics', () => {
  it('stand at the end, with a family; an interface without an address borrows the one of the node', () => {
    const config = sdn({
      zones: { lab: { type: 'simple' } },
      vnets: { bench: { type: 'vnet', zone: 'lab' } },
      fabrics: {
        core: { type: 'openfabric_fabric', ip_prefix: '10.255.0.0/24', ip6_prefix: '2001:db8:f::/64' },
        core_ash: {
          type: 'openfabric_node',
          ip: '10.255.0.1',
          ip6: '2001:db8:f::1',
          interfaces: [{ name: 'enp2s0', ip: '10.1.0.1/31' }, 'name=enp1s0'],
        },
      },
    });
    expect(stanzas(config, node({ bridges: { vmbr0: UPLINK } }))).toEqual({
      bench: ['bridge_ports none', 'bridge_stp off', 'bridge_fd 0'],
      'dummy_core inet static': ['address 10.255.0.1/32', 'link-type dummy', 'ip-forward 1'],
      'dummy_core inet6 static': ['address 2001:db8:f::1/128', 'link-type dummy'],
      'enp2s0 inet static': ['address 10.1.0.1/31', 'ip-forward 1'],
      'enp2s0 inet6 static': ['address 2001:db8:f::1/128'],
      'enp1s0 inet static': ['address 10.255.0.1/32', 'ip-forward 1'],
      'enp1s0 inet6 static': ['address 2001:db8:f::1/128'],
    });
  });

  it('have nothing on a node that is in none of them, and no addresses on the links of a BGP fabric', () => {
    const config = sdn({
      fabrics: {
        spine: { type: 'bgp_fabric', ip_prefix: '10.255.1.0/24' },
        spine_ash: { type: 'bgp_node', asn: 64_801, ip: '10.255.1.1', interfaces: 'name=enp1s0' },
      },
    });
    expect(stanzas(config, node({ name: 'birch' }))).toEqual({});
    expect(stanzas(config, node())['enp1s0 inet manual']).toEqual(['ip-forward 1', 'ip6-forward 1', 'accept-ra 0']);
  });
});
