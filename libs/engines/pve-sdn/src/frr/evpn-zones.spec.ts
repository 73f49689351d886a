import { renderPveNode } from '../render-pve-node.js';
import { below, BGP, evpn, frrText, routedAsh } from '../testing/index.js';

const ROUTER = 'router bgp 64900';

describe('EVPN zones', () => {
  it('announce their subnets where they should', () => {
    const router = below('router bgp 64900 vrf vrf_dc', frrText(evpn({ 'advertise-subnets': 1 })));
    expect(router.slice(3)).toEqual([
      '!',
      'address-family ipv4 unicast',
      ' redistribute connected',
      'exit-address-family',
      '!',
      'address-family ipv6 unicast',
      ' redistribute connected',
      'exit-address-family',
      '!',
      'address-family l2vpn evpn',
      ' advertise ipv4 unicast',
      ' advertise ipv6 unicast',
      'exit-address-family',
    ]);
  });

  it('announce a default on an exit node, and not their subnets', () => {
    const content = frrText(evpn({ exitnodes: 'ash', 'advertise-subnets': 1 }));
    const vrf = below('router bgp 64900 vrf vrf_dc', content);
    expect(vrf).toEqual(expect.arrayContaining([' default-originate ipv4', ' default-originate ipv6', ' redistribute connected']));
    expect(vrf.join()).not.toContain('advertise ipv4');
    expect(below(ROUTER, content).filter((line) => line.includes('import vrf'))).toEqual([' import vrf vrf_dc', ' import vrf vrf_dc']);
  });

  it('take no default of another exit node, unless that is the primary one, whose default is better', () => {
    const alone = frrText(evpn({ exitnodes: 'ash,birch', 'exitnodes-primary': 'ash' }));
    expect(alone.match(/^route-map .*/gm)).toEqual([
      'route-map MAP_VTEP_IN deny 1',
      'route-map MAP_VTEP_IN deny 2',
      'route-map MAP_VTEP_IN permit 3',
      'route-map MAP_VTEP_OUT permit 1',
    ]);
    const second = frrText(evpn({ exitnodes: 'ash,birch', 'exitnodes-primary': 'birch' }));
    expect(second.match(/^route-map .*/gm)).toEqual([
      'route-map MAP_VTEP_IN permit 1',
      'route-map MAP_VTEP_OUT permit 1',
      'route-map MAP_VTEP_OUT permit 2',
      'route-map MAP_VTEP_OUT permit 3',
    ]);
    expect(below('route-map MAP_VTEP_OUT permit 2', second)).toEqual(['match ipv6 address prefix-list only_default_v6', 'set metric 200']);
  });

  it('route locally by static routes to the veths, and then import nothing', () => {
    const subnets = { 'dc-2001:db8:9::-64': { type: 'subnet', vnet: 'web' } };
    const content = frrText(evpn({ exitnodes: 'ash', 'exitnodes-local-routing': 1 }, { subnets }));
    expect(content).not.toContain('import vrf');
    expect(content).toContain('!\nip route 10.40.0.0/24 10.255.255.2 xvrf_dc\nipv6 route 2001:db8:9::/64 fe80::2 xvrf_dc\n!\nline vty');
  });

  it('do not reach the subnets of other zones through an exit node: by address, IPv4 first', () => {
    const content = frrText(
      evpn(
        { exitnodes: 'ash' },
        {
          zones: { lab: { type: 'simple' } },
          vnets: { bench: { type: 'vnet', zone: 'lab' } },
          subnets: Object.fromEntries(
            ['10.200.0.0-16', '9.0.0.1-8', '2001:db8:2::-64', '2001:db8:10::-64'].map((end) => [
              `lab-${end}`,
              { type: 'subnet', vnet: 'bench' },
            ]),
          ),
        },
      ),
    );
    expect(below('vrf vrf_dc', content)).toEqual([
      'vni 5000',
      'ip route 9.0.0.1/8 null0',
      'ip route 10.200.0.0/16 null0',
      'ipv6 route 2001:db8:2::/64 null0',
      'ipv6 route 2001:db8:10::/64 null0',
    ]);
  });

  it('import further route targets after their own', () => {
    const content = frrText(evpn({ 'rt-import': '64500:1;64500:2' }, { controllers: { bgpash: { ...BGP, asn: 64_901 } } }));
    expect(content.match(/route-target .*/g)).toEqual([
      'route-target import 64900:5000',
      'route-target import 64500:1',
      'route-target import 64500:2',
      'route-target export 64900:5000',
    ]);
  });

  it('over a fabric peer from its addresses', () => {
    const fabrics = {
      core: { type: 'openfabric_fabric', ip_prefix: '10.255.0.0/24' },
      core_ash: { type: 'openfabric_node', ip: '10.255.0.9' },
      core_birch: { type: 'openfabric_node', ip: '10.255.0.2' },
    };
    const controllers = { ctl: { type: 'evpn', asn: 64_900, fabric: 'core' } };
    expect(below(ROUTER, frrText(evpn({}, { controllers, fabrics })))).toEqual(
      expect.arrayContaining(['bgp router-id 10.255.0.9', 'neighbor VTEP update-source dummy_core', 'neighbor 10.255.0.2 peer-group VTEP']),
    );
  });

  it('over a fabric are not on nodes outside of it, which have vnets of other zones all the same', () => {
    const fabrics = {
      core: { type: 'openfabric_fabric', ip_prefix: '10.255.0.0/24' },
      core_birch: { type: 'openfabric_node', ip: '10.255.0.2' },
    };
    const config = evpn(
      { nodes: 'birch' },
      {
        zones: { lab: { type: 'simple' } },
        vnets: { bench: { type: 'vnet', zone: 'lab' } },
        controllers: { ctl: { type: 'evpn', asn: 64_900, fabric: 'core' } },
        fabrics,
      },
    );
    expect(frrText(config)).not.toContain('router bgp');
    expect(renderPveNode(config, routedAsh(), '9.1', null).files.get('/etc/network/interfaces.d/sdn')).toContain('auto bench\n');
  });
});
