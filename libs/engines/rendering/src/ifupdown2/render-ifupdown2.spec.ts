import { compileFabric, deviceIntent, type FabricSnapshot } from '#engines/intent';
import { demoFabric, demoSnapshot, scenarios } from '#engines/intent/testing';
import { withoutPieces } from '../text.js';
import { renderIfupdown2 } from './render-ifupdown2.js';

const rendered = (snapshot: FabricSnapshot, slug = 'pve1') => withoutPieces(renderIfupdown2(deviceIntent(compileFabric(snapshot), slug)));
const stanza = (text: readonly string[], name: string) => {
  const start = text.findIndex((line) => line === `iface ${name}` || line.startsWith(`iface ${name} `));
  const end = text.indexOf('', start);
  return text.slice(start + 1, end < 0 ? undefined : end).map((line) => line.trim());
};
const irb = () => scenarios['vrf-anycast-two-leaves']?.() ?? demoSnapshot();

describe('interfaces.d/trame', () => {
  it('has the VTEP address on lo and the link of the underlay, and nothing of the management', () => {
    const text = rendered(demoFabric().build());
    expect(text.filter((line) => line.startsWith('iface'))).toEqual(['iface lo inet loopback', 'iface ens19']);
    expect(stanza(text, 'lo')).toEqual(['address 172.16.1.51/32']);
  });

  it('gives a network the MTU that fits, on the tunnel and on the bridge that guests take it from', () => {
    const text = rendered(
      demoFabric()
        .network({ slug: 'blue', vni: 10_001, eviId: 1, mtu: 1400, on: ['pve1'] })
        .build(),
    );
    expect(stanza(text, 'vxlan10001')).toContain('mtu 1400');
    expect(stanza(text, 'vnet10001')).toContain('mtu 1400');
  });

  it('leaves learning to the control plane', () => {
    expect(stanza(rendered(demoSnapshot()), 'vxlan10001')).toEqual(
      expect.arrayContaining(['vxlan-learning off', 'bridge-learning off', 'bridge-arp-nd-suppress on']),
    );
  });

  it('keeps the host out of a network that it only bridges', () => {
    expect(stanza(rendered(demoSnapshot()), 'vnet10001')).toEqual(
      expect.arrayContaining(['ipv6-addrgen off', 'ip-forward off', 'ip6-forward off']),
    );
  });

  it('lets the taps of guests be', () => {
    const [line] = stanza(rendered(demoSnapshot()), 'vnet10001').filter((text) => text.startsWith('bridge-ports-condone-regex '));
    const condoned = new RegExp(line?.split(' ')[1] ?? 'none');
    for (const port of ['tap100i0', 'veth100i0', 'fwpr100p0', 'fwln100i0', 'vnet3']) expect(port).toMatch(condoned);
    for (const port of ['ens20', 'vxlan10001', 'eno1.100', 'bond0']) expect(port).not.toMatch(condoned);
  });

  it('bridges the ports that a network is attached to, tagged ones through a VLAN interface', () => {
    const text = rendered(irb(), 'pve3');
    expect(stanza(text, 'vnet10010')).toContain('bridge-ports vxlan10010 ens20');
    expect(stanza(text, 'vnet10011')).toContain('bridge-ports vxlan10011 ens20.42');
    expect(stanza(text, 'ens20.42')).toEqual(['vlan-raw-device ens20', 'vlan-id 42']);
    expect(text.filter((line) => line === 'auto ens20')).toHaveLength(1);
  });

  it('makes a routed network a member of its VRF, with the gateway that all VTEPs share', () => {
    expect(stanza(rendered(irb()), 'vnet10010')).toEqual(
      expect.arrayContaining([
        'address 10.20.1.1/24',
        'address 2001:db8:1::1/64',
        'hwaddress 00:1c:73:00:00:01',
        'vrf red',
        'ip-forward on',
      ]),
    );
    expect(stanza(rendered(irb()), 'vrfbr15000')).toEqual(
      expect.arrayContaining(['hwaddress 02:00:ac:10:01:33', 'bridge-ports vrfvx15000', 'vrf red']),
    );
  });

  it('ends every look-up of a VRF in the VRF', () => {
    expect(stanza(rendered(irb()), 'red').filter((line) => line.includes('unreachable default'))).toHaveLength(2);
  });
});
