import type { ActualItem } from '#engines/reconcile';
import type { RrsetValue } from '../ports/index.js';
import { measureOf, type PublishedSet, type PublishedZone, readPublished } from './published-zone.js';

const value: RrsetValue = { ttl: 300, records: ['10.0.0.1'] };
const marked = (key: string, over: object = {}): ActualItem<RrsetValue> => ({ key, value, owned: true, ...over });
const wanted = (key: string) => ({ key, value });
const published = (rows: Readonly<Record<string, PublishedSet['doubt']>>, countBefore: number | null = null): PublishedZone => ({
  sets: new Map(Object.entries(rows).map(([key, doubt]) => [key, { doubt, answersOtherwise: false }])),
  countBefore,
});

describe('a record set with our mark and without a row', () => {
  it('gets its row where it is wanted, and waits for a person where it is not', () => {
    const reading = readPublished(published({}), [marked('a/a'), marked('b/a')], [wanted('a/a')]);
    expect(reading).toEqual({ learnt: [wanted('a/a')], certain: [], gone: [], unremembered: new Set(['b/a']) });
  });

  it('that is only to be marked yet gets none before it is', () => {
    expect(readPublished(published({}), [marked('a/a', { mustBeMarked: true })], [wanted('a/a')]).learnt).toEqual([]);
  });

  it('is nobody’s business where the mark is another’s', () => {
    const reading = readPublished(published({}), [marked('a/a', { owned: false }), marked('b/a', { owned: false })], [wanted('a/a')]);
    expect(reading).toEqual({ learnt: [], certain: [], gone: [], unremembered: new Set() });
  });
});

describe('a row', () => {
  it('goes with its record set, also where that is another’s by now, and stays while what was sent for it may come', () => {
    const rows = published({ 'a/a': null, 'b/a': null, 'late/a': 'FRESH', 'lost/a': 'OLD' });
    expect(readPublished(rows, [marked('b/a', { owned: false })], [wanted('b/a')]).gone).toEqual(['a/a', 'b/a', 'lost/a']);
  });

  it('in doubt is certain once its record set is seen; one that is to go stays in doubt', () => {
    const rows = published({ 'a/a': 'FRESH', 'b/a': 'OLD', 'c/a': 'OLD', 'd/a': null });
    const all = ['a/a', 'b/a', 'c/a', 'd/a'];
    const wish = ['a/a', 'b/a', 'd/a'].map(wanted);
    expect(
      readPublished(
        rows,
        all.map((key) => marked(key)),
        wish,
      ),
    ).toEqual({ learnt: [], certain: ['a/a', 'b/a'], gone: [], unremembered: new Set() });
  });
});

describe('the measure of a zone', () => {
  it('is the rows, but for those in doubt; what came without a row hides no loss', () => {
    const rows = published({ 'a/a': null, 'b/a': null, 'c/a': null, 'sent/a': 'FRESH', 'old/a': 'OLD' });
    expect(measureOf(rows, [marked('a/a'), marked('sent/a'), marked('new/a'), marked('b/a', { owned: false })])).toEqual({
      seenOurs: 1,
      seenOursBefore: 3,
    });
  });

  it('is the number that a release before left, until this one has looked', () => {
    expect(measureOf(published({}, 5), [marked('a/a')])).toEqual({ seenOurs: 1, seenOursBefore: 5 });
  });
});
