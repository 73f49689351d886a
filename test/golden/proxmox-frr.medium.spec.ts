/** The FRR files of the Proxmox profile, before FRR's own parser: what the profile renders is a configuration, and not only a likeness. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PVE_FRR_PATH, type PveRelease, renderPveNode, type SdnConfig } from '#engines/pve-sdn';
import { ASH, evpn, node, sdn } from '#engines/pve-sdn/testing';
import { describeWith, missing } from '../support/describe-with.js';

const ash = node({ interfaces: `${ASH}iface lo1 inet static\n\taddress 10.200.0.1/32\n`, route: ['10.9.8.1', 'vmbr0'] });
const bgp = { type: 'bgp', node: 'ash', asn: 64_900, peers: '10.9.8.254', loopback: 'lo1' };
const isis = {
  type: 'isis',
  node: 'ash',
  'isis-domain': 'one',
  'isis-net': '49.0001.0102.0000.0001.00',
  'isis-ifaces': 'enp1s0,enp2s0',
};
const openfabric = {
  core: { type: 'openfabric_fabric', ip_prefix: '10.255.0.0/24', ip6_prefix: '2001:db8:f::/64', hello_interval: 3, csnp_interval: 20 },
  core_ash: { type: 'openfabric_node', ip: '10.255.0.1', ip6: '2001:db8:f::1', interfaces: ['name=enp1s0', 'name=enp2s0,hello_multiplier=9'] },
};
const ospf = {
  edge: { type: 'ospf_fabric', ip_prefix: '10.254.0.0/24', area: 3 },
  edge_ash: { type: 'ospf_node', ip: '10.254.0.1', interfaces: ['name=enp3s0', 'name=enp4s0,ip=10.1.0.0/31'] },
};
const spine = {
  spine: { type: 'bgp_fabric', ip_prefix: '10.253.0.0/24', ip6_prefix: '2001:db8:e::/64', bfd: 1, redistribute: 'source=connected,metric=5' },
  spine_ash: { type: 'bgp_node', asn: 64_801, ip: '10.253.0.1', ip6: '2001:db8:e::1', interfaces: 'name=enp5s0' },
};
const outer = { type: 'evpn', asn: 64_900, peers: ['10.9.8.200'], 'peer-group-name': 'OUTER', 'bgp-mode': 'internal' };

const SCENARIOS: Readonly<Record<string, readonly [SdnConfig, PveRelease, (string | null)?]>> = {
  'EVPN with subnets that are announced': [evpn({ 'advertise-subnets': 1, 'rt-import': '64500:1,64500:2' }), '9.1'],
  'an exit node': [evpn({ exitnodes: 'ash' }), '9.1'],
  'an exit node with local routing, beside the primary one': [
    evpn({ exitnodes: 'ash,birch', 'exitnodes-primary': 'birch', 'exitnodes-local-routing': 1 }),
    '9.1',
  ],
  'BGP and IS-IS': [evpn({}, { controllers: { bgpash: bgp, isisash: isis } }), '9.1'],
  'OpenFabric and OSPF': [sdn({ fabrics: { ...openfabric, ...ospf } }), '9.1'],
  'a BGP fabric beside EVPN': [evpn({}, { fabrics: spine }), '9.2'],
  'a prefix list of the cluster': [
    sdn({ fabrics: openfabric, 'prefix-lists': { near: { type: 'prefix-list', entries: 'action=permit,prefix=10.0.0.0/8,le=24' } } }),
    '9.2',
  ],
  'local lines': [
    evpn(),
    '9.1',
    'router bgp 64900\n neighbor 10.9.8.77 remote-as 65077\n address-family l2vpn evpn\n  advertise-svi-ip\n exit-address-family\nexit\nroute-map MAP_VTEP_IN permit 9\n set metric 5\nexit\naccess-list mine seq 5 permit any\n',
  ],
};

describeWith({ missing: missing({ programs: { frr: '/usr/bin/vtysh' } }) }, 'vtysh', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'trame-proxmox-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function judge(text: string): { status: number | null; said: string } {
    const file = join(directory, 'frr.conf');
    writeFileSync(file, text);
    const { status, stdout, stderr } = spawnSync('/usr/bin/vtysh', ['-C', '-f', file], { encoding: 'utf8' });
    return { status, said: stdout + stderr };
  }

  const frrConf = (name: string): string => {
    const [config, release, local = null] = SCENARIOS[name] ?? [sdn({}), '9.1'];
    return renderPveNode(config, ash, release, local).files.get(PVE_FRR_PATH) ?? '';
  };

  it.each(Object.keys(SCENARIOS))('reads %s', (name) => {
    expect(judge(frrConf(name))).toEqual({ status: 0, said: '' });
  });

  it.each([
    ['the automatic route targets of another ASN', evpn({}, { controllers: { bgpash: { ...bgp, asn: 64_901 } } }), /\n +autort as \d+/],
    ['a match of any of several communities', evpn({ 'secondary-controllers': 'outer' }, { controllers: { outer } }), / any(?=\n)/g],
  ] as const)('of Debian 12 does not read %s, which the FRR of Proxmox knows', (_what, config, newer) => {
    const text = renderPveNode(config, ash, '9.2', null).files.get(PVE_FRR_PATH) ?? '';
    expect(judge(text).said).toContain('Unknown command');
    expect(judge(text.replace(newer, ''))).toEqual({ status: 0, said: '' });
  });
});
