import fc from 'fast-check';
import { mergeFields } from './merge-fields.js';
import type { Authority, KindRules } from './rules.js';
import { equalValues } from './equal-values.js';
import { elementsOf } from './value-set.js';
import type { Fields, FieldValue } from './values.js';

const AUTHORITIES = ['US', 'THEM', 'LAST_WRITER_WITH_REVIEW'] as const;
const NOTHING = { push: {}, pull: {}, conflicts: [], pushedBack: [], pulledOver: [], guarded: [] };
const merge = (authority: Authority, ours: FieldValue, base: FieldValue | undefined, theirs: FieldValue, isSet = false) =>
  mergeFields({ f: { authority, isSet } }, { ours: { f: ours }, base: base === undefined ? null : { f: base }, theirs: { f: theirs } });

describe('a field with one value', () => {
  it.each(AUTHORITIES)('under %s: what both have is agreed on, also where both changed it to the same', (authority) => {
    expect(merge(authority, 'a', 'a', 'a')).toEqual({ ...NOTHING, base: { f: 'a' } });
    expect(merge(authority, 'b', 'a', 'b')).toEqual({ ...NOTHING, base: { f: 'b' } });
    expect(merge(authority, 'b', undefined, 'b')).toEqual({ ...NOTHING, base: { f: 'b' } });
  });

  it.each(AUTHORITIES)('under %s: what only we changed is written there', (authority) => {
    expect(merge(authority, 'new', 'old', 'old')).toEqual({ ...NOTHING, push: { f: 'new' }, base: { f: 'new' } });
  });

  it.each([
    ['US', { push: { f: 'old' }, pushedBack: ['f'], base: { f: 'old' } }],
    ['THEM', { pull: { f: 'new' }, base: { f: 'new' } }],
    ['LAST_WRITER_WITH_REVIEW', { pull: { f: 'new' }, base: { f: 'new' } }],
  ] as const)('under %s: what only they changed', (authority, result) => {
    expect(merge(authority, 'old', 'old', 'new')).toEqual({ ...NOTHING, ...result });
  });

  it.each([
    ['US', { push: { f: 'ours' }, pushedBack: ['f'], base: { f: 'ours' } }],
    ['THEM', { pull: { f: 'theirs' }, pulledOver: ['f'], base: { f: 'theirs' } }],
    ['LAST_WRITER_WITH_REVIEW', { conflicts: [{ field: 'f', ours: 'ours', base: 'old', theirs: 'theirs' }], base: { f: 'old' } }],
  ] as const)('under %s: what both changed', (authority, result) => {
    expect(merge(authority, 'ours', 'old', 'theirs')).toEqual({ ...NOTHING, ...result });
  });

  it.each([
    ['US', { push: { f: 'ours' }, pushedBack: ['f'], base: { f: 'ours' } }],
    ['THEM', { pull: { f: 'theirs' }, pulledOver: ['f'], base: { f: 'theirs' } }],
    ['LAST_WRITER_WITH_REVIEW', { conflicts: [{ field: 'f', ours: 'ours', base: null, theirs: 'theirs' }], base: {} }],
  ] as const)('under %s: what differs in an object that was adopted just now', (authority, result) => {
    expect(merge(authority, 'ours', undefined, 'theirs')).toEqual({ ...NOTHING, ...result });
  });

  it('tells null from absent: null is a value, what they do not know is left alone and keeps its base, what we leave to them has none', () => {
    const rules: KindRules = { f: { authority: 'US' } };
    expect(mergeFields(rules, { ours: { f: null }, base: { f: 'a' }, theirs: { f: 'a' } })).toMatchObject({ push: { f: null } });
    expect(mergeFields(rules, { ours: { f: 'b' }, base: { f: 'a' }, theirs: {} })).toEqual({ ...NOTHING, base: { f: 'a' } });
    expect(mergeFields(rules, { ours: {}, base: { f: 'a' }, theirs: { f: 'b' } })).toEqual({ ...NOTHING, base: {} });
    expect(mergeFields({}, { ours: { f: 'b' }, base: { f: 'a' }, theirs: { f: 'c' } })).toEqual({ ...NOTHING, base: { f: 'a' } });
  });

  it('a conflict freezes its field and nothing else', () => {
    const rules: KindRules = { f: { authority: 'LAST_WRITER_WITH_REVIEW' }, g: { authority: 'LAST_WRITER_WITH_REVIEW' } };
    const merged = mergeFields(rules, { ours: { f: 1, g: 1 }, base: { f: 0, g: 0 }, theirs: { f: 2, g: 0 } });
    expect(merged).toMatchObject({ push: { g: 1 }, conflicts: [{ field: 'f' }], base: { f: 0, g: 1 } });
  });

  it('compares references by what they name, whatever the order of their keys', () => {
    expect(merge('US', { kind: 'vrf', id: 'a' }, { kind: 'vrf', id: 'a' }, { id: 'a', kind: 'vrf' })).toEqual({
      ...NOTHING,
      base: expect.anything(),
    });
    expect(merge('US', { kind: 'vrf', id: 'a' }, { kind: 'vrf', id: 'a' }, { kind: 'vrf', id: '~7' })).toMatchObject({ pushedBack: ['f'] });
  });

  it('takes a field for a field that is named as something of every object is', () => {
    const rules = JSON.parse('{"constructor":{"authority":"US"},"__proto__":{"authority":"US"}}') as KindRules;
    expect(mergeFields(rules, { ours: {}, base: null, theirs: {} })).toEqual({ ...NOTHING, base: {} });
  });
});

