/** Pushes to a cluster that die, are called off, or come too late. */
import { SDN_PATH } from '#engines/rendering';
import { isRealCluster, push, TOKEN } from './proxmox-cluster.js';
import { markedCluster } from './proxmox-marked-cluster.js';

describe.skipIf(isRealCluster)('a push to a cluster', () => {
  const there = markedCluster();
  const { world, before, after, mark, node2, isFree } = there;

  it('that dies when its first zone is written, and nothing else, is cleared away by the next one', async () => {
    const [inside, dying] = [world(), { ...TOKEN, id: 'trame@pve!mortal' }];
    there.tokens.push(dying);
    inside.edit('vnets', 'v10001', null);
    inside.edit('zones', 'trame', null);
    for (const { name } of inside.nodes) inside.boot(name);
    there.cluster.simulator.faults.meanwhile(
      ([request]) => request === 'POST /cluster/sdn/vnets',
      () => void there.tokens.pop(),
    );
    await expect(there.cluster.push(push(2), after(), [], { username: dying.id })).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    expect([inside.config.zones.size, inside.config.vnets.size]).toEqual([1, 0]);
    expect(await there.cluster.push(push(3), there.cluster.artefact(), [])).toBe('NOOP');
    expect(inside.config.zones.size).toBe(0);
    isFree();
  });

  describe('that was overtaken', () => {
    it('and does not know it yet writes nothing: where the newer one has ended no lock refuses it', async () => {
      const newer = there.cluster.artefact(10_001, 10_003);
      const stale = await there.cluster.open();
      let isMarked = false;
      there.cluster.simulator.faults.meanwhile(
        ([request]) => {
          isMarked ||= request === 'PUT /pools';
          return isMarked && request === 'GET /cluster/sdn/controllers';
        },
        async () => expect(await there.cluster.push(push(3), newer, [before()])).toBe('CONFIRMED'),
      );
      await expect(stale.stage(push(2), [after()], [before()])).rejects.toMatchObject({ code: 'STALE_FENCE' });
      expect([...world().config.vnets.keys()].sort()).toEqual(['v10001', 'v10003']);
      isFree();
    });

    it('and writes once more when the newer one has ended leaves something pending, and the next one removes it', async () => {
      const third = there.cluster.artefact(10_003);
      const stale = await there.cluster.open();
      there.cluster.simulator.faults.meanwhile(
        ([request]) => request === 'POST /cluster/sdn/vnets',
        async () => expect(await there.cluster.push(push(3), third, [before()])).toBe('CONFIRMED'),
      );
      await expect(stale.stage(push(2), [after()], [before()])).rejects.toMatchObject({ code: 'STALE_FENCE' });
      expect([...world().config.vnets.keys()].sort()).toEqual(['v10002', 'v10003']);
      expect([...world().running.vnets.keys()]).toEqual(['v10003']);
      expect(await there.cluster.push(push(4), there.cluster.artefact(10_003, 10_004), [third])).toBe('CONFIRMED');
      expect([...world().running.vnets.keys()].sort()).toEqual(['v10003', 'v10004']);
      isFree();
    });
  });

  describe('that was planned before what is there', () => {
    it('is refused although its execution is the later one; what takes back is planned later, and is not', async () => {
      expect(await there.cluster.push(push(2, 50), after(), [before()])).toBe('CONFIRMED');
      await expect(there.cluster.push(push(3, 49), before(), [after()])).rejects.toMatchObject({
        code: 'STALE_REVISION',
        message: expect.stringContaining('revision 50') as string,
        facts: { carriedRevision: 50, pushedRevision: 49 },
      });
      expect(await there.cluster.actual()).toBe(after().content);
      isFree();
      expect(await there.cluster.push(push(4, 50), before(), [after()])).toBe('CONFIRMED');
      expect(await there.cluster.actual()).toBe(before().content);
    });

    it('undoes what a dead one has left, and is not let in by that', async () => {
      const dead = await there.cluster.open();
      await dead.stage(push(2, 50), [after()], [before()]);
      await dead.apply(push(2, 50), 60);
      await expect(there.cluster.push(push(3, 49), after(), [before()])).rejects.toMatchObject({ code: 'STALE_REVISION' });
      expect(await there.cluster.actual()).toBe(before().content);
      expect(mark()).toBe('trame: revision 50, fence 3, done');
      isFree();
    });
  });

  describe('that is called off', () => {
    it('while it is live is taken back nevertheless', async () => {
      const life = new AbortController();
      const connection = await there.cluster.open(life.signal);
      await connection.stage(push(2), [after()], [before()]);
      await connection.apply(push(2), 60);
      life.abort();
      await connection.revert(push(2));
      expect(await there.cluster.actual()).toBe(before().content);
      isFree();
    });

    it('while it asks for the lock leaves none behind', async () => {
      const life = new AbortController();
      const connection = await there.cluster.open(life.signal);
      there.cluster.simulator.faults.meanwhile(
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
      const dead = await there.cluster.open();
      await dead.stage(push(2), [after()], [before()]);
      await dead.apply(push(2), 60);
      const life = new AbortController();
      const second = await there.cluster.open(life.signal);
      there.cluster.simulator.faults.meanwhile(
        ([request]) => request === 'POST /cluster/sdn/vnets',
        () => disturb(life),
      );
      await expect(second.recover(push(3), [before()])).rejects.toMatchObject({ code });
      await second.close();
      expect(mark()).toContain(', live, lock ');
      node2().newInterfaces = null;
      const third = await there.cluster.open();
      expect((await third.inspect([])).pending).toEqual({ fence: 3, applied: true });
      await third.recover(push(4), [before()]);
      await third.close();
      expect([...world().running.vnets.keys()]).toEqual(['v10001']);
      expect(mark()).toBe('trame: revision 44, fence 4, done');
      isFree();
    });

    it('and never came back is told to a person, who reads it with what is collected', async () => {
      const dead = await there.cluster.open();
      await dead.stage(push(2), [after()], [before()]);
      await dead.apply(push(2), 60);
      const seen = await (await there.cluster.open()).collect?.([SDN_PATH]);
      expect(seen?.live).toEqual([
        {
          path: SDN_PATH,
          subject: 'push',
          message: expect.stringContaining('execution 2 has put in force what nobody confirmed') as string,
        },
      ]);
    });
  });
});
