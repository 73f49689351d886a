/** What may go wrong between a push and a cluster: the end is the old configuration, the new one, or a person who is told; never a lock that nobody knows. */
import { copyOf } from '../../apps/lab/src/proxmox-simulator/sdn-files.js';
import { ClusterUnderTest, isRealCluster, push, TOKEN } from './proxmox-cluster.js';
import type { Artefact } from '#engines/rendering';

describe.skipIf(isRealCluster)('a push to a cluster that is disturbed', () => {
  /** Of a process that may die: from then on nothing that it asks is done. */
  const MORTAL = { ...TOKEN, id: 'trame@pve!mortal' };
  const mortal = { username: MORTAL.id };
  let tokens: (typeof TOKEN)[];
  let cluster: ClusterUnderTest;
  let [first, second]: readonly [Artefact?, Artefact?] = [];

  beforeEach(async () => {
    tokens = [TOKEN, MORTAL];
    cluster = await ClusterUnderTest.start({ reloadMs: 1, tokens });
    [first, second] = [cluster.artefact(10_001), cluster.artefact(10_002)];
    const { cluster: inside } = cluster.simulator;
    inside.edit('zones', 'trame', { type: 'vxlan', nodes: 'node1,node2', peers: '192.0.2.1,192.0.2.2' });
    inside.edit('vnets', 'v10001', { type: 'vnet', zone: 'trame', tag: 10_001, alias: 'trame net-10001' });
    for (const { name } of inside.nodes) inside.boot(name);
    inside.pools.set('trame', 'trame: revision 41, fence 1, done');
  });
  afterEach(() => cluster.close());

  const old = (): Artefact => first as Artefact;
  const wanted = (): Artefact => second as Artefact;
  const isFree = (): void => {
    expect(cluster.simulator.cluster.lockToken).toBeNull();
    expect(cluster.simulator.cluster.config).toEqual(cluster.simulator.cluster.running);
  };
  const runsOn = (): readonly number[] => cluster.simulator.cluster.nodes.map(({ version }) => version);

  it('is refused where nothing listens, and goes on when something does', async () => {
    await cluster.simulator.disconnect();
    await expect(cluster.push(push(2), wanted())).rejects.toMatchObject({ code: 'UNREACHABLE' });
    await cluster.simulator.connect();
    expect(await cluster.push(push(3), wanted())).toBe('CONFIRMED');
  });

  it('waits for no cluster that accepts and does not answer, longer than it has to', async () => {
    cluster.simulator.faults.add({ kind: 'hang' }, { kind: 'hang' });
    await expect(cluster.open(undefined, {}, { requestMs: 400 })).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(cluster.simulator.requests.filter((request) => !request.startsWith('GET '))).toEqual([]);
  });

  it.each([
    ['reset-after', 'POST /cluster/sdn/vnets'],
    ['reset-before', 'POST /cluster/sdn/vnets'],
    ['truncated-json', 'POST /cluster/sdn/vnets'],
    ['bad-gateway', 'POST /cluster/sdn/vnets'],
    ['reset-after', 'DELETE /cluster/sdn/vnets/v10001'],
    ['reset-before', 'PUT /cluster/sdn'],
    ['reset-after', 'PUT /pools'],
    ['reset-after', 'DELETE /cluster/sdn/lock'],
  ] as const)('that meets %s at %s looks what became of it, and goes on', async (kind, call) => {
    cluster.simulator.faults.add({ kind, when: ([request]) => request === call });
    expect(await cluster.push(push(2), wanted(), [old()])).toBe('CONFIRMED');
    expect(cluster.simulator.faults.pending).toBe(0);
    expect(await cluster.actual()).toBe(wanted().content);
    isFree();
  });

  it('whose apply was done and not answered does not apply twice', async () => {
    cluster.simulator.faults.add({ kind: 'reset-after', when: ([request]) => request === 'PUT /cluster/sdn' });
    expect(await cluster.push(push(2), wanted(), [old()])).toBe('CONFIRMED');
    expect(cluster.simulator.requests.filter((request) => request === 'PUT /cluster/sdn')).toHaveLength(1);
  });

  it('that gets no answer with the token of its lock is for a person, who is told what to do', async () => {
    cluster.simulator.faults.add({ kind: 'reset-after', when: ([request]) => request === 'POST /cluster/sdn/lock' });
    const advice = { message: expect.stringContaining('pvesh delete /cluster/sdn/lock --force 1') as string };
    await expect(cluster.push(push(2), wanted(), [old()])).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', ...advice });
    await expect(cluster.push(push(3), wanted(), [old()])).rejects.toMatchObject({ code: 'PUSH_IN_PROGRESS', ...advice });
    expect(await cluster.actual()).toBe(old().content);
    cluster.simulator.cluster.unlock(undefined, true);
    expect(await cluster.push(push(4), wanted(), [old()])).toBe('CONFIRMED');
  });

  it('that fails on one node is undone on all, and says on which and why', async () => {
    const [, node2] = cluster.simulator.cluster.nodes;
    if (!node2) throw new Error('no second node');
    node2.reload = { error: 'error: vxlan_v10002: no such device' };
    const connection = await cluster.open();
    await connection.stage(push(2), [wanted()], [old()]);
    const failed = await connection.apply(push(2), 60).catch((error: unknown) => error);
    expect(failed).toMatchObject({
      code: 'APPLY_FAILED',
      message: expect.stringContaining("node2: command 'ifreload -a' failed") as string,
    });
    expect((failed as Error).message).toContain('vxlan_v10002: no such device');
    expect((failed as Error).message).toContain('node1: OK');
    node2.reload = 'ok';
    await connection.revert(push(2));
    expect(await cluster.actual()).toBe(old().content);
    expect(new Set(runsOn()).size).toBe(1);
    isFree();
  });

  it('that cannot be undone on a node says so; what runs is the configuration of before, and the lock is free', async () => {
    const [, node2] = cluster.simulator.cluster.nodes;
    if (!node2) throw new Error('no second node');
    node2.reload = { error: 'broken' };
    await expect(cluster.push(push(2), wanted(), [old()])).rejects.toMatchObject({
      code: 'REVERT_UNPROVEN',
      message: expect.stringContaining('node2') as string,
    });
    expect(await cluster.actual()).toBe(old().content);
    isFree();
    node2.reload = 'ok';
    expect(await cluster.push(push(3), wanted(), [old()])).toBe('CONFIRMED');
  });

  it('does not begin while a node is offline, or the cluster has no quorum', async () => {
    const { cluster: inside } = cluster.simulator;
    const [, node2] = inside.nodes;
    if (!node2) throw new Error('no second node');
    node2.isOnline = false;
    await expect(cluster.push(push(2), wanted())).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('node2') as string,
    });
    node2.isOnline = true;
    inside.isQuorate = false;
    await expect(cluster.push(push(3), wanted())).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('quorum') as string,
    });
    isFree();
  });

  const WRITES = ['POST /cluster/sdn/lock', 'PUT /pools', 'POST /cluster/sdn/vnets', 'PUT /cluster/sdn'] as const;
  it.each(WRITES.flatMap((call) => [[call, 'isQuorate', 'UNREACHABLE'] as const, [call, 'isFilesLocked', 'PUSH_IN_PROGRESS'] as const]))(
    'that meets a cluster which cannot write any more at %s (%s) is not refused for its configuration',
    async (call, what, code) => {
      const { cluster: inside } = cluster.simulator;
      const usual = inside[what];
      const connection = await cluster.open();
      cluster.simulator.faults.meanwhile(
        ([request]) => request === call,
        () => void (inside[what] = !usual),
      );
      const course = async (): Promise<void> => {
        await connection.stage(push(2), [wanted()], [old()]);
        await connection.apply(push(2), 60);
      };
      await expect(course()).rejects.toMatchObject({ code });
      inside[what] = usual;
      await connection.close();
      expect(await cluster.push(push(3), wanted(), [old()])).toBe('CONFIRMED');
      isFree();
    },
  );

  it.each([
    ['isQuorate', false],
    ['isFilesLocked', true],
  ] as const)('that was confirmed when a cluster cannot take back its lock (%s) leaves it to the next one', async (what, isSo) => {
    const { cluster: inside } = cluster.simulator;
    cluster.simulator.faults.meanwhile(
      ([request]) => request === 'DELETE /cluster/sdn/lock',
      () => void (inside[what] = isSo),
    );
    cluster.simulator.faults.meanwhile(
      ([request]) => request === 'PUT /pools' && inside[what] === isSo,
      () => void (inside[what] = !isSo),
    );
    expect(await cluster.push(push(2), wanted(), [old()])).toBe('CONFIRMED');
    expect(inside.pools.get('trame')).toContain(`lock ${inside.lockToken}`);
    inside[what] = !isSo;
    expect(await cluster.push(push(3), wanted(), [wanted()])).toBe('NOOP');
    isFree();
  });

  it('of a node that never ends its reload is given up in time, and undone', async () => {
    const [, node2] = cluster.simulator.cluster.nodes;
    if (!node2) throw new Error('no second node');
    node2.reload = 'never';
    const connection = await cluster.open();
    await connection.stage(push(2), [wanted()], [old()]);
    await expect(connection.apply(push(2), 60)).rejects.toMatchObject({
      code: 'APPLY_FAILED',
      message: expect.stringContaining('node2: has not ended its reload') as string,
    });
    node2.reload = 'ok';
    await connection.revert(push(2));
    expect(await cluster.actual()).toBe(old().content);
    isFree();
  });

  it("that was staged when a node booted, which puts everything pending in force, is the next one's to finish", async () => {
    const connection = await cluster.open();
    await connection.stage(push(2), [wanted()], [old()]);
    cluster.simulator.cluster.boot('node2');
    expect(await cluster.push(push(3), wanted(), [old()])).not.toBeNull();
    expect(await cluster.actual()).toBe(wanted().content);
    isFree();
  });

  it('by a worker that was overtaken writes nothing any more', async () => {
    const stale = await cluster.open();
    await stale.stage(push(2), [wanted()], [old()]);
    const third = cluster.artefact(10_003);
    expect(await cluster.push(push(3), third, [old()])).toBe('CONFIRMED');
    await expect(stale.apply(push(2), 60)).rejects.toMatchObject({ code: 'STALE_FENCE' });
    await expect(stale.revert(push(2))).rejects.toMatchObject({ code: 'STALE_FENCE' });
    expect(await cluster.actual()).toBe(third.content);
    isFree();
  });

  it('by a worker that is overtaken between two writes is refused by the lock itself', async () => {
    const third = cluster.artefact(10_003);
    const stale = await cluster.open();
    cluster.simulator.faults.meanwhile(
      ([request]) => request === 'POST /cluster/sdn/vnets',
      async () => {
        const newer = await cluster.open();
        await newer.recover(push(3), [old()]);
        await newer.stage(push(3), [third], [old()]);
      },
    );
    await expect(stale.stage(push(2), [wanted()], [old()])).rejects.toMatchObject({ code: 'STALE_FENCE' });
    const { config, lockToken } = cluster.simulator.cluster;
    expect([...config.vnets.keys()]).toEqual(['v10003']);
    expect(lockToken).not.toBeNull(); // the newer one's, who is still at work
  });

  /** The process of a push ends at its n-th request that writes, which is done: reads in between change nothing. */
  async function killedAt(write: number): Promise<'DIED' | 'ENDED'> {
    let passed = 0;
    cluster.simulator.faults.add({
      kind: 'reset-after',
      when: ([request = '']) => {
        if (request.startsWith('GET ')) return false;
        passed += 1;
        if (passed === write) setImmediate(() => tokens.pop()); // this one is still done
        return passed === write;
      },
    });
    // Confirmed counts from the mark on that says so.
    await cluster.push(push(2), wanted(), [old()], mortal).catch((error: unknown) => {
      expect(error).toMatchObject({ code: expect.stringMatching(/^(AUTHENTICATION_FAILED|OUTCOME_UNKNOWN)$/) as string });
    });
    cluster.simulator.faults.clear();
    if (passed < write) return 'ENDED';
    tokens.push(MORTAL);
    return 'DIED';
  }

  it('may die at any of its requests: the next execution finishes it, or a person is told', async () => {
    const { cluster: inside } = cluster.simulator;
    const before = copyOf(inside.running);
    const told: string[] = [];
    let deaths = 0;
    while ((await killedAt(deaths + 1)) === 'DIED') {
      deaths += 1;
      const isLost = inside.lockToken !== null && !(inside.pools.get('trame') ?? '').includes(inside.lockToken);
      if (isLost) {
        const code = await cluster.push(push(3), wanted(), [old()]).catch((error: unknown) => (error as { code: string }).code);
        told.push(`${deaths} ${code}`);
        expect(inside.running).toEqual(before);
        inside.unlock(undefined, true);
      }
      expect(['CONFIRMED', 'NOOP']).toContain(await cluster.push(push(4), wanted(), [old()]));
      expect(await cluster.actual()).toBe(wanted().content);
      isFree();
      // The world of before, for the next one.
      [inside.config, inside.running] = [copyOf(before), copyOf(before)];
      inside.pools.set('trame', 'trame: revision 41, fence 1, done');
    }
    // Lock, mark, two objects, mark, apply, mark, lock, mark. Between the answer to the lock and the mark there is no way to know whose it is.
    expect({ deaths, told }).toEqual({ deaths: 9, told: ['1 PUSH_IN_PROGRESS'] });
  }, 240_000);

  it('may die while it is undone: the next execution goes on with what was confirmed last', async () => {
    const connection = await cluster.open(undefined, mortal);
    await connection.stage(push(2), [wanted()], [old()]);
    await connection.apply(push(2), 60);
    cluster.simulator.faults.meanwhile(
      ([request]) => request === 'DELETE /cluster/sdn/vnets/v10002',
      () => void tokens.pop(),
    );
    await expect(connection.revert(push(2))).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    const next = await cluster.open();
    expect((await next.inspect([])).pending).toEqual({ fence: 2, applied: true });
    await next.recover(push(3), [old()]);
    await next.recover(push(3), [old()]);
    expect(await cluster.actual()).toBe(old().content);
    expect((await next.inspect([])).pending).toBeNull();
    isFree();
  });
});