describe('a field that is left alone', () => {
  it.each([
    ['what only we changed', 'new', 'old', 'old'],
    ['what only they changed', 'old', 'old', 'new'],
    ['what both changed', 'ours', 'old', 'theirs'],
  ])('is not written, taken over or in conflict, and its base stays: %s', (_what, ours, base, theirs) => {
    expect(merge('IGNORE', ours, base, theirs)).toEqual({ ...NOTHING, base: { f: base } });
    expect(merge('IGNORE', [ours], [base], [theirs], true)).toEqual({ ...NOTHING, base: { f: [base] } });
  });

  it('has no base in an object that was adopted: another owner later asks about each word', () => {
    expect(merge('IGNORE', 'ours', undefined, 'theirs')).toEqual({ ...NOTHING, base: {} });
    expect(merge('LAST_WRITER_WITH_REVIEW', 'ours', undefined, 'theirs').conflicts).toHaveLength(1);
  });

  it('is written again where theirs becomes that of another object of ours, unless somebody wrote there', () => {
    const taken = (theirs: string, base: Fields | null) =>
      mergeFields({ f: { authority: 'IGNORE' } }, { ours: { f: 'db' }, base, theirs: { f: theirs }, isTakenOver: true });
    expect(taken('web', { f: 'web' })).toEqual({ ...NOTHING, push: { f: 'db' }, base: { f: 'db' } });
    expect(taken('of people', { f: 'web' })).toEqual({ ...NOTHING, base: { f: 'web' } });
    expect(taken('of people', null)).toEqual({ ...NOTHING, base: {} });
    expect(taken('db', { f: 'db' })).toEqual({ ...NOTHING, base: { f: 'db' } });
  });
});

describe('a field that ours leaves to them', () => {
  const [old, others] = [
    { kind: 'vlan', id: 'vlan_1' },
    { kind: 'vlan', id: '~7' },
  ];
  const merged = (authority: Authority, base: Fields | null, theirs: FieldValue, more: object = {}) =>
    mergeFields({ vlan: { authority } }, { ours: {}, base, theirs: { vlan: theirs }, ...more });

  it.each(['US', 'LAST_WRITER_WITH_REVIEW'] as const)('is emptied once, where what we said stands there: %s', (authority) => {
    expect(merged(authority, { vlan: old }, old)).toEqual({ ...NOTHING, push: { vlan: null }, base: { vlan: null } });
    expect(merged(authority, { vlan: null }, null)).toEqual({ ...NOTHING, base: { vlan: null } });
  });

  it('stays where people wrote there, and what they write is no word of ours from then on', () => {
    expect(merged('US', { vlan: old }, others)).toEqual({ ...NOTHING, base: {} });
    expect(merged('US', { vlan: null }, old)).toEqual({ ...NOTHING, base: {} });
    expect(merged('US', {}, old)).toEqual({ ...NOTHING, base: {} });
    expect(merged('US', null, old)).toEqual({ ...NOTHING, base: {} });
  });

  it('stays where it is theirs, and where it is left alone, but of an object that is no more', () => {
    expect(merged('THEM', { vlan: old }, old).push).toEqual({});
    expect(merged('IGNORE', { vlan: old }, old)).toEqual({ ...NOTHING, base: { vlan: old } });
    expect(merged('IGNORE', { vlan: old }, old, { isTakenOver: true }).push).toEqual({ vlan: null });
  });

  it('is a set like any other field', () => {
    const rules: KindRules = { f: { authority: 'US', isSet: true } };
    expect(mergeFields(rules, { ours: {}, base: { f: ['a'] }, theirs: { f: ['a'] } }).push).toEqual({ f: [] });
    expect(mergeFields(rules, { ours: {}, base: { f: ['a'] }, theirs: { f: ['a', 'b'] } })).toEqual({ ...NOTHING, base: {} });
  });
});

