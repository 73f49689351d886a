import { compareConfigs, frrDialect } from '#engines/reconcile';
import fc from 'fast-check';
import { indentedFrr } from './frr-text.js';
import { readFrr, writeFrr } from './read-frr.js';

const HOST = `frr version 10.3.1
frr defaults datacenter
hostname pve7
log syslog informational
service integrated-vtysh-config
ip prefix-list LOOPBACKS seq 10 permit 10.7.0.0/24 ge 32
!
vrf red
 vni 15000
exit-vrf
!
interface ens19
 ip ospf area 0
exit
!
router bgp 65051
 bgp router-id 10.7.0.7
 timers bgp 20 60
 neighbor FABRIC peer-group
 neighbor FABRIC remote-as 65051
 neighbor 192.0.2.1 peer-group FABRIC
 neighbor 192.0.2.1 update-source 192.0.2.2
 neighbor 192.0.2.1 capability extended-nexthop
 neighbor ens20 interface remote-as external
 !
 address-family ipv4 unicast
  network 10.7.0.7/32
  redistribute connected route-map LOOPBACKS
  neighbor FABRIC next-hop-self force
 exit-address-family
 !
 address-family l2vpn evpn
  neighbor FABRIC activate
  advertise-all-vni
  vni 10030
   rd 10.7.0.7:30
   route-target import 65000:10030
   route-target import *:10030
   route-target export 65000:10030
  exit-vni
 exit-address-family
exit
!
router bgp 65051 vrf red
 address-family l2vpn evpn
  advertise ipv4 unicast
  rd 10.7.0.7:7
 exit-address-family
exit
!
route-map LOOPBACKS permit 10
 match ip address prefix-list LOOPBACKS
exit
!
end
`;

describe('reading of frr.conf', () => {
  const config = readFrr(HOST);
  const [main, red] = config.instances;

  it('gives values, not lines', () => {
    expect(config).toMatchObject({ profile: 'datacenter', hostname: 'pve7', isIntegrated: true });
    expect(config.vrfs).toMatchObject([{ head: 'red', body: { vni: 15_000 } }]);
    expect(config.interfaces[0]?.body.ospfArea).toBe('0.0.0.0');
    expect(main).toMatchObject({ head: { asn: 65_051, vrf: null }, body: { routerId: '10.7.0.7', timers: { keepalive: 20, hold: 60 } } });
    expect(main?.body.families[0]?.body.redistribution).toEqual([{ source: 'connected', metric: null, map: 'LOOPBACKS' }]);
    expect(main?.body.evpn?.vnis[0]).toMatchObject({
      head: 10_030,
      body: {
        rd: '10.7.0.7:30',
        targets: [
          { direction: 'import', target: '65000:10030' },
          { direction: 'import', target: '*:10030' },
          { direction: 'export', target: '65000:10030' },
        ],
      },
    });
    expect(red).toMatchObject({ head: { vrf: 'red' }, body: { evpn: { rd: '10.7.0.7:7' } } });
  });

  it('gives sessions with groups, ports and what they can', () => {
    expect(main?.body.neighbors.map(({ head, body }) => [head.address ?? head.group, body.remoteAs, body.peerGroup?.joins])).toEqual([
      ['FABRIC', 65_051, null],
      ['192.0.2.1', null, 'FABRIC'],
      ['ens20', null, undefined],
    ]);
    expect(main?.body.neighbors[1]?.body).toMatchObject({ source: '192.0.2.2', extendedNextHop: true });
    expect(main?.body.neighbors[2]?.body.isInterface).toMatchObject({ remoteAs: 'external' });
  });

  it('holds all of it, and writes what means the same', () => {
    expect(config.kept).toEqual([]);
    expect(compareConfigs(frrDialect, HOST, writeFrr(config, 'without'))).toEqual([]);
    expect(writeFrr(readFrr(writeFrr(config)))).toBe(writeFrr(config));
  });

  it('keeps what it does not know, and says when it is the value that it refuses', () => {
    const { kept, instances } = readFrr(
      'bfd\n profile fast\n  detect-multiplier 3\n exit\nexit\n!\nrouter bgp 65051\n bgp router-id 10.7.0.777\n bgp something new\nexit\n',
    );
    expect(kept.map(({ fact, reason }) => [fact.text, reason])).toEqual([['bfd', 'UNKNOWN']]);
    expect(instances[0]?.body.kept.map(({ fact, reason }) => [fact.text, reason])).toEqual([
      ['bgp router-id 10.7.0.777', 'REFUSED'],
      ['bgp something new', 'UNKNOWN'],
    ]);
  });

  it('does not need the indentation: FRR has none', () => {
    const flat = HOST.replace(/^ +/gm, '');
    expect(flat).not.toBe(HOST);
    expect(compareConfigs(frrDialect, HOST, indentedFrr(flat))).toEqual([]);
    expect(readFrr(flat)).toEqual(config);
  });
});

describe('reading of any text as frr.conf', () => {
  const words = fc.constantFrom(
    'router bgp',
    '65000',
    'vrf red',
    'neighbor',
    'ens19',
    '192.0.2.1',
    'interface',
    'remote-as',
    'address-family l2vpn evpn',
    'address-family ipv4 unicast',
    'exit-address-family',
    'exit',
    'vni',
    '1000',
    'rd 1.1.1.1:1',
    'route-target both',
    'no',
    'activate',
    'description',
    'end',
    '!',
    'password x',
  );
  const anyLine = fc
    .tuple(
      fc.constantFrom(0, 1, 2),
      fc.oneof(
        fc.array(words, { minLength: 1, maxLength: 4 }).map((some) => some.join(' ')),
        fc.string(),
      ),
    )
    .map(([indent, text]) => ' '.repeat(indent) + text);

  it('takes a line with nothing but the end of a mode below it for a line', () => {
    const text = 'rd 1.1.1.1:1 router bgp\nrd 1.1.1.1:1 vni\n end';
    expect(compareConfigs(frrDialect, text, writeFrr(readFrr(text)))).toEqual([]);
  });

  it('loses no fact, whatever stands there', () => {
    fc.assert(
      fc.property(fc.array(anyLine, { maxLength: 25 }), (lines) => {
        const text = indentedFrr(lines.join('\n'));
        expect(compareConfigs(frrDialect, text, writeFrr(readFrr(text)))).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });
});
