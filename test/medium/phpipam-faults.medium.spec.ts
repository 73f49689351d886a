// What goes wrong between Trame and a phpIPAM: an effect is there once, and one bad object does not hold up the others.
import { isPhpIpamError } from '#adapters/phpipam';
import type { ForeignWrite, WriteOutcome } from '#contexts/sync/ports';
import { doneOf, closeWorlds, signal, World } from '../support/phpipam-room.js';

afterEach(closeWorlds);

it('has one request under way, whoever asks', async () => {
  const world = await World.start();
  const create = (at: number) => world.write('vrf', { verb: 'CREATE', mark: `vrf_${at}`, fields: { name: `vrf ${at}` } });
  world.simulator.faults.add({ kind: 'slow', ms: 30 }, { kind: 'slow', ms: 30 });
  await Promise.all([create(1), create(2), world.inventory.scan('vlanGroup', null, signal), world.inventory.scan('tenant', null, signal)]);
  expect(world.simulator.peakInFlight).toBe(1);
});

it('says with each error whether asking again may help', async () => {
  const world = await World.start();
  await world.simulator.close();
  const error: unknown = await world.inventory.scan('vrf', null, signal).catch((thrown: unknown) => thrown);
  expect(isPhpIpamError(error) && [error.code, error.facts.retriable, error.facts.call]).toEqual([
    'PHPIPAM_UNREACHABLE',
    true,
    'GET /vrfs/',
  ]);
});

describe('something in front of phpIPAM that takes no writes', () => {
  const create = (name: string): ForeignWrite => ({ verb: 'CREATE', mark: `vrf_${name}`, fields: { name, description: `of ${name}` } });
  const kinds = (outcomes: readonly WriteOutcome[]) => outcomes.map((outcome) => Object.keys(outcome)[0]);

  it.each([403, 502])('with one word in them (%i) refuses that one, and the others go on', async (status) => {
    const world = await World.start();
    world.simulator.gateways.push({ when: (_request, body) => body.includes('poison'), status });
    const outcomes = await world.write('vrf', create('a'), create('poison'), create('c'));
    expect(kinds(outcomes)).toEqual(['done', 'refused', 'done']);
    expect(outcomes[1]).toEqual({ refused: expect.stringMatching(`3 times a page .*${status}.*Request blocked.*nothing was done`) });
    // Alone, too, and whatever the verb.
    const vrf = doneOf(outcomes[0]);
    const update: ForeignWrite = { verb: 'UPDATE', remoteId: vrf.remoteId, version: vrf.version, fields: { description: 'poison' } };
    expect(await world.write('vrf', update)).toEqual([{ refused: expect.stringContaining('it does not get through') }]);
    expect(world.database.all('vrf').map((row) => [row['name'], row['description']])).toEqual([
      ['a', 'of a'],
      ['c', 'of c'],
    ]);
  });

  it('at all is an error that passes: nothing is refused', async () => {
    const world = await World.start();
    const isWrite = (request: string) => !request.startsWith('GET');
    for (const when of [isWrite, (request: string) => isWrite(request) && !request.includes('/vrfs/0/')]) {
      world.simulator.gateways.push({ when, status: 502 });
      const writes = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(create);
      await expect(world.write('vrf', ...writes)).rejects.toMatchObject({ code: 'PHPIPAM_NO_ANSWER', facts: { retriable: true } });
      world.simulator.gateways.pop();
    }
    expect(kinds(await world.write('vrf', create('a')))).toEqual(['done']);
  });

  it.each([504, 524])('and stops waiting (%i) has nothing made a second time: it is looked for later', async (status) => {
    const world = await World.start();
    let sent = 0;
    world.simulator.gateways.push({ when: (request) => request.startsWith('POST /vrfs/') && ++sent > 0, status });
    await expect(world.write('vrf', create('a'))).rejects.toMatchObject({ code: 'PHPIPAM_NO_ANSWER', facts: { isTimeout: true } });
    expect(sent).toBe(1);
    world.simulator.gateways.pop();
    expect(kinds(await world.write('vrf', create('a')))).toEqual(['done']);
  });

  it('and stops waiting for one of several says which one, also where it cannot be looked for', async () => {
    const world = await World.start();
    let sent = 0;
    world.simulator.gateways.push(
      { when: (request) => request.startsWith('POST /vrfs/') && ++sent === 2, status: 504 },
      { when: (request) => request.startsWith('GET') && sent === 2, status: 502 },
    );
    await expect(world.write('vrf', create('a'), create('b'), create('c'))).rejects.toMatchObject({
      code: 'PHPIPAM_NO_ANSWER',
      facts: { isTimeout: true, underWay: [1] },
    });
    expect(sent).toBe(2);
    expect(world.database.all('vrf')).toHaveLength(1);
  });

  it('once is asked again', async () => {
    const world = await World.start();
    world.simulator.faults.add({ kind: 'bad-gateway', when: ([request]) => request?.startsWith('POST') ?? false });
    expect(kinds(await world.write('vrf', create('a')))).toEqual(['done']);
    expect(world.database.all('vrf')).toHaveLength(1);
  });
});
