/** Folders of cases, made here: what is said of them, and when the command fails. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { NoCasesError } from './no-cases-error.js';
import { pve } from './pve.js';
import { pveFabric } from './pve-fabric.js';

let directory: string;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'trame-conformance-'));
});
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

function folder(name: string, files: Readonly<Record<string, unknown>>): void {
  fs.mkdirSync(path.join(directory, name), { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    fs.writeFileSync(path.join(directory, name, file), typeof content === 'string' ? content : JSON.stringify(content));
  }
}

const SIMPLE = {
  'sdn.typed.json': { version: 4, zones: { attic: { type: 'simple' } }, vnets: { boxes: { type: 'vnet', zone: 'attic' } } },
  'env.json': { nodename: 'elm' },
  interfaces: '',
};
const BOXES = '#version:4\n\nauto boxes\niface boxes\n\tbridge_ports none\n\tbridge_stp off\n\tbridge_fd 0\n';

describe('cases of Proxmox SDN', () => {
  it('are equal byte for byte, equal, or different, each with what differs', () => {
    folder('a/same', { ...SIMPLE, expected_sdn_interfaces: BOXES });
    folder('a/spelling', { ...SIMPLE, expected_sdn_interfaces: BOXES.replaceAll('_', '-') });
    folder('b/other', { ...SIMPLE, expected_sdn_interfaces: BOXES.replace('boxes', 'crates') });
    const { figures, holds, text } = pve.run(directory);
    expect(figures).toEqual({ cases: 3, equal: 2, byteEqual: 1 });
    expect(holds).toBe(false);
    expect(text).toContain('- /etc/network/interfaces.d/sdn: auto crates\n');
    expect(text).toContain('+ /etc/network/interfaces.d/sdn: auto boxes\n');
  });

  it('hold when all are equal', () => {
    folder('same', { ...SIMPLE, expected_sdn_interfaces: BOXES });
    expect(pve.run(directory)).toMatchObject({ figures: { cases: 1, equal: 1, byteEqual: 1 }, holds: true });
  });

  it('differ with the reason when the input is refused', () => {
    folder('bad', { ...SIMPLE, 'sdn.typed.json': { zones: { attic: { type: 'loft' } } }, expected_sdn_interfaces: BOXES });
    const { figures, text } = pve.run(directory);
    expect(figures).toEqual({ cases: 1, equal: 0, byteEqual: 0 });
    expect(text).toContain('INVALID_VALUE > type of zone attic "loft" is not valid: simple, vlan, qinq, vxlan or evpn');
  });

  it('ask the node what env.json says, and know the release by the FRR that it has', () => {
    const config = {
      version: 4,
      controllers: { up: { type: 'bgp', node: 'elm', asn: 64_700, peers: ['10.3.3.9'], 'route-map-in': 'near' } },
    };
    const expected = [
      'frr version 10.6.1',
      'frr defaults datacenter',
      'hostname elm',
      'log syslog informational',
      'service integrated-vtysh-config',
      'router bgp 64700',
      ' bgp router-id 10.3.3.1',
      ' no bgp default ipv4-unicast',
      ' coalesce-time 1000',
      ' neighbor BGP peer-group',
      ' neighbor BGP remote-as 64700',
      ' neighbor BGP bfd',
      ' neighbor 10.3.3.9 peer-group BGP',
      ' address-family ipv4 unicast',
      '  neighbor BGP activate',
      '  neighbor BGP soft-reconfiguration inbound',
      '  neighbor BGP route-map near in',
      'line vty',
    ].join('\n');
    const env = { nodename: 'elm', routeGet: { src: '10.3.3.1', dev: 'vmbr0' } };
    folder('uplink', { 'sdn.typed.json': config, 'env.json': env, interfaces: '', expected_controller_config: expected });
    expect(pve.run(directory).figures).toEqual({ cases: 1, equal: 1, byteEqual: 0 });
    folder('uplink', { expected_controller_config: expected.replace('10.6.1', '10.4.1') });
    expect(pve.run(directory).text).toContain('9.2, because of the route maps of controller up');
  });

  it('are missed, and not passed over, where there are none', () => {
    expect(() => pve.run(path.join(directory, 'nowhere'))).toThrow(NoCasesError);
    folder('half', SIMPLE);
    expect(() => pve.run(directory)).toThrow(/expected folders with sdn\.typed\.json/);
  });
});

const FABRIC = 'ospf_fabric: ring\n\tarea 2\n\tip_prefix 10.70.0.0/24\n\nospf_node: ring_elm\n\tinterfaces name=enp1s0\n\tip 10.70.0.1\n';
const RING = `!
router ospf
 ospf router-id 10.70.0.1
exit
!
interface dummy_ring
 ip ospf area 2
 ip ospf passive
exit
!
interface enp1s0
 ip ospf area 2
 ip ospf network point-to-point
exit
!
access-list pve_ospf_ring_ips permit 10.70.0.0/24
!
route-map pve_ospf permit 100
 match ip address pve_ospf_ring_ips
 set src 10.70.0.1
exit
!
ip protocol ospf route-map pve_ospf
`;

describe('cases of Proxmox fabrics', () => {
  const env = { 'env.json': { nodename: 'elm' } };
  const json = {
    fabrics: {
      ring: { type: 'ospf_fabric', area: 2, ip_prefix: '10.70.0.0/24' },
      ring_elm: { type: 'ospf_node', ip: '10.70.0.1', interfaces: [{ name: 'enp1s0' }] },
    },
  };

  it('are read from both files, which have to say the same', () => {
    folder('ring/elm', { ...env, 'fabrics.cfg': FABRIC, 'sdn.typed.json': json, expected_frr_body: RING });
    expect(pveFabric.run(directory)).toMatchObject({ figures: { cases: 1, equal: 1, byteEqual: 1 }, holds: true });
    folder('ring/elm', { 'sdn.typed.json': { fabrics: { ring: json.fabrics.ring } } });
    expect(pveFabric.run(directory).text).toContain('read as different fabrics');
  });

  it('that are invalid have to be refused', () => {
    folder('bad', { 'fabrics.cfg': FABRIC.replace('10.70.0.1', '10.71.0.1'), 'expect.json': { valid: false } });
    expect(pveFabric.run(directory)).toMatchObject({ figures: { cases: 1, equal: 1, byteEqual: 0 }, holds: true });
    folder('good', { 'fabrics.cfg': FABRIC, 'expect.json': { valid: false } });
    const { figures, holds, text } = pveFabric.run(directory);
    expect(figures).toEqual({ cases: 2, equal: 1, byteEqual: 0 });
    expect(holds).toBe(false);
    expect(text).toContain('accepted, and should have been refused');
  });
});
