import { checkFabric, compileFabric, deviceIntent, type FabricSnapshot, type ProxmoxFacts } from '#engines/intent';
import { Asn, Ip, type NetworkId, Vni } from '#engines/kernel';
import { proxmoxScenarios } from '../testing/scenarios-proxmox.js';

type Change = (facts: ProxmoxFacts) => Partial<ProxmoxFacts>;

function fabric(change: Change): FabricSnapshot {
  const snapshot = proxmoxScenarios['proxmox-evpn']?.() as FabricSnapshot;
  return {
    ...snapshot,
    devices: snapshot.devices.map((device) =>
      device.proxmox ? { ...device, proxmox: { ...device.proxmox, ...change(device.proxmox) } } : device,
    ),
  };
}
const found = (snapshot: FabricSnapshot): string[] =>
  checkFabric(snapshot)
    .filter(({ path, severity }) => path === 'devices.par1.proxmox' && severity === 'ERROR')
    .map(({ code, message }) => `${code} ${message}`);

describe('a cluster of Proxmox', () => {
  it('is fine as its scenarios have it', () => {
    for (const [name, scenario] of Object.entries(proxmoxScenarios)) expect([name, checkFabric(scenario())]).toEqual([name, []]);
  });

  it('gives the other devices the VTEPs of all of its nodes', () => {
    const leaf = deviceIntent(compileFabric(fabric(() => ({}))), 'leaf1');
    expect(leaf.l2vnis.find(({ vni }) => vni === 10_001)?.remoteVteps).toEqual(['172.16.1.61', '172.16.1.62']);
  });

  it.each<[string, Change, string]>([
    ['a zone that is not ours by its name', () => ({ zone: 'prod' }), 'NAME_INVALID call the zone of par1 trame'],
    ['no nodes', () => ({ nodes: [] }), 'NOT_SUPPORTED name the nodes of par1'],
    [
      'a node with the VTEP of the leaf',
      ({ nodes }) => ({ nodes: [...nodes, { name: 'node3', vtep: Ip.parse('172.16.1.1') }] }),
      'DUPLICATE_ADDRESS',
    ],
    [
      'a name with a comma',
      ({ nodes }) => ({ nodes: nodes.map((node) => ({ ...node, name: `${node.name},x` })) }),
      'NAME_INVALID write "node2,x"',
    ],
    [
      'another AS number than that of the route targets',
      ({ evpn }) => ({ ...(evpn && { evpn: { ...evpn, asn: Asn.parse(65_000) } }) }),
      'RT_UNREACHABLE give the controller of par1 the AS number 65051',
    ],
    ['a controller of ours without peers', ({ evpn }) => ({ ...(evpn && { evpn: { ...evpn, peers: [] } }) }), 'NOT_SUPPORTED say whom'],
    [
      'the number of a network for its zone',
      ({ evpn }) => ({ ...(evpn && { evpn: { ...evpn, vrfVni: Vni.parse(10_001) } }) }),
      'DUPLICATE_VNI choose another number than that of network lan',
    ],
  ])('with %s is refused', (_what, change, message) => {
    expect(found(fabric(change))).toEqual(expect.arrayContaining([expect.stringContaining(message)]));
  });

  it('takes no network with route targets that Proxmox does not make', () => {
    const snapshot = fabric(() => ({}));
    const networks = snapshot.networks.map((network) =>
      network.id === ('network-lan' as NetworkId)
        ? { ...network, importTargets: [...network.importTargets, ...(snapshot.networks[2]?.importTargets ?? [])] }
        : network,
    );
    expect(found({ ...snapshot, networks })).toEqual([expect.stringContaining('let network lan import and export 65051:10001 alone')]);
  });

  it('has of a VRF its subnets and nothing else, and no password for a session', () => {
    const snapshot = fabric(() => ({}));
    const device = snapshot.devices.find(({ slug }) => slug === 'par1');
    if (!device) throw new Error('no cluster');
    const vrfs = snapshot.vrfs.map((vrf) => ({ ...vrf, loopbacks: [{ deviceId: device.id, number: 1, address: Ip.parse('10.99.0.1') }] }));
    const networks = snapshot.networks.map((network) => ({
      ...network,
      subnets: network.subnets.map((subnet) => ({ ...subnet, snat: true })),
    }));
    const sessions = snapshot.sessions.map((session) => ({ ...session, passwordSecret: 'bgp' }));
    expect(found({ ...snapshot, vrfs, networks, sessions }).filter((one) => one.startsWith('NOT_SUPPORTED'))).toEqual([
      expect.stringContaining('DHCP relay and SNAT from 10.20.1.0/24'),
      expect.stringContaining('DHCP relay and SNAT from 2001:db8:1::/64'),
      expect.stringContaining('a loopback of VRF red'),
      expect.stringContaining('the password from the session of 172.16.1.1 and 172.16.1.61'),
      expect.stringContaining('the password from the session of 172.16.1.1 and 172.16.1.62'),
    ]);
  });

  it('routes only with EVPN, and lists its VTEPs only without', () => {
    const snapshot = proxmoxScenarios['proxmox-vxlan']?.() as FabricSnapshot;
    expect(found({ ...snapshot, fabric: { ...snapshot.fabric, replication: 'INGRESS_EVPN' } })).toEqual([
      expect.stringContaining('REPLICATION_INVALID make network lan INGRESS_STATIC'),
    ]);
  });
});
