import type { AdoptedFacts, Deviation } from '#engines/intent';
import type { Draft } from '../artefact.js';
import { honourAdopted } from './honour-adopted.js';

const PATH = '/etc/frr/frr.conf';
const FRR = `frr defaults datacenter
!
router bgp 65051
 bgp router-id 10.7.0.7
 neighbor 192.0.2.1 remote-as 65051
 !
 address-family ipv4 unicast
  network 10.7.0.7/32
 exit-address-family
 !
 address-family l2vpn evpn
  advertise-all-vni
  vni 1000
   rd 10.7.0.7:1
  exit-vni
 exit-address-family
exit
!`.split('\n');
const draft: Draft = { path: PATH, format: 'frr', mode: 0o640, owner: 'frr', text: FRR };
const bgp = ['router bgp 65051'];
const evpn = [...bgp, 'address-family l2vpn evpn'];

const saying = (facts: Partial<AdoptedFacts>, from = draft): string =>
  honourAdopted({ adopted: { names: [], deviations: [], kept: [], ...facts } }, from).text.join('\n');
const deviation = (...edits: Deviation['edits']): Deviation => ({ code: 'TIMERS_OF_INSTANCE', path: PATH, subject: 'it', edits });

describe('a device that was adopted', () => {
  it('is written as any other where it says nothing otherwise', () => {
    expect(saying({})).toBe(FRR.join('\n'));
    expect(honourAdopted({}, draft)).toBe(draft);
  });

  it('keeps its value in the place of ours, and its lines before the modes that follow', () => {
    const text = saying({
      deviations: [
        deviation({ section: [...bgp, 'address-family ipv4 unicast'], trame: 'network 10.7.0.7/32', running: 'redistribute connected' }),
        deviation({ section: bgp, trame: null, running: 'timers bgp 20 60' }),
      ],
    });
    expect(text).toContain(
      ' neighbor 192.0.2.1 remote-as 65051\n timers bgp 20 60\n !\n address-family ipv4 unicast\n  redistribute connected\n exit-address',
    );
  });

  it('does without a mode that it does not have, the word that leaves it included', () => {
    expect(saying({ deviations: [deviation({ section: evpn, trame: 'vni 1000', running: null })] })).toContain(
      '  advertise-all-vni\n exit-address-family\nexit',
    );
  });

  it('keeps in a file that is wholly ours what else stood there, in modes that are left again', () => {
    const kept = [
      { path: PATH, section: [], text: 'ip prefix-list P seq 5 permit any' },
      { path: PATH, section: ['interface ens18'], text: 'description management' },
      { path: PATH, section: [...bgp, 'address-family ipv6 unicast'], text: 'redistribute static' },
    ];
    const text = saying({ kept });
    expect(text).toMatch(/^frr defaults datacenter\nip prefix-list P seq 5 permit any\n!\nrouter bgp/);
    expect(text).toContain('interface ens18\n description management\nexit');
    expect(text).toContain(' address-family ipv6 unicast\n  redistribute static\n exit-address-family\nexit\n!');
    expect(
      saying({ kept: kept.map((line) => ({ ...line, path: 'running-config' })) }, { ...draft, format: 'eos', path: 'running-config' }),
    ).toBe(FRR.join('\n'));
  });

  it('calls its interfaces by its own names, whole names only', () => {
    const from: Draft = { ...draft, format: 'ifupdown2', text: ['iface vnet1000', '    bridge-ports vxlan1000 ens20', 'iface vnet10001'] };
    expect(
      saying(
        {
          names: [
            { derived: 'vnet1000', running: 'VNET1000' },
            { derived: 'vxlan1000', running: '$&' },
          ],
        },
        from,
      ),
    ).toBe('iface VNET1000\n    bridge-ports $& ens20\niface vnet10001');
  });

  it('is not held to what Trame does not say any more', () => {
    const gone = deviation({ section: bgp, trame: 'neighbor 192.0.2.9 remote-as 65051', running: 'neighbor 192.0.2.9 remote-as 65052' });
    expect(saying({ deviations: [gone] })).toBe(FRR.join('\n'));
  });

  it('says a line more for as long as Trame says what it goes with', () => {
    const more = deviation({ section: bgp, trame: null, running: 'neighbor 192.0.2.1 weight 7', with: 'neighbor 192.0.2.1' });
    const kept = [{ path: PATH, section: evpn, text: 'neighbor 192.0.2.1 allowas-in', with: 'neighbor 192.0.2.1' }];
    expect(saying({ deviations: [more], kept })).toMatch(/neighbor 192\.0\.2\.1 weight 7[^]*allowas-in/);
    const gone = { ...draft, text: FRR.filter((line) => !line.includes('remote-as')) };
    expect(saying({ deviations: [more], kept }, gone)).toBe(gone.text.join('\n'));
    const longer = { ...draft, text: FRR.map((line) => line.replace('192.0.2.1', '192.0.2.10')) };
    expect(saying({ deviations: [more], kept }, longer)).toBe(longer.text.join('\n'));
  });

  it('makes no family for a line more that nobody is left to have', () => {
    const unicast = [...bgp, 'address-family ipv4 unicast'];
    const more = deviation({ section: unicast, trame: null, running: 'redistribute connected' });
    const bare = { ...draft, text: FRR.filter((_, at) => at < 6 || at > 9) };
    expect(bare.text.join('\n')).not.toContain('ipv4 unicast');
    expect(saying({ deviations: [more] }, bare)).toBe(bare.text.join('\n'));
    const stranger = { path: PATH, section: unicast, text: 'neighbor 198.51.100.1 activate' };
    expect(saying({ deviations: [more], kept: [stranger] }, bare)).toMatch(
      /ipv4 unicast\n(?: {2}neighbor 198\.51\.100\.1 activate\n)? {2}redistribute/,
    );
  });

  it('lets go of a deviation that would give what came later another meaning', () => {
    const automatic: Deviation = {
      ...deviation({ section: evpn, trame: 'vni 1000', running: null }),
      covers: { section: evpn, word: 'vni', lines: ['vni 1000', 'vni 1000 / rd 10.7.0.7:1'] },
    };
    expect(saying({ deviations: [automatic] })).not.toContain('vni 1000');
    const more = { ...draft, text: FRR.flatMap((line) => (line === '  exit-vni' ? [line, '  vni 1001', '  exit-vni'] : [line])) };
    expect(saying({ deviations: [automatic] }, more)).toBe(more.text.join('\n'));
    const other = { ...draft, text: FRR.map((line) => line.replace('rd 10.7.0.7:1', 'rd 10.7.0.7:2')) };
    expect(saying({ deviations: [automatic] }, other)).toBe(other.text.join('\n'));
  });

  it('has what Trame calls by name, and does without it when nobody calls it', () => {
    const definitions = [
      'ip prefix-list TRAME-LOOPBACKS seq 5 permit 10.7.0.0/16',
      'route-map TRAME-UNDERLAY permit 10',
      ' match ip address prefix-list TRAME-LOOPBACKS',
      'exit',
      '!',
    ];
    const calling = (...neighbors: readonly string[]): Draft => ({
      ...draft,
      text: [
        ...definitions,
        ...FRR.flatMap((line) =>
          line === '  network 10.7.0.7/32' ? [line, ...neighbors.map((one) => `  neighbor ${one} route-map TRAME-UNDERLAY in`)] : [line],
        ),
      ],
    });
    const deviations = [
      deviation(
        { section: [], trame: 'ip prefix-list TRAME-LOOPBACKS seq 5 permit 10.7.0.0/16', running: null },
        { section: [], trame: 'route-map TRAME-UNDERLAY permit 10', running: null },
      ),
      deviation({
        section: [...bgp, 'address-family ipv4 unicast'],
        trame: 'neighbor 192.0.2.1 route-map TRAME-UNDERLAY in',
        running: null,
      }),
    ];
    expect(saying({ deviations }, calling('192.0.2.1'))).not.toContain('TRAME');
    const text = saying({ deviations }, calling('192.0.2.1', '192.0.2.2'));
    expect(text.match(/TRAME-\w+/g)).toEqual(['TRAME-LOOPBACKS', 'TRAME-UNDERLAY', 'TRAME-LOOPBACKS', 'TRAME-UNDERLAY']);
    expect(text).not.toContain('neighbor 192.0.2.1 route-map');
  });
});