describe('guarded fields', () => {
  const rules: KindRules = { rd: { authority: 'US', isGuarded: true }, name: { authority: 'US' } };
  const copies = { ours: { rd: '2', name: 'b' }, theirs: { rd: '1', name: 'a' } };

  it('are told where a merge changes them, here or there', () => {
    expect(mergeFields(rules, { ...copies, base: copies.theirs }).guarded).toEqual(['rd']);
    const theirs: KindRules = { rd: { authority: 'THEM', isGuarded: true } };
    expect(mergeFields(theirs, { ...copies, base: copies.ours }).guarded).toEqual(['rd']);
  });

  it('are not told of an object that was adopted just now, but of one whose base was lost', () => {
    expect(mergeFields(rules, { ...copies, base: null }).guarded).toEqual([]);
    expect(mergeFields(rules, { ...copies, base: null, wasLinked: true }).guarded).toEqual(['rd']);
  });

  it('are not told where both agree or a conflict freezes them', () => {
    expect(mergeFields(rules, { ours: copies.ours, base: copies.theirs, theirs: copies.ours }).guarded).toEqual([]);
    const shared: KindRules = { rd: { authority: 'LAST_WRITER_WITH_REVIEW', isGuarded: true } };
    expect(mergeFields(shared, { ...copies, base: { rd: '0' } }).guarded).toEqual([]);
  });
});

describe('a field that is a set', () => {
  it('under US: ours are added, what we removed is removed, what others added stays and is no difference', () => {
    expect(merge('US', ['a', 'new'], ['a', 'old'], ['a', 'old', 'others'], true)).toEqual({
      ...NOTHING,
      push: { f: ['a', 'new', 'others'] },
      base: { f: ['a', 'new'] },
    });
    expect(merge('US', ['a'], ['a'], ['others', 'a'], true)).toEqual({ ...NOTHING, base: { f: ['a'] } });
  });

  it('under US: never removes what others added, not even two merges later', () => {
    const first = merge('US', ['a'], ['a'], ['a', 'others'], true);
    const second = merge('US', ['a', 'b'], first.base['f'], ['a', 'others'], true);
    const third = merge('US', ['b'], second.base['f'], second.push['f'] as FieldValue, true);
    expect(third.push['f']).toEqual(['b', 'others']);
  });

  it('under US: what they removed of ours comes back, and that is told', () => {
    expect(merge('US', ['a', 'b'], ['a', 'b'], ['a'], true)).toEqual({
      ...NOTHING,
      push: { f: ['a', 'b'] },
      pushedBack: ['f'],
      base: { f: ['a', 'b'] },
    });
    // What both took away is no word of theirs that is lost.
    expect(merge('US', ['a', 'c'], ['a', 'b'], ['a'], true)).toMatchObject({ push: { f: ['a', 'c'] }, pushedBack: [] });
  });

  it('under THEM: ours becomes theirs, and what of our changes is lost is told', () => {
    expect(merge('THEM', ['a'], ['a'], ['b'], true)).toEqual({ ...NOTHING, pull: { f: ['b'] }, base: { f: ['b'] } });
    expect(merge('THEM', ['a', 'ours'], ['a'], ['a'], true)).toMatchObject({ pull: { f: ['a'] }, pulledOver: ['f'] });
    expect(merge('THEM', [], ['a'], ['a'], true)).toMatchObject({ pull: { f: ['a'] }, pulledOver: ['f'] });
    expect(merge('THEM', ['a', 'ours'], ['a'], ['a', 'ours', 'b'], true)).toMatchObject({
      pull: { f: ['a', 'b', 'ours'] },
      pulledOver: [],
    });
  });

  it('under LAST_WRITER_WITH_REVIEW: additions and removals go both ways', () => {
    expect(merge('LAST_WRITER_WITH_REVIEW', ['a', 'b', 'ours'], ['a', 'b', 'c'], ['b', 'c', 'theirs'], true)).toEqual({
      ...NOTHING,
      push: { f: ['b', 'ours', 'theirs'] },
      pull: { f: ['b', 'ours', 'theirs'] },
      base: { f: ['b', 'ours', 'theirs'] },
    });
    expect(merge('LAST_WRITER_WITH_REVIEW', ['a'], undefined, ['b'], true)).toMatchObject({
      push: { f: ['a', 'b'] },
      pull: { f: ['a', 'b'] },
    });
  });

  it('means the same in any order and with repetition, and comes out in natural order', () => {
    expect(merge('US', ['b', 'a'], ['a', 'b'], ['a', 'b', 'a'], true)).toEqual({ ...NOTHING, base: expect.anything() });
    expect(merge('US', ['t10', 't9'], [], [], true).push['f']).toEqual(['t9', 't10']);
    expect(merge('US', ['b', 'a'], undefined, ['a', 'b'])).toEqual({ ...NOTHING, base: expect.anything() });
  });

  it('takes null for the empty set', () => {
    expect(merge('US', ['a'], null, null, true)).toEqual({ ...NOTHING, push: { f: ['a'] }, base: { f: ['a'] } });
    expect(merge('US', [], null, null, true)).toEqual({ ...NOTHING, base: expect.anything() });
  });
});

