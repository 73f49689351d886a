import { encodeId, type FabricId, type SyncTargetId } from '#engines/kernel';
import { makePlan } from '#engines/reconcile';
import type { RrsetValue, ServedRrset } from '../ports/index.js';
import { doubtful, judgeRrsets, unclaimedLines } from './judge-rrsets.js';
import { EVERYBODYS_MARK, ZoneOwner } from './zone-owner.js';

const value = (...records: string[]): RrsetValue => ({ ttl: 300, records });
const served = (key: string, markedBy: string | undefined, ...records: string[]): ServedRrset => ({
  key,
  value: value(...records),
  owned: false,
  ...(markedBy === undefined ? {} : { markedBy }),
});
const wanted = (key: string, ...records: string[]) => ({ key, value: value(...records) });
const planned = (stands: readonly ServedRrset[], desired: readonly ReturnType<typeof wanted>[], written: [string, RrsetValue[]][] = []) => {
  const { actual, unclaimed } = judgeRrsets(stands, desired, ['1.off', EVERYBODYS_MARK], new Map(written));
  const { changes } = makePlan({ subject: 'zone', desired, actual });
  return { verbs: changes.map(({ verb, key }) => `${verb} ${key}`), unclaimed: unclaimed.map(({ key }) => key) };
};

describe('a record set that is marked as every Trame did before', () => {
  it('is marked anew where it is wanted and says the same', () => {
    expect(planned([served('a/a', 'trame', '10.0.0.1')], [wanted('a/a', '10.0.0.1')])).toEqual({ verbs: ['UPDATE a/a'], unclaimed: [] });
  });

  it('is left alone where it says something else that this connector did not write, and corrected where it did', () => {
    const [stands, desired] = [[served('a/a', 'trame', '10.0.0.9')], [wanted('a/a', '10.0.0.1')]];
    expect(doubtful(stands, desired)).toEqual(['a/a']);
    expect(planned(stands, desired).verbs).toEqual(['FOREIGN a/a']);
    expect(planned(stands, desired, [['a/a', [value('10.0.0.8')]]]).verbs).toEqual(['FOREIGN a/a']);
    expect(planned(stands, desired, [['a/a', [value('10.0.0.1'), value('10.0.0.9')]]]).verbs).toEqual(['UPDATE a/a']);
  });

  it('is taken over also where only its TTL is to be another one', () => {
    const [stands, desired] = [[served('a/a', 'trame', '10.0.0.1')], [{ key: 'a/a', value: { ttl: 60, records: ['10.0.0.1'] } }]];
    expect(doubtful(stands, desired)).toEqual([]);
    expect(planned(stands, desired).verbs).toEqual(['UPDATE a/a']);
  });

  it('is told and not deleted where nobody here wants it, even where this connector wrote it', () => {
    expect(planned([served('a/a', 'trame', '10.0.0.1')], [], [['a/a', [value('10.0.0.1')]]])).toEqual({ verbs: [], unclaimed: ['a/a'] });
  });
});

it('what a connector of the fabric wrote that is switched off is taken over where it is wanted, and told where it is not', () => {
  const stands = [served('a/a', '1.off', '10.0.0.9'), served('b/a', '1.off', '10.0.0.2')];
  expect(doubtful(stands, [wanted('a/a', '10.0.0.1')])).toEqual([]);
  expect(planned(stands, [wanted('a/a', '10.0.0.1')])).toEqual({ verbs: ['UPDATE a/a'], unclaimed: ['b/a'] });
});

it('what another marked is a conflict where it is wanted, and nobody’s business where it is not', () => {
  const stands = [served('a/a', '2.other', '10.0.0.1'), served('b/a', '2.other', '10.0.0.2'), served('c/a', undefined, '10.0.0.3')];
  expect(planned(stands, [wanted('a/a', '10.0.0.1')])).toEqual({ verbs: ['FOREIGN a/a'], unclaimed: [] });
});

it('a zone full of another’s names has a few lines', () => {
  const lines = unclaimedLines(
    'cust.example',
    Array.from({ length: 1000 }, (_, i) => served(`h${i}/a`, 'trame', '10.0.0.1')),
  );
  expect(lines).toHaveLength(21);
  expect(lines.at(-1)).toMatchObject({ key: '980 more', reason: expect.stringContaining('delete it there') });
});

describe('the owner of record sets', () => {
  const [lab, other] = ['018f0000-0000-7000-8000-00000000000a', '018f0000-0000-7000-8000-00000000000b'] as FabricId[];
  const [mine, twin, off] = ['1', '2', '3'].map((n) => `018f0000-0000-7000-8000-00000000000${n}` as SyncTargetId) as [
    SyncTargetId,
    SyncTargetId,
    SyncTargetId,
  ];
  const connectors = [
    { id: mine, fabricId: lab as FabricId, slug: 'dns', enabled: true },
    { id: twin, fabricId: other as FabricId, slug: 'dns-b', enabled: true },
    { id: off, fabricId: lab as FabricId, slug: 'dns-old', enabled: false },
  ];
  const owner = new ZoneOwner('3f9c2a71', { id: mine, fabricId: lab as FabricId }, connectors);

  it('is Trame and connector, in less than 40 characters, and those of its fabric that are switched off came before it', () => {
    expect(owner.id).toBe(`3f9c2a71.${encodeId('syncTarget', mine)}`);
    expect(owner.id.length).toBeLessThan(40);
    expect(owner.formerIds).toEqual([`3f9c2a71.${encodeId('syncTarget', off)}`, 'trame']);
  });

  it.each([
    [undefined, 'the record set is not ours'],
    [`3f9c2a71.${encodeId('syncTarget', twin)}`, 'the record set is not ours: the connector dns-b of this Trame keeps it'],
    [
      `00000000.${encodeId('syncTarget', twin)}`,
      `the record set is not ours: another Trame (00000000.${encodeId('syncTarget', twin)}) keeps it`,
    ],
  ])('%s: it is said who keeps a name', (markedBy, words) => {
    expect(owner.whyNot(markedBy)).toBe(words);
  });
});
