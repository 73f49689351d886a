/** From where on a push to a cluster cannot be undone, what an apply would take along that is not ours, and what is proven before it is believed. */
import { copyOf } from '../../apps/lab/src/proxmox-simulator/sdn-files.js';
import { SDN_PATH, type Artefact } from '#engines/rendering';
import { ClusterUnderTest, isRealCluster, push, TOKEN } from './proxmox-cluster.js';

describe.skipIf(isRealCluster)('a push to a cluster', () => {
  let cluster: ClusterUnderTest;
  let [old, wanted]: Artefact[] = [];
  let tokens: (typeof TOKEN)[];

  beforeEach(async () => {
    tokens = [TOKEN];
    cluster = await ClusterUnderTest.start({ reloadMs: 1, tokens });
    [old, wanted] = [cluster.artefact(10_001), cluster.artefact(10_002)];
    const inside = world();
    inside.edit('zones', 'trame', { type: 'vxlan', nodes: 'node1,node2', peers: '192.0.2.1,192.0.2.2' });
    inside.edit('vnets', 'v10001', { type: 'vnet', zone: 'trame', tag: 10_001, alias: 'trame net-10001' });
    for (const { name } of inside.nodes) inside.boot(name);
    inside.pools.set('trame', 'trame: revision 41, fence 1, done');
  });
  afterEach(() => cluster.close());

  const world = () => cluster.simulator.cluster;
  const before = (): Artefact => old as Artefact;
  const after = (): Artefact => wanted as Artefact;
  const mark = (): string => world().pools.get('trame') ?? '';
  const node2 = () => {
    const [, second] = world().nodes;
    if (!second) throw new Error('no second node');
    return second;
  };
  const isFree = (): void => {
    expect(world().lockToken).toBeNull();
    expect(world().config).toEqual(world().running);
  };
  /** Fails the n-th to m-th request of a name. */
  const failing = (request: string, from: number, to: number, kind: 'bad-gateway' | 'reset-after' = 'bad-gateway'): void => {
    let seen = 0;
    const arm = (): void =>
      cluster.simulator.faults.add({
        kind,
        when: ([name]) => {
          if (name !== request) return false;
          seen += 1;
          if (seen >= from && seen < to) arm();
          return seen >= from;
        },
      });
    arm();
  };

  describe('that is confirmed', () => {
    it('is confirmed once the mark says so, whatever becomes of the lock and of the last mark', async () => {
      failing('PUT /pools', 4, 6);
      expect(await cluster.push(push(2), after(), [before()])).toBe('CONFIRMED');
      expect(cluster.simulator.faults.pending).toBe(0);
      expect(await cluster.actual()).toBe(after().content);
      expect(mark()).toMatch(/done, lock /);
      expect(await cluster.push(push(3), after(), [after()])).toBe('NOOP');
      expect(mark()).toBe('trame: revision 43, fence 3, done');
      isFree();
    });

    it('and whose mark could not be written is not confirmed: the objects of before run again', async () => {
      failing('PUT /pools', 3, 5);
      await expect(cluster.push(push(2), after(), [before()])).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      expect(cluster.simulator.faults.pending).toBe(0);
      expect(await cluster.actual()).toBe(before().content);
      isFree();
    });

    it('and never learns it goes back, and is not left half-way under a mark that says done', async () => {
      const dying = { ...TOKEN, id: 'trame@pve!mortal' };
      tokens.push(dying);
      const dead = await cluster.open(undefined, { username: dying.id });
      failing('PUT /pools', 3, 5, 'reset-after');
      await dead.stage(push(2), [after()], [before()]);
      await dead.apply(push(2), 60);
      await expect(dead.confirm(push(2))).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      expect(mark()).toContain(', done, lock ');
      cluster.simulator.faults.meanwhile(
        ([request]) => request === 'POST /cluster/sdn/vnets',
        () => void tokens.pop(),
      );
      await expect(dead.revert(push(2))).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
      const next = await cluster.open();
      expect((await next.inspect([])).pending).toEqual({ fence: 2, applied: true });
      await next.recover(push(3), [before()]);
      expect(await cluster.actual()).toBe(before().content);
      isFree();
    });

    it('says of a revert after it that it stays', async () => {
      const connection = await cluster.open();
      await connection.stage(push(2), [after()], [before()]);
      await connection.apply(push(2), 60);
      await connection.confirm(push(2));
      await connection.confirm(push(2));
      await expect(connection.revert(push(2))).rejects.toMatchObject({ code: 'REVERT_UNPROVEN' });
      expect(await cluster.actual()).toBe(after().content);
    });
  });

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
      await expect(cluster.push(push(2), after(), [before()])).rejects.toMatchObject({
        code: 'PUSH_IN_PROGRESS',
        message: expect.stringContaining(words) as string,
      });
      isLeftAlone();
      expect(world().lockToken).toBeNull();
    });

    it.each(foreign)('is not applied beside %s, and is taken back without it', async (_what, edit, words) => {
      const connection = await cluster.open();
      await connection.stage(push(2), [after()], [before()]);
      edit();
      await expect(connection.apply(push(2), 60)).rejects.toMatchObject({
        code: 'PUSH_IN_PROGRESS',
        message: expect.stringContaining(words) as string,
      });
      await connection.revert(push(2));
      isLeftAlone();
      expect(await cluster.actual()).toBe(before().content);
      expect(world().lockToken).toBeNull();
    });
  });

  it('that dies when its first zone is written, and nothing else, is cleared away by the next one', async () => {
    const [inside, dying] = [world(), { ...TOKEN, id: 'trame@pve!mortal' }];
    tokens.push(dying);
    inside.edit('vnets', 'v10001', null);
    inside.edit('zones', 'trame', null);
    for (const { name } of inside.nodes) inside.boot(name);
    cluster.simulator.faults.meanwhile(
      ([request]) => request === 'POST /cluster/sdn/vnets',
      () => void tokens.pop(),
    );
    await expect(cluster.push(push(2), after(), [], { username: dying.id })).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    expect([inside.config.zones.size, inside.config.vnets.size]).toEqual([1, 0]);
    expect(await cluster.push(push(3), cluster.artefact(), [])).toBe('NOOP');
    expect(inside.config.zones.size).toBe(0);
    isFree();
  });

  describe('that was overtaken', () => {
    it('and does not know it yet writes nothing: where the newer one has ended no lock refuses it', async () => {
      const newer = cluster.artefact(10_001, 10_003);
      const stale = await cluster.open();
      let isMarked = false;
      cluster.simulator.faults.meanwhile(
        ([request]) => {
          isMarked ||= request === 'PUT /pools';
          return isMarked && request === 'GET /cluster/sdn/controllers';
        },
        async () => expect(await cluster.push(push(3), newer, [before()])).toBe('CONFIRMED'),
      );
      await expect(stale.stage(push(2), [after()], [before()])).rejects.toMatchObject({ code: 'STALE_FENCE' });
      expect([...world().config.vnets.keys()].sort()).toEqual(['v10001', 'v10003']);
      isFree();
    });

    it('and writes once more when the newer one has ended leaves something pending, and the next one removes it', async () => {
      const third = cluster.artefact(10_003);
      const stale = await cluster.open();
      cluster.simulator.faults.meanwhile(
        ([request]) => request === 'POST /cluster/sdn/vnets',
        async () => expect(await cluster.push(push(3), third, [before()])).toBe('CONFIRMED'),
      );
      await expect(stale.stage(push(2), [after()], [before()])).rejects.toMatchObject({ code: 'STALE_FENCE' });
      expect([...world().config.vnets.keys()].sort()).toEqual(['v10002', 'v10003']);
      expect([...world().running.vnets.keys()]).toEqual(['v10003']);
      expect(await cluster.push(push(4), cluster.artefact(10_003, 10_004), [third])).toBe('CONFIRMED');
      expect([...world().running.vnets.keys()].sort()).toEqual(['v10003', 'v10004']);
      isFree();
    });
  });

  describe('that was planned before what is there', () => {
    it('is refused although its execution is the later one; what takes back is planned later, and is not', async () => {
      expect(await cluster.push(push(2, 50), after(), [before()])).toBe('CONFIRMED');
      await expect(cluster.push(push(3, 49), before(), [after()])).rejects.toMatchObject({
        code: 'STALE_REVISION',
        message: expect.stringContaining('revision 50') as string,
        facts: { carriedRevision: 50, pushedRevision: 49 },
      });
      expect(await cluster.actual()).toBe(after().content);
      isFree();
      expect(await cluster.push(push(4, 50), before(), [after()])).toBe('CONFIRMED');
      expect(await cluster.actual()).toBe(before().content);
    });

    it('undoes what a dead one has left, and is not let in by that', async () => {
      const dead = await cluster.open();
      await dead.stage(push(2, 50), [after()], [before()]);
      await dead.apply(push(2, 50), 60);
      await expect(cluster.push(push(3, 49), after(), [before()])).rejects.toMatchObject({ code: 'STALE_REVISION' });
      expect(await cluster.actual()).toBe(before().content);
      expect(mark()).toBe('trame: revision 50, fence 3, done');
      isFree();
    });
  });

  describe('that says that all is there', () => {
    it('asks the nodes: what was taken back and failed on one is put in force once more', async () => {
      node2().reload = { error: 'broken' };
      await expect(cluster.push(push(2), after(), [before()])).rejects.toMatchObject({ code: 'REVERT_UNPROVEN' });
      expect(mark()).toBe('trame: revision 42, fence 2, done, unproven');
      const seen = await (await cluster.open()).collect?.([SDN_PATH]);
      expect(seen?.live.map(({ subject, message }) => [subject, message])).toEqual([
        ['push', expect.stringContaining('not proven on every node')],
        ['node node2', 'zone trame is error'],
      ]);
      node2().reload = 'ok';
      // Nothing is pending by which could be told whether it was done: it is asked for again.
      cluster.simulator.faults.add({ kind: 'reset-before', when: ([request]) => request === 'PUT /cluster/sdn' });
      expect(await cluster.push(push(3), before(), [before()])).toBe('CONFIRMED');
      expect(node2()).toMatchObject({ isBroken: false, version: world().version });
      expect(mark()).toBe('trame: revision 43, fence 3, done');
      expect(await cluster.push(push(4), before(), [before()])).toBe('NOOP');
    });

    it('asks the nodes also where a dead execution has put the objects of before in force already', async () => {
      const dying = { ...TOKEN, id: 'trame@pve!mortal' };
      tokens.push(dying);
      const dead = await cluster.open(undefined, { username: dying.id });
      await dead.stage(push(2), [after()], [before()]);
      await dead.apply(push(2), 60);
      node2().reload = { error: 'broken' };
      cluster.simulator.faults.meanwhile(
        ([request]) => request === 'PUT /cluster/sdn',
        () => void setImmediate(() => tokens.pop()),
      );
      await expect(dead.revert(push(2))).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
      await expect.poll(() => node2().isBroken).toBe(true);
      expect(await cluster.actual()).toBe(before().content);
      node2().reload = 'ok';
      await (await cluster.open()).recover(push(3), [before()]);
      expect(node2()).toMatchObject({ isBroken: false, version: world().version });
      expect(mark()).toBe('trame: revision 43, fence 3, done');
      isFree();
    });

    it('knows that a node booted and put something in force that it alone carries', async () => {
      world().edit('vnets', 'v10001', { type: 'vnet', zone: 'trame', tag: 10_001, alias: 'trame net-10001', vlanaware: 1 });
      world().boot('node1');
      world().edit('vnets', 'v10001', { type: 'vnet', zone: 'trame', tag: 10_001, alias: 'trame net-10001' });
      world().boot('node1');
      expect(await cluster.push(push(2), before(), [before()])).toBe('CONFIRMED');
      expect(node2().version).toBe(world().version);
    });

    it('knows what an execution left in force before anything was confirmed, although another one has died since', async () => {
      const dead = await cluster.open();
      await dead.stage(push(2), [after()], [before()]);
      await dead.apply(push(2), 60);
      await (await cluster.open()).recover(push(3), []);
      expect(mark()).toBe('trame: revision 43, fence 3, done, unproven');
      expect(await cluster.push(push(4), after())).toBe('CONFIRMED');
    });
  });

  describe('that is called off', () => {
    it('while it is live is taken back nevertheless', async () => {
      const life = new AbortController();
      const connection = await cluster.open(life.signal);
      await connection.stage(push(2), [after()], [before()]);
      await connection.apply(push(2), 60);
      life.abort();
      await connection.revert(push(2));
      expect(await cluster.actual()).toBe(before().content);
      isFree();
    });

    it('while it asks for the lock leaves none behind', async () => {
      const life = new AbortController();
      const connection = await cluster.open(life.signal);
      cluster.simulator.faults.meanwhile(
        ([request]) => request === 'POST /cluster/sdn/lock',
        () => life.abort(),
      );
      await expect(connection.stage(push(2), [after()], [before()])).rejects.toMatchObject({ code: 'ABORTED' });
      isFree();
    });

    it.each([
      ['it is called off', (life: AbortController) => life.abort(), 'ABORTED'],
      ['somebody has edited a node', () => void (node2().newInterfaces = 'auto vmbr7'), 'PUSH_IN_PROGRESS'],
    ] as const)('while it undoes a dead one (%s) leaves what is live to the next one', async (_what, disturb, code) => {
      const dead = await cluster.open();
      await dead.stage(push(2), [after()], [before()]);
      await dead.apply(push(2), 60);
      const life = new AbortController();
      const second = await cluster.open(life.signal);
      cluster.simulator.faults.meanwhile(
        ([request]) => request === 'POST /cluster/sdn/vnets',
        () => disturb(life),
      );
      await expect(second.recover(push(3), [before()])).rejects.toMatchObject({ code });
      await second.close();
      expect(mark()).toContain(', live, lock ');
      node2().newInterfaces = null;
      const third = await cluster.open();
      expect((await third.inspect([])).pending).toEqual({ fence: 3, applied: true });
      await third.recover(push(4), [before()]);
      await third.close();
      expect([...world().running.vnets.keys()]).toEqual(['v10001']);
      expect(mark()).toBe('trame: revision 44, fence 4, done');
      isFree();
    });

    it('and never came back is told to a person, who reads it with what is collected', async () => {
      const dead = await cluster.open();
      await dead.stage(push(2), [after()], [before()]);
      await dead.apply(push(2), 60);
      const seen = await (await cluster.open()).collect?.([SDN_PATH]);
      expect(seen?.live).toEqual([
        {
          path: SDN_PATH,
          subject: 'push',
          message: expect.stringContaining('execution 2 has put in force what nobody confirmed') as string,
        },
      ]);
    });
  });

  it('that removes what people have set options of brings them back with it', async () => {
    const zone = { ...world().config.zones.get('trame'), ipam: 'pve', mtu: 1400 };
    world().edit('zones', 'trame', zone);
    for (const { name } of world().nodes) world().boot(name);
    const whole = copyOf(world().running);
    const connection = await cluster.open();
    const { diff } = await connection.stage(push(2), [cluster.artefact()], [before()]);
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
    const connection = await cluster.open();
    await connection.stage(push(2), [cluster.artefact()], [before()]);
    await connection.apply(push(2), 60);
    expect(world().running.zones.size + world().running.subnets.size).toBe(0);
    await connection.revert(push(2));
    expect(world().running).toEqual(whole);
    isFree();
  });

  it('that FRR of a node did not take is not proven, and is taken back with the words of that node and without its secrets', async () => {
    node2().reload = { warning: 'frr-reload failed at: isis password clear hunter2' };
    const connection = await cluster.open();
    await connection.stage(push(2), [after()], [before()]);
    const failed = await connection.apply(push(2), 60).catch((error: unknown) => error as Error);
    expect(failed).toMatchObject({
      code: 'APPLY_FAILED',
      message: expect.stringContaining('node2: WARNINGS: 1 | frr-reload failed') as string,
    });
    expect((failed as Error).message).not.toContain('hunter2');
    node2().reload = 'ok';
    await connection.revert(push(2));
    expect(await cluster.actual()).toBe(before().content);
  });

  it('keeps no secret of what the trial of a node says', async () => {
    world().frrDiff = '+ ip ospf message-digest-key 1 md5 hunter2\n';
    const connection = await cluster.open();
    const { diff } = await connection.stage(push(2), [after()], [before()]);
    expect(diff).toContain('node1 frr-diff\n+ ip ospf message-digest-key ***');
    expect(diff).not.toContain('hunter2');
    await connection.revert(push(2));
  });

  describe('where somebody else has names as ours', () => {
    it('leaves an empty zone and a controller that it never made', async () => {
      world().edit('zones', 'trvoip', { type: 'simple' });
      world().edit('controllers', 'trameco', { type: 'bgp', asn: 65_000, peers: '192.0.2.9', node: 'node1' });
      for (const { name } of world().nodes) world().boot(name);
      expect(await cluster.push(push(2), after(), [before()])).toBe('CONFIRMED');
      expect(await cluster.push(push(3), cluster.artefact(), [after()])).toBe('CONFIRMED');
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
      await expect(cluster.push(push(2), after(), [])).rejects.toMatchObject({
        code: 'CONFIG_REFUSED',
        message: expect.stringContaining('zone trame that Trame has not made') as string,
      });
      expect(world().running).toEqual(running);
      isFree();
    });

    it('removes an empty zone that it made', async () => {
      world().edit('vnets', 'v10001', null);
      for (const { name } of world().nodes) world().boot(name);
      expect(await cluster.push(push(2), cluster.artefact(), [before()])).toBe('CONFIRMED');
      expect(world().running.zones.size).toBe(0);
    });

    it('does not push to a cluster that is a device of another fabric', async () => {
      const [ours, theirs] = [{ fabricId: 'fabric-1' }, { fabricId: 'fabric-2' }];
      expect(await cluster.push(push(2), after(), [before()], ours)).toBe('CONFIRMED');
      expect(mark()).toBe('trame: revision 42, fence 2, done, fabric fabric-1');
      await expect(cluster.push(push(3), cluster.artefact(), [], theirs)).rejects.toMatchObject({
        code: 'CONFIG_REFUSED',
        message: expect.stringContaining('fabric-1') as string,
      });
      expect(await cluster.actual()).toBe(after().content);
      expect(await cluster.push(push(4), before(), [after()], ours)).toBe('CONFIRMED');
    });
  });
});