describe('whatever both sides did', () => {
  const NAMES = ['text', 'ref', 'set'] as const;
  const text = fc.constantFrom<FieldValue>('a', 'b', 'c', null, 7, false);
  const ref = fc.constantFrom<FieldValue>({ kind: 'vrf', id: 'x' }, { kind: 'vrf', id: '~1' }, null);
  const set = fc.subarray<string | { kind: string; id: string }>([
    'a',
    'b',
    't9',
    't10',
    { kind: 'vrf', id: 'x' },
    { kind: 'vrf', id: '~1' },
  ]);
  const fields = fc.record<Record<string, FieldValue>>({ text, ref, set }, { requiredKeys: [] });
  const rules = fc
    .tuple(...NAMES.map(() => fc.constantFrom<Authority>(...AUTHORITIES, 'IGNORE')))
    .map(
      (chosen): KindRules =>
        Object.fromEntries(NAMES.map((name, n) => [name, { authority: chosen[n] as Authority, isSet: name === 'set', isGuarded: true }])),
    );
  const copies = fc.record({ ours: fields, base: fc.option(fields), theirs: fields });
  const compared = ({ ours, theirs }: { ours: Fields; theirs: Fields }) => NAMES.filter((name) => name in ours && name in theirs);
  const expectAlways = (law: (r: KindRules, c: { ours: Fields; base: Fields | null; theirs: Fields }) => void) =>
    fc.assert(fc.property(rules, copies, law), { numRuns: 2000 });

  it('a second merge, after what the first one said, writes nothing and has the same conflicts', () => {
    expectAlways((of, { ours, base, theirs }) => {
      const first = mergeFields(of, { ours, base, theirs });
      const again = mergeFields(of, { ours: { ...ours, ...first.pull }, base: first.base, theirs: { ...theirs, ...first.push } });
      expect(again).toEqual({ ...NOTHING, conflicts: first.conflicts, base: first.base });
    });
  });

  it('done in part, and merged again with the old base, comes to the same end', () => {
    expectAlways((of, { ours, base, theirs }) => {
      const whole = mergeFields(of, { ours, base, theirs });
      const end = [
        { ...ours, ...whole.pull },
        { ...theirs, ...whole.push },
      ] as const;
      for (const [pulled, pushed] of [
        [end[0], theirs],
        [ours, end[1]],
      ] as const) {
        const rest = mergeFields(of, { ours: pulled, base, theirs: pushed });
        for (const name of compared({ ours, theirs })) {
          if (whole.conflicts.some(({ field }) => field === name)) continue;
          expect(equalValues({ ...pulled, ...rest.pull }[name] as FieldValue, end[0][name] as FieldValue)).toBe(true);
          expect(equalValues({ ...pushed, ...rest.push }[name] as FieldValue, end[1][name] as FieldValue)).toBe(true);
        }
      }
    });
  });

  it('what is left alone is in nothing that a merge says, and its base is what it was', () => {
    expectAlways((of, { ours, base, theirs }) => {
      const { base: agreed, ...said } = mergeFields(of, { ours, base, theirs });
      for (const name of NAMES.filter((field) => of[field]?.authority === 'IGNORE')) {
        for (const part of [said.push, said.pull]) expect(part).not.toHaveProperty(name);
        expect([...said.conflicts.map(({ field }) => field), ...said.pushedBack, ...said.pulledOver, ...said.guarded]).not.toContain(name);
        expect(agreed[name]).toEqual(base?.[name]);
      }
    });
  });

  it('a value that comes to nothing is told: it is in a conflict, in pushedBack or in pulledOver, or its rule says that it is left alone', () => {
    expectAlways((of, { ours, base, theirs }) => {
      const { push, pull, conflicts, pushedBack, pulledOver } = mergeFields(of, { ours, base, theirs });
      for (const name of compared({ ours, theirs }).filter((field) => field !== 'set')) {
        const frozen = conflicts.some(({ field }) => field === name);
        const wasChanged = (value: FieldValue) => base === null || !(name in base) || !equalValues(value, base[name] as FieldValue);
        const [l, r] = [ours[name] as FieldValue, theirs[name] as FieldValue];
        if (equalValues(l, r) || of[name]?.authority === 'IGNORE') continue;
        expect([name in push, name in pull, frozen].filter(Boolean), name).toHaveLength(1);
        if (name in push) expect(pushedBack.includes(name)).toBe(wasChanged(r));
        if (name in pull) expect(pulledOver.includes(name)).toBe(wasChanged(l));
        if (frozen) expect([wasChanged(l), wasChanged(r)]).toEqual([true, true]);
      }
    });
  });

  it('an element goes only where the side that has a say removed it, and an addition that is lost is told', () => {
    expectAlways((of, { ours, base, theirs }) => {
      if (!('set' in ours && 'set' in theirs) || of['set']?.authority === 'IGNORE') return;
      const { push, pull, pushedBack, pulledOver } = mergeFields(of, { ours, base, theirs });
      const keys = (value: FieldValue | undefined) => new Set(elementsOf(value ?? null).keys());
      const [l, b, r] = [keys(ours['set']), keys(base?.['set']), keys(theirs['set'])];
      const [l2, r2] = [keys(pull['set'] ?? ours['set']), keys(push['set'] ?? theirs['set'])];
      const { authority } = of['set'] as { authority: Authority };
      for (const element of new Set([...l, ...b, ...r])) {
        const [wasL, wasB, wasR] = [l.has(element), b.has(element), r.has(element)];
        const [isL, isR] = [l2.has(element), r2.has(element)];
        if (wasR && !isR) expect(wasB && !wasL && authority !== 'THEM', 'only what we removed goes there').toBe(true);
        if (wasL !== wasB && wasR === wasB && isL !== wasL) expect(pulledOver).toEqual(expect.arrayContaining(['set']));
        if (wasR !== wasB && wasL === wasB && isR !== wasR) expect(pushedBack).toEqual(expect.arrayContaining(['set']));
        if (wasL !== wasB && wasR === wasB && authority !== 'THEM') expect(isR, 'our change is there').toBe(wasL);
        if (wasR !== wasB && wasL === wasB && authority !== 'US') expect(isL, 'their change is here').toBe(wasR);
      }
    });
  });

  it('neither the order of fields nor that of elements means anything', () => {
    expectAlways((of, { ours, base, theirs }) => {
      const turned = (value: Fields): Fields =>
        Object.fromEntries(
          Object.entries(value)
            .reverse()
            .map(([name, field]) => [name, Array.isArray(field) ? [...(field as readonly string[]), ...field].reverse() : field]),
        );
      const twisted = mergeFields(of, { ours: turned(ours), base: base && turned(base), theirs: turned(theirs) });
      const { base: agreed, ...straight } = mergeFields(of, { ours, base, theirs });
      expect({ ...twisted, conflicts: [], base: {} }).toEqual({ ...straight, conflicts: [], base: {} });
      for (const [name, value] of Object.entries(agreed)) expect(equalValues(twisted.base[name] as FieldValue, value)).toBe(true);
    });
  });
});
