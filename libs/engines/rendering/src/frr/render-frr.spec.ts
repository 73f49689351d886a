import { compileFabric, deviceIntent, type FabricSnapshot } from '#engines/intent';
import { demoFabric, demoSnapshot, SnapshotBuilder } from '#engines/intent/testing';
import { FRR_PATH, renderDevice } from '#engines/rendering';

const rendered = (snapshot: FabricSnapshot, slug: string): string[] =>
  renderDevice(deviceIntent(compileFabric(snapshot), slug))
    .find(({ path }) => path === FRR_PATH)
    ?.content.split('\n') ?? [];
const trimmed = (snapshot: FabricSnapshot, slug: string) => rendered(snapshot, slug).map((line) => line.trim());

describe('frr.conf', () => {
  it('gives every VNI its RD and its targets of both directions, after advertise-all-vni', () => {
    const text = rendered(demoSnapshot(), 'pve1');
    const vni = text.indexOf('  vni 10001');
    expect(text.slice(vni, vni + 5)).toEqual([
      '  vni 10001',
      '   rd 172.16.1.51:1',
      '   route-target import 65051:10001',
      '   route-target export 65051:10001',
      '  exit-vni',
    ]);
    expect(text.indexOf('  advertise-all-vni')).toBeLessThan(vni);
  });

  it('moves the automatic targets away before it gives explicit ones, or FRR takes those for no-ops', () => {
    const text = trimmed(demoSnapshot(), 'pve1');
    expect(text.indexOf('autort rfc8365-compatible')).toBeGreaterThan(0);
    expect(text.indexOf('autort rfc8365-compatible')).toBeLessThan(text.indexOf('route-target import 65051:10001'));
  });

  it('originates the loopback by name', () => {
    expect(trimmed(demoSnapshot(), 'pve1').filter((line) => /^(?:network|redistribute)/.test(line))).toEqual(['network 172.16.1.51/32']);
  });

  it('of a route reflector has a line per client and family, and new next hops in the underlay alone', () => {
    const reflector = new SnapshotBuilder()
      .device({ slug: 'rr', platform: 'DEBIAN_FRR', vtep: '10.0.0.1', ports: ['ens19'] })
      .device({ slug: 'pve1', platform: 'DEBIAN_FRR', vtep: '10.0.0.2', ports: ['ens19'] })
      .peering(
        '10.1.0.0/31',
        { device: 'rr', port: 'ens19', address: '10.1.0.0', role: 'ROUTE_REFLECTOR' },
        { device: 'pve1', port: 'ens19', address: '10.1.0.1', role: 'ROUTE_REFLECTOR_CLIENT' },
      )
      .build();
    const text = rendered(reflector, 'rr');
    const evpn = text.indexOf(' address-family l2vpn evpn');
    expect(text.slice(0, evpn).filter((line) => /reflector|next-hop/.test(line))).toEqual([
      '  neighbor 10.1.0.1 route-reflector-client',
      '  neighbor 10.1.0.1 next-hop-self force',
    ]);
    expect(text.slice(evpn).filter((line) => /reflector|next-hop/.test(line))).toEqual(['  neighbor 10.1.0.1 route-reflector-client']);
    expect(rendered(reflector, 'pve1').join('\n')).not.toMatch(/reflector|next-hop/);
  });

  it('speaks the families of a session and no others', () => {
    const evpnOnly = new SnapshotBuilder()
      .device({ slug: 'a', platform: 'DEBIAN_FRR', vtep: '10.0.0.1', ports: ['ens19'] })
      .device({ slug: 'b', platform: 'DEBIAN_FRR', vtep: '10.0.0.2', ports: ['ens19'] })
      .session(
        { device: 'a', port: 'ens19', address: '10.0.0.1' },
        { device: 'b', port: 'ens19', address: '10.0.0.2' },
        { families: ['L2VPN_EVPN'] },
      )
      .build();
    expect(trimmed(evpnOnly, 'a').filter((line) => line.startsWith('address-family'))).toEqual(['address-family l2vpn evpn']);
  });

  it('announces the subnets of a VRF by name, in the families that it has', () => {
    const red = demoFabric()
      .vrf({ name: 'red', l3vni: 15_000, eviId: 100 })
      .network({
        slug: 'web',
        vni: 10_010,
        eviId: 10,
        vrf: 'red',
        on: ['pve1'],
        subnets: [
          { cidr: '10.20.1.0/24', gateway: '10.20.1.1', mode: 'ANYCAST_VTEP' },
          { cidr: '2001:db8:1::/64', gateway: '2001:db8:1::1', mode: 'ANYCAST_VTEP' },
        ],
      })
      .build();
    const text = rendered(red, 'pve1');
    const vrf = text.slice(text.indexOf('router bgp 65051 vrf red')).map((line) => line.trim());
    expect(vrf.filter((line) => /^(?:network|advertise|route-target|rd)/.test(line))).toEqual([
      'network 10.20.1.0/24',
      'network 2001:db8:1::/64',
      'advertise ipv4 unicast',
      'advertise ipv6 unicast',
      'rd 172.16.1.51:100',
      'route-target import 65051:15000',
      'route-target export 65051:15000',
    ]);
    expect(text.slice(text.indexOf('vrf red'), text.indexOf('vrf red') + 3)).toEqual(['vrf red', ' vni 15000', 'exit-vrf']);
  });
});
