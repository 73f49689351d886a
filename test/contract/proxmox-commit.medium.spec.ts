/** From where on a push to a cluster cannot be undone, and what is proven before it is believed. */
import { SDN_PATH } from '#engines/rendering';
import { isRealCluster, push, TOKEN } from './proxmox-cluster.js';
import { markedCluster } from './proxmox-marked-cluster.js';

describe.skipIf(isRealCluster)('a push to a cluster', () => {
  const there = markedCluster();
  const { world, before, after, mark, node2, isFree } = there;

  /** Fails the n-th to m-th request of a name. */
  const failing = (request: string, from: number, to: number, kind: 'bad-gateway' | 'reset-after' = 'bad-gateway'): void => {
    let seen = 0;
    const arm = (): void =>
      there.cluster.simulator.faults.add({
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
      expect(await there.cluster.push(push(2), after(), [before()])).toBe('CONFIRMED');
      expect(there.cluster.simulator.faults.pending).toBe(0);
      expect(await there.cluster.actual()).toBe(after().content);
      expect(mark()).toMatch(/done, lock /);
      expect(await there.cluster.push(push(3), after(), [after()])).toBe('NOOP');
      expect(mark()).toBe('trame: revision 43, fence 3, done');
      isFree();
    });

    it('and whose mark could not be written is not confirmed: the objects of before run again', async () => {
      failing('PUT /pools', 3, 5);
      await expect(there.cluster.push(push(2), after(), [before()])).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      expect(there.cluster.simulator.faults.pending).toBe(0);
      expect(await there.cluster.actual()).toBe(before().content);
      isFree();
    });

    it('and never learns it goes back, and is not left half-way under a mark that says done', async () => {
      const dying = { ...TOKEN, id: 'trame@pve!mortal' };
      there.tokens.push(dying);
      const dead = await there.cluster.open(undefined, { username: dying.id });
      failing('PUT /pools', 3, 5, 'reset-after');
      await dead.stage(push(2), [after()], [before()]);
      await dead.apply(push(2), 60);
      await expect(dead.confirm(push(2))).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      expect(mark()).toContain(', done, lock ');
      there.cluster.simulator.faults.meanwhile(
        ([request]) => request === 'POST /cluster/sdn/vnets',
        () => void there.tokens.pop(),
      );
      await expect(dead.revert(push(2))).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
      const next = await there.cluster.open();
      expect((await next.inspect([])).pending).toEqual({ fence: 2, applied: true });
      await next.recover(push(3), [before()]);
      expect(await there.cluster.actual()).toBe(before().content);
      isFree();
    });

    it('says of a revert after it that it stays', async () => {
      const connection = await there.cluster.open();
      await connection.stage(push(2), [after()], [before()]);
      await connection.apply(push(2), 60);
      await connection.confirm(push(2));
      await connection.confirm(push(2));
      await expect(connection.revert(push(2))).rejects.toMatchObject({ code: 'REVERT_UNPROVEN' });
      expect(await there.cluster.actual()).toBe(after().content);
    });
  });

  describe('that says that all is there', () => {
    it('asks the nodes: what was taken back and failed on one is put in force once more', async () => {
      node2().reload = { error: 'broken' };
      await expect(there.cluster.push(push(2), after(), [before()])).rejects.toMatchObject({ code: 'REVERT_UNPROVEN' });
      expect(mark()).toBe('trame: revision 42, fence 2, done, unproven');
      const seen = await (await there.cluster.open()).collect?.([SDN_PATH]);
      expect(seen?.live.map(({ subject, message }) => [subject, message])).toEqual([
        ['push', expect.stringContaining('not proven on every node')],
        ['node node2', 'zone trame is error'],
      ]);
      node2().reload = 'ok';
      // Nothing is pending by which could be told whether it was done: it is asked for again.
      there.cluster.simulator.faults.add({ kind: 'reset-before', when: ([request]) => request === 'PUT /cluster/sdn' });
      expect(await there.cluster.push(push(3), before(), [before()])).toBe('CONFIRMED');
      expect(node2()).toMatchObject({ isBroken: false, version: world().version });
      expect(mark()).toBe('trame: revision 43, fence 3, done');
      expect(await there.cluster.push(push(4), before(), [before()])).toBe('NOOP');
    });

    it('asks the nodes also where a dead execution has put the objects of before in force already', async () => {
      const dying = { ...TOKEN, id: 'trame@pve!mortal' };
      there.tokens.push(dying);
      const dead = await there.cluster.open(undefined, { username: dying.id });
      await dead.stage(push(2), [after()], [before()]);
      await dead.apply(push(2), 60);
      node2().reload = { error: 'broken' };
      there.cluster.simulator.faults.meanwhile(
        ([request]) => request === 'PUT /cluster/sdn',
        () => void setImmediate(() => there.tokens.pop()),
      );
      await expect(dead.revert(push(2))).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
      await expect.poll(() => node2().isBroken).toBe(true);
      expect(await there.cluster.actual()).toBe(before().content);
      node2().reload = 'ok';
      await (await there.cluster.open()).recover(push(3), [before()]);
      expect(node2()).toMatchObject({ isBroken: false, version: world().version });
      expect(mark()).toBe('trame: revision 43, fence 3, done');
      isFree();
    });

    it('knows that a node booted and put something in force that it alone carries', async () => {
      world().edit('vnets', 'v10001', { type: 'vnet', zone: 'trame', tag: 10_001, alias: 'trame net-10001', vlanaware: 1 });
      world().boot('node1');
      world().edit('vnets', 'v10001', { type: 'vnet', zone: 'trame', tag: 10_001, alias: 'trame net-10001' });
      world().boot('node1');
      expect(await there.cluster.push(push(2), before(), [before()])).toBe('CONFIRMED');
      expect(node2().version).toBe(world().version);
    });

    it('knows what an execution left in force before anything was confirmed, although another one has died since', async () => {
      const dead = await there.cluster.open();
      await dead.stage(push(2), [after()], [before()]);
      await dead.apply(push(2), 60);
      await (await there.cluster.open()).recover(push(3), []);
      expect(mark()).toBe('trame: revision 43, fence 3, done, unproven');
      expect(await there.cluster.push(push(4), after())).toBe('CONFIRMED');
    });
  });

  it('that FRR of a node did not take is not proven, and is taken back with the words of that node and without its secrets', async () => {
    node2().reload = { warning: 'frr-reload failed at: isis password clear hunter2' };
    const connection = await there.cluster.open();
    await connection.stage(push(2), [after()], [before()]);
    const failed = await connection.apply(push(2), 60).catch((error: unknown) => error as Error);
    expect(failed).toMatchObject({
      code: 'APPLY_FAILED',
      message: expect.stringContaining('node2: WARNINGS: 1 | frr-reload failed') as string,
    });
    expect((failed as Error).message).not.toContain('hunter2');
    node2().reload = 'ok';
    await connection.revert(push(2));
    expect(await there.cluster.actual()).toBe(before().content);
  });

  it('keeps no secret of what the trial of a node says', async () => {
    world().frrDiff = '+ ip ospf message-digest-key 1 md5 hunter2\n';
    const connection = await there.cluster.open();
    const { diff } = await connection.stage(push(2), [after()], [before()]);
    expect(diff).toContain('node1 frr-diff\n+ ip ospf message-digest-key ***');
    expect(diff).not.toContain('hunter2');
    await connection.revert(push(2));
  });
});
