import { renderPveNode } from '../render-pve-node.js';
import { below, evpn, frrText, routedAsh, sdn } from '../testing/index.js';

const ash = routedAsh();
const ROUTER = 'router bgp 64900';

describe('frr.conf.local', () => {
  const merged = (local: string, config = evpn({ exitnodes: 'ash' })) => frrText(config, ash, '9.1', local);

  it('adds lines to the blocks that are there', () => {
    const content = merged(
      [
        'vrf vrf_dc',
        ' ip route 192.0.2.0/24 blackhole',
        'exit-vrf',
        '!',
        'router bgp 64900',
        ' neighbor 10.9.8.77 remote-as 65077',
        ' address-family l2vpn evpn',
        '  advertise-svi-ip',
        ' exit-address-family',
        ' neighbor 10.9.8.77 timers 3 9',
        ' address-family ipv4 multicast',
        '  neighbor 10.9.8.77 activate',
        ' exit-address-family',
        'exit',
      ].join('\n'),
    );
    expect(below('vrf vrf_dc', content)).toEqual(['vni 5000', 'ip route 192.0.2.0/24 blackhole']);
    const router = below(ROUTER, content);
    const own = router.indexOf('neighbor 10.9.8.77 remote-as 65077');
    expect(router.slice(own, own + 7)).toEqual([
      'neighbor 10.9.8.77 remote-as 65077',
      'neighbor 10.9.8.77 timers 3 9',
      'address-family ipv4 multicast',
      ' neighbor 10.9.8.77 activate',
      'exit-address-family',
      '!',
      'address-family ipv4 unicast',
    ]);
    expect(router.slice(-3)).toEqual([' advertise-all-vni', ' advertise-svi-ip', 'exit-address-family']);
  });

  it('pastes what is not there, and a router of another ASN or VRF, behind the prefix lists', () => {
    const local = [
      'router bgp 64901',
      ' bgp router-id 1.1.1.1',
      'exit',
      'interface enp1s0',
      ' ip ospf area 0',
      'exit',
      'access-list mine permit any',
    ];
    const content = merged(local.join('\n'));
    expect(content).toContain(
      'ipv6 prefix-list only_default_v6 seq 1 permit ::/0\nrouter bgp 64901\n bgp router-id 1.1.1.1\nexit\n!\n' +
        'interface enp1s0\n ip ospf area 0\nexit\n!\naccess-list mine permit any\n!\nroute-map',
    );
  });

  it('appends entries to maps, numbered on', () => {
    const content = merged('route-map MAP_VTEP_IN deny 1\n set metric 9\nexit\nroute-map own permit 50\nroute-map own deny 60\n');
    expect(content.match(/^route-map (?:MAP_VTEP_IN|own) .*/gm)).toEqual([
      'route-map MAP_VTEP_IN deny 4',
      'route-map own permit 1',
      'route-map own deny 2',
      'route-map MAP_VTEP_IN deny 1',
      'route-map MAP_VTEP_IN deny 2',
      'route-map MAP_VTEP_IN permit 3',
    ]);
    expect(below('route-map MAP_VTEP_IN deny 4', content)).toEqual(['set metric 9']);
  });

  it('says what has no place in the file, instead of losing it without a word', () => {
    const local = 'ip nht resolve-via-default\nip prefix-list bare permit 10.0.0.0/8\nip prefix-list good seq 5 permit any\n';
    const { files, droppedLocalLines } = renderPveNode(evpn(), ash, '9.1', local);
    expect(droppedLocalLines).toEqual(['ip nht resolve-via-default', 'ip prefix-list bare permit 10.0.0.0/8']);
    expect(files.get('/etc/frr/frr.conf')).toContain('ip prefix-list good seq 5 permit any');
  });

  it('alone is reason enough for a file', () => {
    expect(frrText(sdn({}), ash, '9.1', 'access-list mine permit any\n')).toContain('access-list mine permit any');
  });
});
