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
});
