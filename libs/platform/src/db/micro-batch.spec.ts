import { MicroBatch } from './micro-batch.js';

/** Answers a batch when it is told to, so that a test decides what waits behind it. */
function manual() {
  const sent: string[][] = [];
  const open: (() => void)[] = [];
  const send = (requests: readonly string[]): Promise<(string | Error)[]> =>
    new Promise((resolve, reject) => {
      sent.push([...requests]);
      open.push(() => {
        if (requests.includes('poison')) reject(new Error('the whole batch failed'));
        else resolve(requests.map((request) => (request === 'refused' ? new Error('refused') : `${request}!`)));
      });
    });
  /** Answers the oldest open batch, and lets what follows from it happen. */
  const answer = async (): Promise<void> => {
    (open.shift() as () => void)();
    await turn();
  };
  return { sent, send, answer };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('requests of one moment', () => {
  it('go together, and what arrives meanwhile goes with the next', async () => {
    const { sent, send, answer } = manual();
    const batch = new MicroBatch({ send });
    const first = [batch.submit('a'), batch.submit('b')];
    await turn();
    const second = [batch.submit('c'), batch.submit('d')];
    await turn();
    expect(sent).toEqual([['a', 'b']]);
    await answer();
    expect(await Promise.all(first)).toEqual(['a!', 'b!']);
    await answer();
    expect(await Promise.all(second)).toEqual(['c!', 'd!']);
    expect(sent).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('a refused one costs its neighbours nothing', async () => {
    const { send, answer } = manual();
    const batch = new MicroBatch({ send });
    const asked = Promise.allSettled([batch.submit('a'), batch.submit('refused'), batch.submit('b')]);
    await turn();
    await answer();
    expect((await asked).map((result) => (result.status === 'fulfilled' ? result.value : (result.reason as Error).message))).toEqual([
      'a!',
      'refused',
      'b!',
    ]);
  });

  it('a batch that fails as a whole is tried in halves, so that only the cause is refused', async () => {
    const { sent, send, answer } = manual();
    const batch = new MicroBatch({ send });
    const asked = Promise.allSettled(['a', 'b', 'poison', 'd'].map((request) => batch.submit(request)));
    await turn();
    for (let i = 0; i < 5; i++) await answer();
    expect((await asked).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(sent).toEqual([['a', 'b', 'poison', 'd'], ['a', 'b'], ['poison', 'd'], ['poison'], ['d']]);
  });

  it('what would take as long in halves refuses all at once', async () => {
    const { sent, send, answer } = manual();
    const batch = new MicroBatch({ send, isWorthHalving: () => false });
    const asked = Promise.allSettled(['a', 'poison'].map((request) => batch.submit(request)));
    await turn();
    await answer();
    expect((await asked).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(sent).toEqual([['a', 'poison']]);
  });

  it('more than a batch holds goes in several, one after the other', async () => {
    const { sent, send, answer } = manual();
    const batch = new MicroBatch({ send, max: 2, order: (a, b) => (a < b ? -1 : 1) });
    const asked = ['e', 'd', 'c', 'b', 'a'].map((request) => batch.submit(request));
    await turn();
    for (let i = 0; i < 3; i++) await answer();
    await Promise.all(asked);
    expect(sent).toEqual([['d', 'e'], ['b', 'c'], ['a']]);
  });

  it('a wrong number of answers is an error, not somebody else’s answer', async () => {
    const batch = new MicroBatch<string, string>({ send: (requests) => Promise.resolve(requests.slice(1)) });
    const asked = await Promise.allSettled([batch.submit('a'), batch.submit('b')]);
    expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});

describe('two requests of one identity', () => {
  it('never travel together: the second asks when the first has its answer, refused or not', async () => {
    const { sent, send, answer } = manual();
    const batch = new MicroBatch({ send, identity: (request) => request });
    const asked = Promise.allSettled([batch.submit('a'), batch.submit('a'), batch.submit('refused'), batch.submit('refused')]);
    await turn();
    await answer();
    await answer();
    expect((await asked).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect(sent).toEqual([
      ['a', 'refused'],
      ['a', 'refused'],
    ]);
  });
});
