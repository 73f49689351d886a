import {
  type Existence,
  type ExistenceFacts,
  type GonePolicy,
  judgeExistence,
  type RetirePhase,
  type Sighting,
} from './judge-existence.js';

const link = (phase: RetirePhase = 'NONE') => ({ localId: 'a', phase });
const seen = (mark: string | null, isLinked = false, remoteId = '1'): Sighting => ({ remoteId, mark, isLinked });
/** Kept there for b, which we have no more. */
const left = (remoteId = '1'): Sighting => ({ ...seen('b', true, remoteId), isLeft: true });
const judge = (facts: Partial<ExistenceFacts>) => judgeExistence({ link: null, ours: null, theirs: null, whenGone: 'RECREATE', ...facts });

describe('an object that is mapped', () => {
  it('is merged where both have it and the mark agrees', () => {
    expect(judge({ link: link(), ours: 'a', theirs: seen('a', true) })).toEqual({ verdict: 'MERGE' });
  });

  it.each([
    [null, 'MARK_GONE'],
    ['b', 'MARK_OF_ANOTHER'],
  ])('is let go where the mark in theirs is %j, whether we still have it or not', (mark, reason) => {
    for (const ours of ['a', null])
      expect(judge({ link: link('DUE'), ours, theirs: seen(mark, true) })).toEqual({ verdict: 'UNLINK', reason });
  });

  it('is marked anew where an earlier release marked it, and let go where we have it no more', () => {
    const theirs: Sighting = { ...seen('a@', true), isMarkedBefore: true };
    expect(judge({ link: link(), ours: 'a', theirs })).toEqual({ verdict: 'SUCCEED', remoteId: '1' });
    expect(judge({ link: link('DUE'), theirs })).toEqual({ verdict: 'UNLINK', reason: 'MARK_OF_ANOTHER' });
  });

  it.each([
    ['NONE', 'DEPRECATE'],
    ['GRACE', 'WAIT'],
    ['DUE', 'DELETE'],
  ] as const)('that we removed, with the grace period %s: %s', (phase, step) => {
    expect(judge({ link: link(phase), theirs: seen('a', true) })).toEqual({ verdict: 'RETIRE', step });
  });

  it('is forgotten where neither side has it', () => {
    expect(judge({ link: link() })).toEqual({ verdict: 'FORGET' });
  });

  it('that somebody removed there follows the policy', () => {
    expect(judge({ link: link(), ours: 'a', whenGone: 'RECREATE' })).toEqual({ verdict: 'RECREATE' });
    expect(judge({ link: link(), ours: 'a', whenGone: 'ACCEPT' })).toEqual({ verdict: 'REMOTE_GONE', policy: 'ACCEPT' });
    expect(judge({ link: link(), ours: 'a', whenGone: 'HOLD' })).toEqual({ verdict: 'REMOTE_GONE', policy: 'HOLD' });
  });

  it('is made again by a person’s word alone where the system could prove that it was deleted, and does not', () => {
    expect(judge({ link: link(), ours: 'a', isGoneUnproven: true })).toEqual({ verdict: 'PROPOSE_RECREATION' });
    expect(judge({ link: link(), ours: 'a', isGoneUnproven: true, whenGone: 'HOLD' })).toEqual({ verdict: 'REMOTE_GONE', policy: 'HOLD' });
    expect(judge({ link: link(), isGoneUnproven: true })).toEqual({ verdict: 'FORGET' });
  });

  it('and got another id there, with our mark, is linked again under every policy', () => {
    for (const whenGone of ['RECREATE', 'ACCEPT', 'HOLD'] as const)
      expect(judge({ link: link(), ours: 'a', alike: [seen('a')], whenGone })).toEqual({ verdict: 'RELINK', remoteId: '1' });
  });

  it('and was made again there by hand is proposed, not made a second time', () => {
    expect(judge({ link: link(), ours: 'a', alike: [seen(null)] })).toEqual({ verdict: 'PROPOSE_ADOPTION', candidates: ['1'] });
  });
});

