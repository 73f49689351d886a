import fc from 'fast-check';
import type { ForeignObject } from '#contexts/sync/ports';
import { orderOf } from './ipam-reader.js';
import { PartPager } from './part-pager.js';

const SEED = 20_261_121;
const { signal } = new AbortController();

const object = (part: number, id: number): ForeignObject => ({
  remoteId: String(id),
  order: orderOf(part, id),
  version: null,
  mark: null,
  fields: {},
  label: '',
});

/** Parts with the ids of their rows, which come in any order. */
const world = fc
  .uniqueArray(fc.integer({ min: 1, max: 500 }), { maxLength: 60 })
  .chain((ids) => fc.tuple(fc.constant(ids), fc.array(fc.integer({ min: 1, max: 8 }), { minLength: ids.length, maxLength: ids.length })))
  .map(([ids, parts]) => new Map([1, 2, 3, 4, 5, 6, 7, 8].map((part) => [part, ids.filter((_id, at) => parts[at] === part)])));

function pagerOf(parts: ReadonlyMap<number, readonly number[]>, pageSize: number, reads: number[] = []): PartPager {
  const read = (part: number): Promise<readonly ForeignObject[]> => {
    reads.push(part);
    return Promise.resolve((parts.get(part) ?? []).map((id) => object(part, id)));
  };
  return new PartPager({ all: () => Promise.resolve([...parts.keys()]), read }, pageSize);
}

it('hands out everything once, in ascending order, in pages of at most their size, and reads each list once', async () => {
  await fc.assert(
    fc.asyncProperty(world, fc.integer({ min: 1, max: 9 }), async (parts, pageSize) => {
      const reads: number[] = [];
      const pager = pagerOf(parts, pageSize, reads);
      const seen: ForeignObject[] = [];
      for (let after: string | null = null; ; ) {
        const page = await pager.page(after, signal);
        expect(page.objects.length).toBeLessThanOrEqual(pageSize);
        seen.push(...page.objects);
        if (page.next === null) break;
        after = page.next;
      }
      const all = [...parts].flatMap(([part, ids]) => ids.map((id) => object(part, id))).sort((a, b) => a.order - b.order);
      expect(seen).toEqual(all);
      expect(reads).toEqual([...new Set(reads)]);
    }),
    { seed: SEED },
  );
});

it('goes on from any cursor in a process that holds nothing', async () => {
  await fc.assert(
    fc.asyncProperty(world, fc.integer({ min: 1, max: 9 }), async (parts, pageSize) => {
      const seen: string[] = [];
      for (let after: string | null = null; ; ) {
        const page = await pagerOf(parts, pageSize).page(after, signal);
        seen.push(...page.objects.map(({ remoteId }) => remoteId));
        if (page.next === null) break;
        after = page.next;
      }
      expect(seen.toSorted()).toEqual([...parts.values()].flat().map(String).toSorted());
    }),
    { seed: SEED },
  );
});

it('ends a page after two hundred empty lists', async () => {
  const parts = new Map(Array.from({ length: 450 }, (_, at) => [at + 1, at === 449 ? [7] : []]));
  const pager = pagerOf(parts, 10);
  const first = await pager.page(null, signal);
  const second = await pager.page(first.next, signal);
  const third = await pager.page(second.next, signal);
  expect([first.objects.length, second.objects.length, third.objects.length, third.next]).toEqual([0, 0, 1, null]);
});

it('says how many there are where one list is all', async () => {
  expect(await pagerOf(new Map([[0, [3, 1, 2]]]), 10).page(null, signal)).toMatchObject({ total: 3, next: null });
});

it('refuses ids that do not fit into an order', () => {
  expect(() => orderOf(2 ** 22, 1)).toThrow(expect.objectContaining({ code: 'PHPIPAM_TOO_LARGE' }));
  expect(orderOf(2 ** 22 - 1, 2 ** 31 - 1)).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER);
});
