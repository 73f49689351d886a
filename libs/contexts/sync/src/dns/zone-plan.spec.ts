import type { Fqdn } from '#engines/kernel';
import { SYNC_LIMITS } from '#engines/reconcile';
import type { DnsZones, ServedRrset } from '../ports/index.js';
import { plannedLines, planZone, type ZonePlan } from './zone-plan.js';

const value = { ttl: 300, records: ['192.0.2.1'] };
const keys = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, n) => `h${from + n}.z.example/a`);

/** A zone that has these, all marked as ours. @param published keys that this database remembers. */
function plan(there: readonly string[], desired: readonly string[], published: readonly string[]): Promise<ZonePlan> {
  const served = there.map((key): ServedRrset => ({ key, value, owned: true }));
  const target = { name: 'zone', read: () => Promise.resolve(served), apply: () => Promise.reject(new Error('planning writes nothing')) };
  return planZone({
    server: { zone: () => target } as unknown as DnsZones,
    name: 'dns',
    zone: 'z.example' as Fqdn,
    desired: desired.map((key) => ({ key, value })),
    settings: { createZones: null, dnsAddress: null },
    limits: SYNC_LIMITS,
    claims: { judge: () => Promise.resolve({ actual: served, unclaimed: [] }), whyNot: () => 'not ours' },
    published: { sets: new Map(published.map((key) => [key, { doubt: null, answersOtherwise: false }])), countBefore: null },
  });
}
const held = (of: ZonePlan): string[] => plannedLines(of).flatMap(({ key, isHeld }) => (isHeld ? [key] : []));

it('what is not remembered waits, and holds up no delete of what is', async () => {
  const planned = await plan(keys(1, 20), keys(5, 20), keys(4, 20));
  expect(planned.stops.map(({ code }) => code)).toEqual(['UNREMEMBERED']);
  expect(held(planned)).toEqual(keys(1, 3));
});

it('deletes are a share of what was published, also of what is gone there', async () => {
  const few = await plan(keys(1, 20), keys(3, 20), keys(1, 20));
  expect(few.stops).toEqual([]);
  const lessThere = await plan(keys(1, 18), keys(3, 20), keys(1, 20));
  expect(lessThere.stops).toEqual([]);
  const many = await plan(keys(1, 20), keys(4, 20), keys(1, 20));
  expect(many.stops.map(({ code }) => code)).toEqual(['DELETE_SHARE']);
  expect(held(many)).toEqual(keys(1, 3));
});

it('where much is missing nothing of the zone is written', async () => {
  const planned = await plan(keys(1, 10), keys(1, 21), keys(1, 20));
  expect(planned.stops.map(({ code }) => code)).toEqual(['OURS_SHRUNK']);
  expect(held(planned).sort()).toEqual(keys(11, 21).sort());
});

it('what others wrote into a mark is kept in a line as far as a person reads', async () => {
  const planned = await plan([], keys(1, 1), []);
  const foreign = {
    ...planned,
    plan: { ...planned.plan, changes: planned.plan.changes.map((change) => ({ ...change, verb: 'FOREIGN' as const })) },
  };
  const [line] = plannedLines({ ...foreign, whyNot: () => `another Trame (${'x'.repeat(498 - 15)}😀${'x'.repeat(100_000)}) keeps it` });
  expect(line?.reason).toMatch(/^another Trame \(x+\ufffd…$/); // Half a character would be kept with none.
  expect(line?.reason).toHaveLength(500);
});

it('a guard that holds nothing up stops nothing: what is missing there is not wanted any more', async () => {
  const planned = await plan(keys(1, 10), keys(1, 10), keys(1, 20));
  expect({ stops: planned.stops, lines: plannedLines(planned) }).toEqual({ stops: [], lines: [] });
});
