import { onboard } from './onboard.js';

const ZONES = `evpn: dc
	controller ctl
	vrf-vxlan 5000
	rt-import 65000:5999
	mtu 1400

vxlan: old
	peers 192.0.2.1,192.0.2.2

vlan: office
	bridge vmbr0
`;
const VNETS = `vnet: web
	zone dc
	alias Web servers
	tag 5001

vnet: legacy
	zone old
	tag 700

vnet: desks
	zone office
	tag 12
`;
const SUBNETS = `subnet: dc-10.40.0.0-24
	vnet web
	gateway 10.40.0.1
	snat 1
`;
const CONTROLLERS = `evpn: ctl
	asn 65051
	peers 192.0.2.1,192.0.2.2
`;
const interfaces = (address: string): string =>
  `auto lo\niface lo inet loopback\n\nauto vmbr0\niface vmbr0 inet static\n\taddress ${address}/24\n\tgateway 192.0.2.254\n\tbridge-ports eno1\n\tbridge-stp off\n\tbridge-fd 0\n\nsource /etc/network/interfaces.d/*\n`;

const node = (device: string, address: string) => [
  { device, name: 'etc/pve/sdn/zones.cfg', text: ZONES },
  { device, name: 'etc/pve/sdn/vnets.cfg', text: VNETS },
  { device, name: 'etc/pve/sdn/subnets.cfg', text: SUBNETS },
  { device, name: 'etc/pve/sdn/controllers.cfg', text: CONTROLLERS },
  { device, name: 'etc/network/interfaces', text: interfaces(address) },
];

describe('a cluster with Proxmox SDN', () => {
  const { snapshot, lint, report } = onboard([...node('ash', '192.0.2.1'), ...node('oak', '192.0.2.2')]);

  it('becomes VRFs, networks with their subnets, and the sessions of its nodes', () => {
    expect(snapshot.vrfs).toMatchObject([
      { deviceName: 'vrf_dc', l3vni: 5000, importTargets: ['65000:5999', '65051:5000'], exportTargets: ['65051:5000'] },
    ]);
    expect(snapshot.networks).toMatchObject([
      { vni: 700, vrfId: null, replication: 'INGRESS_STATIC' },
      {
        vni: 5001,
        name: 'Web servers',
        vrfId: 'vrf-dc',
        mtu: 1400,
        importTargets: ['65051:5001'],
        subnets: [{ cidr: '10.40.0.0/24', gatewayMode: 'ANYCAST_VTEP', gatewayAddress: '10.40.0.1', snat: true }],
      },
    ]);
    expect(snapshot.sessions).toMatchObject([{ ends: [{ address: '192.0.2.1' }, { address: '192.0.2.2' }], families: ['L2VPN_EVPN'] }]);
  });

  it('is told what an external switch will miss, and what stays with Proxmox', () => {
    const found = lint.map(({ code, subject }) => `${code} ${subject}`);
    expect(found).toEqual(
      expect.arrayContaining(['SDN_AUTOMATIC_TARGETS controller ctl', 'SDN_STATIC_PEERS zone old', 'SDN_KEPT zone office']),
    );
    expect(report.differences).toBe(0);
    expect(report.devices[0]?.files.find(({ path }) => path === '/etc/pve/sdn')).toMatchObject({ facts: 8, model: 5, values: 3 });
  });

  it('says how it publishes the names of guests, once for all nodes; a prefix below no DNS zone does nothing', () => {
    const withNames = (zones: string, subnets = SUBNETS) =>
      onboard(
        [...node('ash', '192.0.2.1'), ...node('oak', '192.0.2.2')].map((file) =>
          file.name.endsWith('zones.cfg')
            ? { ...file, text: zones }
            : file.name.endsWith('subnets.cfg')
              ? { ...file, text: subnets }
              : file,
        ),
      ).names;
    const named = ZONES.replace('\tmtu 1400', '\tmtu 1400\n\tdns pdns\n\tdnszone Guests.example');
    const subnet = { vni: 5001, cidr: '10.40.0.0/24', dnsZone: 'guests.example' };
    expect(withNames(named)).toEqual({ subnets: [{ ...subnet, dnsZonePrefix: null }], refused: [] });
    const prefixed = (prefix: string) => `${SUBNETS}\tdnszoneprefix ${prefix}\n`;
    expect(withNames(named, prefixed('rack-7.dmz'))).toEqual({ subnets: [{ ...subnet, dnsZonePrefix: 'rack-7.dmz' }], refused: [] });
    expect(withNames(ZONES, prefixed('dmz'))).toEqual({ subnets: [], refused: [] });
    expect(withNames(named, prefixed('a_b'))).toEqual({
      subnets: [],
      refused: [expect.stringMatching(/^network vni5001: how names of 10\.40\.0\.0\/24 are published: .*"a_b"/)],
    });
  });

  it('leaves the way to its nodes alone', () => {
    expect(snapshot.devices[0]).toMatchObject({ slug: 'ash', management: { port: 'vmbr0', address: '192.0.2.1' } });
    expect(snapshot.devices[0]?.adopted?.kept.map(({ text }) => text)).toContain('gateway 192.0.2.254');
  });

  it('is refused with the reason when Proxmox itself would refuse it', () => {
    const [zones] = node('ash', '192.0.2.1');
    expect(() => onboard([{ device: 'ash', name: 'zones.cfg', text: (zones?.text ?? '').replace('5000', '0') }])).toThrow(
      expect.objectContaining({ code: 'INVALID_VALUE' }),
    );
  });

  it('says which VLANs are in use that no pool knows', () => {
    const kept = lint.find(({ subject }) => subject === 'zone office');
    expect(kept).toMatchObject({
      sentence: expect.stringContaining('on vmbr0 they use VLAN 12') as string,
      fix: expect.stringContaining('exclude') as string,
    });
  });

  it('of which no node was given is no device: its numbers are taken, its AS makes the targets', () => {
    const alone = onboard(node('par1', '192.0.2.1').filter(({ name }) => name.startsWith('etc/pve')));
    expect(alone.snapshot.devices).toEqual([]);
    expect(alone.snapshot).toMatchObject({
      fabric: { rtAdministrator: 65_051 },
      vrfs: [{ l3vni: 5000 }],
      networks: [{ vni: 700 }, { vni: 5001 }],
    });
    expect(alone.summary.devices).toEqual(['par1: SDN of a Proxmox cluster, which stays with it']);
    expect(alone.report).toMatchObject({ differences: 0, devices: [{ device: 'par1' }] });
  });
});