describe('an object of ours without a mapping', () => {
  it('is created where nothing is in its place', () => {
    expect(judge({ ours: 'a' })).toEqual({ verdict: 'CREATE' });
  });

  it('is linked again to the one that carries its mark, even beside others of the same key', () => {
    expect(judge({ ours: 'a', alike: [seen(null, false, '1'), seen('a', false, '2')] })).toEqual({ verdict: 'RELINK', remoteId: '2' });
  });

  it('is proposed for each that has its key and no mark', () => {
    expect(judge({ ours: 'a', alike: [seen(null, false, '1'), seen('b', false, '2'), seen(null, false, '3')] })).toEqual({
      verdict: 'PROPOSE_ADOPTION',
      candidates: ['1', '3'],
    });
  });

  it('takes over what was kept for one that we have no more, before anything that is nobody’s', () => {
    expect(judge({ ours: 'a', alike: [left()] })).toEqual({ verdict: 'SUCCEED', remoteId: '1' });
    expect(judge({ ours: 'a', alike: [seen(null, false, '1'), left('2')] })).toEqual({ verdict: 'SUCCEED', remoteId: '2' });
    expect(judge({ ours: 'a', alike: [left('1'), seen('a', false, '2')] })).toEqual({ verdict: 'RELINK', remoteId: '2' });
    expect(judge({ link: link(), ours: 'a', alike: [left()] })).toEqual({ verdict: 'SUCCEED', remoteId: '1' });
    expect(judge({ link: link(), ours: 'a', alike: [left()], whenGone: 'ACCEPT' })).toEqual({ verdict: 'REMOTE_GONE', policy: 'ACCEPT' });
  });

  it('takes over nothing of which one witness is missing', () => {
    for (const sighting of [{ ...left(), isLinked: false }, { ...left(), mark: null }, seen('b', true)])
      expect(judge({ ours: 'a', alike: [sighting] }).verdict).not.toBe('SUCCEED');
  });

  it.each([
    [seen('b'), 'KEY_HELD_BY_ANOTHER'],
    [seen('b', true), 'KEY_HELD_BY_OURS'],
    [seen(null, true), 'KEY_HELD_BY_OURS'],
  ] as const)('is not created in the place of %j', (holder, reason) => {
    expect(judge({ ours: 'a', alike: [holder] })).toEqual({ verdict: 'FOREIGN', reason, remoteId: '1' });
  });
});

it('there is nothing to judge without a mapping and an object of ours', () => {
  for (const theirs of [null, seen('a')]) expect(() => judge({ theirs })).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
});

describe('in every case there is', () => {
  const cases: ExistenceFacts[] = [];
  const sightings = [null, seen(null), seen('a'), seen('b'), seen(null, true), seen('a', true), seen('b', true), left()];
  for (const aLink of [null, link('NONE'), link('GRACE'), link('DUE')])
    for (const ours of [null, 'a'])
      for (const theirs of sightings)
        for (const one of sightings)
          for (const other of sightings)
            for (const whenGone of ['RECREATE', 'ACCEPT', 'HOLD'] satisfies GonePolicy[])
              for (const isGoneUnproven of [false, true])
                if (aLink || (ours !== null && theirs === null))
                  cases.push({
                    link: aLink,
                    ours,
                    theirs,
                    alike: [one, other].filter((sighting) => sighting !== null),
                    whenGone,
                    isGoneUnproven,
                  });
  const verdicts = cases.map((facts) => ({ facts, existence: judgeExistence(facts) }));
  const sightingsOf = ({ theirs, alike }: ExistenceFacts): Sighting[] => [...(theirs ? [theirs] : []), ...(alike ?? [])];
  const offending = (verdict: string, isRight: (facts: ExistenceFacts, existence: Existence) => boolean) => {
    const given = verdicts.filter(({ existence }) => existence.verdict === verdict);
    expect(given.length).toBeGreaterThan(0);
    return given.filter(({ facts, existence }) => !isRight(facts, existence));
  };

  it('deletes, and marks as going away, only with both witnesses and where ours is gone', () => {
    const bothAgree = ({ link: mapping, ours, theirs }: ExistenceFacts) =>
      ours === null && mapping !== null && theirs?.mark === mapping.localId;
    expect(offending('RETIRE', bothAgree)).toEqual([]);
  });

  it('creates only where nothing is in the place', () => {
    for (const verdict of ['CREATE', 'RECREATE', 'PROPOSE_RECREATION'])
      expect(offending(verdict, (facts) => facts.ours === 'a' && sightingsOf(facts).length === 0)).toEqual([]);
  });

  it('writes only into what carries our mark, and links only that', () => {
    expect(offending('MERGE', ({ theirs }) => theirs?.mark === 'a')).toEqual([]);
    expect(offending('RELINK', (facts) => sightingsOf(facts).some(({ mark, isLinked }) => mark === 'a' && !isLinked))).toEqual([]);
  });

  it('takes over only what both witnesses say is of one that we have no more', () => {
    const isLeft = ({ ours, alike }: ExistenceFacts) =>
      ours === 'a' && (alike ?? []).some((other) => other.isLeft === true && other.isLinked && other.mark === 'b');
    expect(offending('SUCCEED', isLeft)).toEqual([]);
  });

  it('makes nothing a second time by itself where nothing proves that it is gone', () => {
    expect(offending('RECREATE', ({ isGoneUnproven }) => isGoneUnproven !== true)).toEqual([]);
  });

  it('proposes nothing that somebody has marked or that is mapped', () => {
    const isFree = (facts: ExistenceFacts) => sightingsOf(facts).some(({ mark, isLinked }) => mark === null && !isLinked);
    expect(offending('PROPOSE_ADOPTION', isFree)).toEqual([]);
  });
});
