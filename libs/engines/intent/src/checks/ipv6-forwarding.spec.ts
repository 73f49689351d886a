import { checkFabric, compileFabric, type FabricSnapshot, type HostNatFacts } from '#engines/intent';
import { demoFabric, demoSnapshot, exitNodes, hostFacts, masquerade, SnapshotBuilder } from '#engines/intent/testing';
import { Ip, PortName } from '#engines/kernel';

const findings = (snapshot: FabricSnapshot) =>
  checkFabric(snapshot)
    .filter(({ code }) => code === 'IPV6_FORWARDING')
    .map(({ severity, path, message }) => ({ severity, path, message }));
const blue = { slug: 'blue', vni: 10_001, eviId: 1 } as const;
const green = { slug: 'green', vni: 10_002, eviId: 2 } as const;

const routed = (cidr: string, gateway: string) =>
  demoFabric()
    .vrf({ name: 'red', l3vni: 15_000, eviId: 100 })
    .network({ ...blue, vrf: 'red', on: ['pve1'], subnets: [{ cidr, gateway, mode: 'ANYCAST_VTEP' }] });

describe('IPv6 that a host has to forward', () => {
  it('is said of the gateway, with what the switch takes away, and stops nothing', () => {
    const snapshot = routed('2001:db8:1::/64', '2001:db8:1::1').build();
    expect(findings(snapshot)).toEqual([
      {
        severity: 'WARNING',
        path: 'devices.pve1.ipv6Forwarding',
        message:
          'set net.ipv6.conf.all.forwarding=1 on pve1, and accept_ra=2 on interfaces that have their routes from router advertisements, which are ignored otherwise: pve1 is the gateway of blue, and forwards no IPv6 without it',
      },
    ]);
    expect(compileFabric(snapshot).devices.length).toBeGreaterThan(0);
  });

  it('opens the bridges that the same host only bridges, and no other host', () => {
    const snapshot = routed('2001:db8:1::/64', '2001:db8:1::1')
      .network({ ...green, on: ['pve1', 'pve2'] })
      .build();
    expect(findings(snapshot).slice(1)).toEqual([
      {
        severity: 'WARNING',
        path: 'devices.pve1.ipv6Forwarding.bridges',
        message:
          'drop forwarded IPv6 that comes in by the bridges of networks green in the firewall of pve1: with net.ipv6.conf.all.forwarding=1 their guests are routed into the underlay when they send to the MAC of the bridge',
      },
    ]);
  });

  it('is none where all is IPv4, or where nothing is routed', () => {
    expect(findings(routed('10.0.0.0/24', '10.0.0.1').build())).toEqual([]);
    expect(findings(demoSnapshot())).toEqual([]);
    expect(findings(exitNodes())).toEqual([]);
  });

  it('is translated, or routed behind a bridge of the host', () => {
    const host = (addresses: string[], nat: HostNatFacts[] = []) =>
      new SnapshotBuilder()
        .device({ slug: 'vps', platform: 'DEBIAN_FRR', vtep: null, ports: ['eno1'] })
        .deviceFacts('vps', { host: hostFacts({ bridges: [{ name: 'vbr1', addresses }], nat }) })
        .build();
    const behind = [expect.objectContaining({ message: expect.stringContaining('vps is the gateway behind vbr1,') })];
    expect(findings(host(['10.9.0.1/24'], [masquerade('vbr1', '10.9.0.0/24', 'eno1')]))).toEqual([]);
    expect(findings(host(['2001:db8:9::1/64']))).toEqual(behind);
    expect(findings(host(['10.9.0.1/24'], [masquerade('vbr1', '2001:db8:9::/64', 'eno1')]))).toEqual(behind);
  });

  it('passes through on its way between others, over more than one link', () => {
    const end = (device: string, port: string, address: string) => ({ device, port, address });
    const snapshot = new SnapshotBuilder()
      .fabric({ underlayFamily: 6 })
      .device({ slug: 'hub', platform: 'DEBIAN_FRR', vtep: '2001:db8:16::1', ports: ['eno1', 'eno2'], software: { frr: '10.6.0' } })
      .device({ slug: 'left', platform: 'DEBIAN_FRR', vtep: '2001:db8:16::2', ports: ['eno1'], software: { frr: '10.6.0' } })
      .device({ slug: 'right', platform: 'DEBIAN_FRR', vtep: '2001:db8:16::3', ports: ['eno1'], software: { frr: '10.6.0' } })
      .peering('2001:db8:1::/127', end('hub', 'eno1', '2001:db8:1::'), end('left', 'eno1', '2001:db8:1::1'))
      .peering('2001:db8:2::/127', end('hub', 'eno2', '2001:db8:2::'), end('right', 'eno1', '2001:db8:2::1'))
      .build();
    expect(findings(snapshot)).toEqual([
      expect.objectContaining({
        path: 'devices.hub.ipv6Forwarding',
        message: expect.stringContaining('hub is a way between eno1 and eno2,'),
      }),
    ]);
  });

  it('leaves a VRF by an exit node', () => {
    const snapshot = exitNodes();
    const vrfs = snapshot.vrfs.map((vrf) => ({
      ...vrf,
      exitNodes: (vrf.exitNodes ?? []).map((node, at) =>
        at === 0
          ? { ...node, gateways: [...node.gateways, { port: PortName.parse('vmbr0'), address: Ip.parse('2001:db8:ffff::1') }] }
          : node,
      ),
    }));
    expect(findings({ ...snapshot, vrfs })).toEqual([
      expect.objectContaining({ message: expect.stringContaining('node1 is the way out of vrf_myzone,') }),
    ]);
  });
});