describe('a stanza of an adopted host', () => {
  const INTERFACES = ['auto br1', 'iface br1', '    bridge-ports vxlan1', '    address 192.0.2.1/31', '', 'auto eno1', 'iface eno1', ''];
  const host: Draft = { ...draft, path: '/etc/network/interfaces.d/trame', format: 'ifupdown2', text: INTERFACES };
  const kept = (text: string, name = 'br1') => ({ path: host.path, section: [`iface ${name}`], text, with: `iface ${name}` });

  it('has what the device says more in it, in words that ifupdown2 reads', () => {
    const lines = ['bridge-ports eno9', 'address 192.0.2.9/31', 'method inet6 auto', 'method inet dhcp'].map((text) => kept(text));
    expect(saying({ kept: [...lines, kept('mtu 9000', 'eno1'), kept('mtu 9000', 'gone')] }, host).split('\n')).toEqual([
      'auto br1',
      'iface br1 inet dhcp',
      'iface br1 inet6 auto',
      '    bridge-ports vxlan1 eno9',
      '    address 192.0.2.1/31',
      '    address 192.0.2.9/31',
      '',
      'auto eno1',
      'iface eno1',
      '    mtu 9000',
      '',
    ]);
  });

  it('leaves where it is what stands elsewhere', () => {
    const { with: _, ...elsewhere } = kept('mtu 9000', 'vmbr0');
    expect(saying({ kept: [elsewhere] }, host)).toBe(INTERFACES.join('\n'));
  });

  it('keeps its order, and puts what is new behind it', () => {
    const order = { section: ['iface br1'], lines: ['address 192.0.2.9/31', 'address 192.0.2.1/31'] };
    const one: Deviation = { code: 'OTHER_ORDER', path: host.path, subject: 'br1', edits: [], order };
    const text = saying({ deviations: [one], kept: [kept('address 192.0.2.9/31'), kept('address 192.0.2.99/32')] }, host);
    expect(text.match(/address \S+/g)).toEqual(['address 192.0.2.9/31', 'address 192.0.2.1/31', 'address 192.0.2.99/32']);
  });
});
