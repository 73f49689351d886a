import fc from 'fast-check';
import { compareNatural } from '#engines/kernel';
import { makePlan } from './make-plan.js';
import type { ActualItem, Item, Plan } from './plan.js';

interface Value {
  readonly n: number;
  readonly list: readonly string[];
}
const subject = 'zone cust.example';
const verbs = (plan: Plan<unknown>) => plan.changes.map(({ verb, key }) => `${verb} ${key}`);

const key = fc.constantFrom('a', 'b1', 'b2', 'b10', 'c', 'D', 'é', '');
const value = fc.record({ n: fc.integer({ min: 0, max: 2 }), list: fc.array(fc.constantFrom('x', 'y'), { maxLength: 2 }) });
const desiredSide = fc.uniqueArray(fc.record({ key, value }), { selector: (item) => item.key });
const actualSide = fc.uniqueArray(fc.record({ key, value, owned: fc.boolean() }), { selector: (item) => item.key });

/** What a target does with a plan, in its simplest form. */
function apply(actual: readonly ActualItem<Value>[], plan: Plan<Value>): ActualItem<Value>[] {
  const state = new Map(actual.map((item) => [item.key, item]));
  for (const change of plan.changes) {
    if (change.verb === 'DELETE') state.delete(change.key);
    if ((change.verb === 'CREATE' || change.verb === 'UPDATE') && change.after) {
      state.set(change.key, { key: change.key, value: change.after, owned: true });
    }
  }
  return [...state.values()];
}

describe('makePlan', () => {
  it('names one verb per object', () => {
    const item = (name: string, n = 1): Item<number> => ({ key: name, value: n });
    const plan = makePlan({
      subject,
      desired: [item('new'), item('same'), item('changed', 2), item('taken'), item('taken-equal')],
      actual: [
        { ...item('same'), owned: true },
        { ...item('changed'), owned: true },
        { ...item('gone'), owned: true },
        { ...item('taken', 9), owned: false },
        { ...item('taken-equal'), owned: false },
        { ...item('theirs'), owned: false },
      ],
    });
    expect(plan.changes).toEqual([
      { verb: 'DELETE', key: 'gone', before: 1, after: null },
      { verb: 'UPDATE', key: 'changed', before: 1, after: 2 },
      { verb: 'CREATE', key: 'new', before: null, after: 1 },
      { verb: 'KEEP', key: 'same', before: 1, after: 1 },
      { verb: 'FOREIGN', key: 'taken', before: 9, after: 1 },
      { verb: 'FOREIGN', key: 'taken-equal', before: 1, after: 1 },
    ]);
  });

  it('orders keys as people do inside a group', () => {
    const plan = makePlan({ subject, desired: ['host10', 'host9', 'host1'].map((name) => ({ key: name, value: 1 })), actual: [] });
    expect(verbs(plan)).toEqual(['CREATE host1', 'CREATE host9', 'CREATE host10']);
  });

  it.each(['desired', 'actual'])('refuses a key that %s holds twice', (side) => {
    const twice = [
      { key: 'a', value: 1, owned: true },
      { key: 'a', value: 2, owned: true },
    ];
    const plan = () => makePlan({ subject, desired: [], actual: [], [side]: twice });
    expect(plan).toThrow(expect.objectContaining({ code: 'DUPLICATE_KEY', facts: { subject, side, key: 'a' } }));
  });

  it('changes the digest with the subject, a verb, a key or a value, and with nothing else', () => {
    const digestOf = (name: string, desired: Item<Value>[], actual: ActualItem<Value>[] = []) =>
      makePlan({ subject: name, desired, actual }).digest;
    const a = { key: 'a', value: { n: 1, list: ['x'] } };
    const digests = [
      digestOf('one', [a]),
      digestOf('two', [a]),
      digestOf('one', [{ ...a, key: 'b' }]),
      digestOf('one', [{ ...a, value: { n: 2, list: ['x'] } }]),
      digestOf('one', [a], [{ ...a, owned: true }]),
      digestOf('one', [a], [{ ...a, owned: false }]),
    ];
    expect(new Set(digests).size).toBe(digests.length);
    expect(digestOf('one', [{ key: 'a', value: { list: ['x'], n: 1 } }])).toBe(digests[0]);
    expect(digestOf('one', [a], [{ ...a, key: 'theirs', owned: false }])).toBe(digests[0]);
  });

  it('applied, makes what we own equal to desired, leaves the rest alone, and leaves nothing for a second plan', () => {
    fc.assert(
      fc.property(desiredSide, actualSide, (desired, actual) => {
        const plan = makePlan({ subject, desired, actual });
        const after = new Map(apply(actual, plan).map((item) => [item.key, item]));
        const conflicts = new Set(plan.changes.filter(({ verb }) => verb === 'FOREIGN').map((change) => change.key));
        for (const item of actual.filter(({ owned }) => !owned)) expect(after.get(item.key)).toEqual(item);
        for (const item of desired) if (!conflicts.has(item.key)) expect(after.get(item.key)).toEqual({ ...item, owned: true });
        const wanted = new Set<string>(desired.map((item) => item.key));
        for (const item of after.values()) expect(!item.owned || wanted.has(item.key)).toBe(true);
        const second = makePlan({ subject, desired, actual: [...after.values()] });
        expect(second.changes.filter(({ verb }) => verb !== 'KEEP' && verb !== 'FOREIGN')).toEqual([]);
      }),
    );
  });

  it('does not depend on the order of its inputs, names each key once and keeps the promised order', () => {
    fc.assert(
      fc.property(desiredSide, actualSide, (desired, actual) => {
        const plan = makePlan({ subject, desired, actual });
        expect(makePlan({ subject, desired: [...desired].reverse(), actual: [...actual].reverse() })).toEqual(plan);
        expect(new Set(plan.changes.map((change) => change.key)).size).toBe(plan.changes.length);
        const group = { DELETE: 0, UPDATE: 1, CREATE: 2, KEEP: 3, FOREIGN: 4 };
        const sorted = [...plan.changes].sort((a, b) => group[a.verb] - group[b.verb] || compareNatural(a.key, b.key));
        expect(plan.changes).toEqual(sorted);
      }),
    );
  });
});
