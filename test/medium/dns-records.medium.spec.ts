/** One record more or less in a set of ours, at a name server that knows changes of single records: what comes late is found as a whole set is. */
import { nameServerHere } from '../../apps/lab/src/powerdns/index.js';
import { type Given, NamesRoom } from '../support/names-room.js';

const KNOWING = { recordChanges: true };
let room: NamesRoom;
/** Three hosts that may be called `www`. */
let hosts: readonly [Given, Given, Given];
beforeAll(async () => {
  room = await NamesRoom.open(KNOWING);
  hosts = (await room.name('one', 'two', 'three')) as [Given, Given, Given];
});
afterAll(() => room?.close());
beforeEach(async () => {
  await call([]);
  await room.runDue();
  expect(await served()).toEqual([]);
});

/** Who is called `www`. */
async function call(numbers: readonly (1 | 2 | 3)[]): Promise<void> {
  for (const [i, host] of hosts.entries()) await room.alsoCalled(host, ...(numbers.some((number) => number === i + 1) ? ['www'] : []));
}
/** Which hosts `www` is there. */
const served = async (): Promise<number[]> => {
  const addresses = hosts.map(({ address }) => address as string);
  return (await room.recordsOf('www')).map((address) => addresses.indexOf(address) + 1).sort();
};
/** A run whose PATCH is still under way. @returns what lets it arrive. */
async function unanswered(): Promise<() => Promise<void>> {
  const arrives = room.hold();
  await room.runDue();
  expect(await room.lastRun()).toMatchObject({ state: 'FAILED' });
  return arrives;
}

describe(`a record of several that nobody waited for any more, on ${nameServerHere(KNOWING)}`, () => {
  it.each<{ what: string; sent: [(1 | 2 | 3)[], (1 | 2 | 3)[]]; wanted: (1 | 2 | 3)[]; arrived: number[]; state?: string }>([
    {
      what: 'one more, when the set is gone',
      sent: [
        [1, 2],
        [1, 2, 3],
      ],
      wanted: [],
      arrived: [3],
      state: 'BLOCKED_BY_GUARD',
    },
    { what: 'one more, when the set is another', sent: [[1], [1, 3]], wanted: [2], arrived: [2, 3] },
    {
      what: 'one less, when it is wanted again',
      sent: [
        [1, 2, 3],
        [1, 2],
      ],
      wanted: [2, 3],
      arrived: [2],
    },
    { what: 'one less, when it is the only one', sent: [[1, 2], [2]], wanted: [1], arrived: [] },
    { what: 'one less, when the set is gone', sent: [[1, 2], [1]], wanted: [], arrived: [] },
  ])('is found by its mark, and what is wanted is there again: $what', async ({ sent, wanted, arrived, state = 'SUCCEEDED' }) => {
    await call(sent[0]);
    await room.runDue();
    await call(sent[1]);
    const arrives = await unanswered();
    await call(wanted);
    await room.runDue();
    expect(await served()).toEqual(wanted);
    await arrives();
    expect([await served(), await room.others()]).toEqual([arrived, {}]);
    await room.late();
    await room.runDue();
    const looked = await room.lastRun();
    expect(looked.state).toBe(state);
    // Marked as ours and remembered by nobody, since a delete was carried out after it was sent: a person is asked.
    if (state === 'BLOCKED_BY_GUARD') await room.approve(looked);
    expect([await served(), await room.others()]).toEqual([wanted, {}]);
    expect((await room.remembered()).includes('www')).toBe(wanted.length > 0);
  });
});
