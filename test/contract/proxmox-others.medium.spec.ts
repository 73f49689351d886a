/** What is not ours on a cluster: objects, options, names, and what somebody has not applied. */
import { copyOf } from '../../apps/lab/src/proxmox-simulator/sdn-files.js';
import { isRealCluster, push } from './proxmox-cluster.js';
import { markedCluster } from './proxmox-marked-cluster.js';

describe.skipIf(isRealCluster)('a push to a cluster', () => {
  const there = markedCluster();
  const { world, before, after, mark, node2, isFree } = there;

  describe('beside what others have not applied', () => {
    const foreign: readonly (readonly [string, () => void, string])[] = [
      ['a fabric, which the lock does not look at', () => void world().fabrics.set('spine', '10.0.0.0/24'), 'fabric spine (new)'],
      [
        'a subnet of their VNet',
        () => world().edit('subnets', 'office-10.0.0.0-24', { type: 'subnet', vnet: 'lan', zone: 'office', cidr: '10.0.0.0/24' }),
        'subnet office-10.0.0.0-24 (new)',
      ],
      ["a node's own network", () => void (node2().newInterfaces = 'auto vmbr7'), 'network of node node2'],
    ];
    beforeEach(() => {
      world().edit('zones', 'office', { type: 'simple' });
      world().edit('vnets', 'lan', { type: 'vnet', zone: 'office' });
      for (const { name } of world().nodes) world().boot(name);
    });
    const isLeftAlone = (): void => {
      expect([world().runningFabrics.size, world().running.subnets.size, node2().interfaces]).toEqual([0, 0, '']);
      expect(world().fabrics.size + world().config.subnets.size + (node2().newInterfaces === null ? 0 : 1)).toBe(1);
    };

    it.each(foreign)('does not begin beside %s', async (_what, edit, words) => {
      edit();
      await expect(there.cluster.push(push(2), after(), [before()])).rejects.toMatchObject({
        code: 'PUSH_IN_PROGRESS',
        message: expect.stringContaining(words) as string,
      });
      isLeftAlone();
      expect(world().lockToken).toBeNull();
    });

    it.each(foreign)('is not applied beside %s, and is taken back without it', async (_what, edit, words) => {
      const connection = await there.cluster.open();
      await connection.stage(push(2), [after()], [before()]);
      edit();
      await expect(connection.apply(push(2), 60)).rejects.toMatchObject({
        code: 'PUSH_IN_PROGRESS',
        message: expect.stringContaining(words) as string,
      });
      await connection.revert(push(2));
      isLeftAlone();
      expect(await there.cluster.actual()).toBe(before().content);
      expect(world().lockToken).toBeNull();
    });
  });

  it('that removes what people have set options of brings them back with it', async () => {
    const zone = { ...world().config.zones.get('trame'), ipam: 'pve', mtu: 1400 };
    world().edit('zones', 'trame', zone);
    for (const { name } of world().nodes) world().boot(name);
    const whole = copyOf(world().running);
    const connection = await there.cluster.open();
    const { diff } = await connection.stage(push(2), [there.cluster.artefact()], [before()]);
    expect(diff).toContain('- zone trame type=vxlan nodes=node1,node2 peers=192.0.2.1,192.0.2.2 ipam=pve mtu=1400');
    await connection.apply(push(2), 60);
    expect(world().running.zones.size).toBe(0);
    await connection.revert(push(2));
    expect(world().running).toEqual(whole);
    isFree();
  });

  it('that removes a subnet with ranges of addresses and what else people have set brings them back', async () => {
    world().edit('controllers', 'trame', { type: 'evpn', asn: 65_051, peers: '192.0.2.1' });
    world().edit('zones', 'trv1', { type: 'evpn', controller: 'trame', 'vrf-vxlan': 5_000, nodes: 'node1,node2', exitnodes: 'node1' });
    world().edit('vnets', 'v10005', { type: 'vnet', zone: 'trv1', tag: 10_005, alias: 'trame routed' });
    const ranges = 'start-address=10.20.1.10,end-address=10.20.1.20\nstart-address=10.20.1.30,end-address=10.20.1.40';
    const derived = { type: 'subnet', vnet: 'v10005', zone: 'trv1', cidr: '10.20.1.0/24', network: '10.20.1.0', mask: '24' };
    world().edit('subnets', 'trv1-10.20.1.0-24', { ...derived, gateway: '10.20.1.1', snat: 1, 'dhcp-range': ranges });
    for (const { name } of world().nodes) world().boot(name);
    const whole = copyOf(world().running);
    const connection = await there.cluster.open();
    await connection.stage(push(2), [there.cluster.artefact()], [before()]);
    await connection.apply(push(2), 60);
    expect(world().running.zones.size + world().running.subnets.size).toBe(0);
    await connection.revert(push(2));
    expect(world().running).toEqual(whole);
    isFree();
  });

  describe('where somebody else has names as ours', () => {
    it('leaves an empty zone and a controller that it never made', async () => {
      world().edit('zones', 'trvoip', { type: 'simple' });
      world().edit('controllers', 'trameco', { type: 'bgp', asn: 65_000, peers: '192.0.2.9', node: 'node1' });
      for (const { name } of world().nodes) world().boot(name);
      expect(await there.cluster.push(push(2), after(), [before()])).toBe('CONFIRMED');
      expect(await there.cluster.push(push(3), there.cluster.artefact(), [after()])).toBe('CONFIRMED');
      expect([...world().running.zones.keys()]).toEqual(['trvoip']);
      expect([...world().running.controllers.keys()]).toEqual(['trameco']);
    });

    it.each([
      ['zones', 'trame', { type: 'simple' }],
      ['vnets', 'lan', { type: 'vnet', zone: 'trame', tag: 77, alias: 'theirs' }],
    ] as const)('does not make a zone of theirs ours: %s', async (file, id, entry) => {
      world().edit('vnets', 'v10001', null);
      world().edit(file, id, entry);
      for (const { name } of world().nodes) world().boot(name);
      const running = copyOf(world().running);
      await expect(there.cluster.push(push(2), after(), [])).rejects.toMatchObject({
        code: 'CONFIG_REFUSED',
        message: expect.stringContaining('zone trame that Trame has not made') as string,
      });
      expect(world().running).toEqual(running);
      isFree();
    });

    it('removes an empty zone that it made', async () => {
      world().edit('vnets', 'v10001', null);
      for (const { name } of world().nodes) world().boot(name);
      expect(await there.cluster.push(push(2), there.cluster.artefact(), [before()])).toBe('CONFIRMED');
      expect(world().running.zones.size).toBe(0);
    });

    it('does not push to a cluster that is a device of another fabric', async () => {
      const [ours, theirs] = [{ fabricId: 'fabric-1' }, { fabricId: 'fabric-2' }];
      expect(await there.cluster.push(push(2), after(), [before()], ours)).toBe('CONFIRMED');
      expect(mark()).toBe('trame: revision 42, fence 2, done, fabric fabric-1');
      await expect(there.cluster.push(push(3), there.cluster.artefact(), [], theirs)).rejects.toMatchObject({
        code: 'CONFIG_REFUSED',
        message: expect.stringContaining('fabric-1') as string,
      });
      expect(await there.cluster.actual()).toBe(after().content);
      expect(await there.cluster.push(push(4), before(), [after()], ours)).toBe('CONFIRMED');
    });
  });
});
