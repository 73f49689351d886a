import { compileFabric, deviceIntent, type FabricSnapshot } from '#engines/intent';
import { demoFabric, demoSnapshot, type NetworkSpec, scenarios } from '#engines/intent/testing';
import { Ip } from '#engines/kernel';
import { withoutPieces } from '../text.js';
import { renderEos } from './render-eos.js';

const rendered = (snapshot: FabricSnapshot, slug = 'test') => withoutPieces(renderEos(deviceIntent(compileFabric(snapshot), slug)));
const section = (text: readonly string[], head: string) => {
  const start = text.indexOf(head);
  const depth = head.length - head.trimStart().length;
  const end = text.findIndex((line, position) => position > start && line.search(/\S/) <= depth);
  return start < 0 ? [] : text.slice(start + 1, end < 0 ? undefined : end).map((line) => line.trim());
};
const network = (vni: number, vlan: number, tagging: 'TAGGED' | 'UNTAGGED'): NetworkSpec => ({
  slug: `n${vlan}`,
  vni,
  eviId: vni - 10_000,
  on: [{ device: 'test', port: 'Ethernet2', vlan, tagging }],
});

describe('ports of a switch', () => {
  it('are access ports when they have one untagged network', () => {
    expect(section(rendered(demoSnapshot()), 'interface Ethernet2')).toEqual(['switchport access vlan 100']);
  });

  it('are trunks of exactly the VLANs that are attached, as EOS prints a list', () => {
    const builder = demoFabric();
    [30, 10, 11, 12, 200, 20].forEach((vlan, position) => builder.network(network(10_001 + position, vlan, 'TAGGED')));
    expect(section(rendered(builder.build()), 'interface Ethernet2')).toEqual([
      'switchport trunk allowed vlan 10-12,20,30,200',
      'switchport mode trunk',
    ]);
  });

  it('have a native VLAN when one of several networks is untagged', () => {
    const snapshot = demoFabric()
      .network(network(10_001, 10, 'UNTAGGED'))
      .network(network(10_002, 20, 'TAGGED'))
      .build();
    expect(section(rendered(snapshot), 'interface Ethernet2')).toEqual([
      'switchport trunk native vlan 10',
      'switchport trunk allowed vlan 10,20',
      'switchport mode trunk',
    ]);
  });

  it('keep a VLAN to one VNI', () => {
    const snapshot = demoFabric()
      .network(network(10_001, 300, 'TAGGED'))
      .network(network(10_002, 20, 'TAGGED'))
      .build();
    expect(section(rendered(snapshot), 'interface Vxlan1')).toEqual([
      'vxlan source-interface Loopback1',
      'vxlan udp-port 4789',
      'vxlan vlan 20 vni 10002',
      'vxlan vlan 300 vni 10001',
    ]);
  });
});

describe('router bgp of a switch', () => {
  it('has its MAC-VRFs in the order in which EOS sorts them: as strings', () => {
    const snapshot = demoFabric()
      .network(network(10_001, 63, 'TAGGED'))
      .network(network(10_002, 163, 'TAGGED'))
      .build();
    expect(rendered(snapshot).filter((line) => line.startsWith('   vlan '))).toEqual(['   vlan 163', '   vlan 63']);
  });

  it('writes `both` for a target of both directions, and the others by direction', () => {
    const snapshot = demoFabric()
      .network({ ...network(10_001, 100, 'TAGGED'), importTargets: ['65051:10001', '65000:7'], exportTargets: ['65051:10001', '65000:8'] })
      .build();
    expect(section(rendered(snapshot), '   vlan 100')).toEqual([
      'rd 172.16.1.1:1',
      'route-target both 65051:10001',
      'route-target import 65000:7',
      'route-target export 65000:8',
      'redistribute learned',
    ]);
  });

  it('changes next hops in the unicast family only, for next-hop-self would change the VTEP too', () => {
    const text = rendered(demoSnapshot());
    expect(section(text, '   address-family ipv4')).toContain('neighbor 192.168.100.2 route-map TRAME-NEXT-HOP-SELF out');
    expect(section(text, '   address-family evpn')).toEqual(['neighbor 192.168.100.2 activate', 'neighbor 192.168.101.2 activate']);
    expect(section(text, 'route-map TRAME-NEXT-HOP-SELF permit 10')).toEqual(['set ip next-hop peer-address']);
    expect(text.join('\n')).not.toContain('next-hop-self');
  });

  it('keeps the VTEP as next hop towards another AS', () => {
    const crossing = scenarios['ebgp-leaf-and-host']?.() ?? demoSnapshot();
    expect(section(rendered(crossing, 'leaf2'), '   address-family evpn')).toEqual([
      'bgp next-hop-unchanged',
      'neighbor 192.168.103.1 activate',
    ]);
  });

  it('names the interface of the source address, the loopback included', () => {
    const builder = demoFabric()
      .device({ slug: 'leaf2', platform: 'ARISTA_EOS', vtep: '172.16.1.2', ports: [] })
      .session({ device: 'test', port: 'Ethernet2', address: '172.16.1.1' }, { device: 'leaf2', port: 'Ethernet1', address: '172.16.1.2' });
    const text = rendered(builder.build()).filter((line) => line.includes('update-source'));
    expect(text.map((line) => line.trim())).toEqual([
      'neighbor 172.16.1.2 update-source Loopback1',
      'neighbor 192.168.100.2 update-source Ethernet1',
      'neighbor 192.168.101.2 update-source Ethernet3',
    ]);
  });

  it('refuses a source address that no interface has', () => {
    const device = deviceIntent(compileFabric(demoSnapshot()), 'test');
    const neighbors = device.bgp?.neighbors.map((neighbor) => ({ ...neighbor, updateSource: Ip.parse('10.9.9.9') })) ?? [];
    expect(() => renderEos({ ...device, bgp: device.bgp && { ...device.bgp, neighbors } })).toThrow(
      expect.objectContaining({ code: 'RENDER_UNSUPPORTED' }),
    );
  });
});
