import { compileFabric, type DeviceIntent } from '#engines/intent';
import { demoFabric, demoSnapshot } from '#engines/intent/testing';
import type { Changed } from './make-plan.js';
import { atMost, type EndOnDevice, networkKey, nothingOf, recallEnd, recallsOf, standingOf, type WayBack } from './rollback.js';

const [WITHOUT, WITH] = [compileFabric(demoFabric().build()), compileFabric(demoSnapshot())];
function intent(slug: string, of = WITH): DeviceIntent {
  const found = of.devices.find((device) => device.slug === slug);
  if (!found) throw new Error(`there is no ${slug}`);
  return found;
}
const way = (slug: string, over: Partial<WayBack> = {}): WayBack => ({
  deviceId: intent(slug).deviceId,
  slug,
  broughtDigest: 'new',
  brought: intent(slug),
  beforeDigest: 'old',
  before: intent(slug, WITHOUT),
  beforeArtefacts: [],
  isConfirmed: true,
  carriesDigest: 'new',
  backDigests: [],
  ...over,
});
const [NETWORK] = intent('pve1').l2vnis;
const KEY = networkKey(NETWORK as NonNullable<typeof NETWORK>);

describe('a device of a plan', () => {
  it('goes back when it carries what the plan brought, also when it was found wanting later', () => {
    expect(standingOf(way('pve1'))).toBe('GOES_BACK');
    expect(standingOf(way('pve1', { isConfirmed: false }))).toBe('GOES_BACK');
    expect(standingOf(way('pve1', { beforeDigest: null, before: null }))).toBe('GOES_BACK');
  });

  it('has nothing to go back to when the plan changed nothing on it, or never came to it', () => {
    expect(standingOf(way('pve1', { beforeDigest: 'new' }))).toBe('NOTHING');
    expect(standingOf(way('pve1', { isConfirmed: false, carriesDigest: 'old' }))).toBe('NOTHING');
  });

  it('is back when a rollback was here, and touched when anything else was', () => {
    expect(standingOf(way('pve1', { carriesDigest: 'old', backDigests: ['old'] }))).toBe('IS_BACK');
    expect(standingOf(way('pve1', { carriesDigest: 'old' }))).toBe('TOUCHED');
    expect(standingOf(way('pve1', { carriesDigest: null }))).toBe('TOUCHED');
  });
});

describe('networks of a plan that is taken back', () => {
  it('are withdrawn where the plan brought them and nobody else carries them', () => {
    const recalls = recallsOf([way('pve1'), way('pve2'), way('test')], new Map());
    const deviceIds = ['pve1', 'pve2', 'test'].map((slug) => intent(slug).deviceId);
    expect(recalls).toEqual([{ networkSlug: NETWORK?.networkSlug, vni: NETWORK?.vni, action: 'WITHDRAW', deviceIds, keptBecause: null }]);
  });

  it('stay where another device carries them, taken back or not, and say who', () => {
    expect(recallsOf([way('pve1')], new Map([[KEY, ['pve10', 'pve2']]]))).toMatchObject([
      { keptBecause: 'pve2, pve10 carry it and are not taken back' },
    ]);
    expect(recallsOf([way('pve1'), way('pve2', { before: intent('pve2') })], new Map())).toMatchObject([
      { keptBecause: 'pve2 carries it and is not taken back' },
    ]);
  });

  it('stay where the device ran before it was ours', () => {
    const brought = { ...intent('pve1'), adopted: {} } as DeviceIntent;
    expect(recallsOf([way('pve1', { brought, before: null })], new Map())).toMatchObject([
      { action: 'WITHDRAW', keptBecause: "pve1 ran before it was ours: its networks are not this plan's" },
    ]);
  });

  it('come back where the plan removed them', () => {
    const removal = (slug: string): WayBack => way(slug, { brought: intent(slug, WITHOUT), before: intent(slug) });
    expect(recallsOf([removal('pve1'), removal('pve2')], new Map())).toMatchObject([
      { action: 'RESTORE', vni: NETWORK?.vni, keptBecause: null },
    ]);
  });
});

describe('a network when the rollback is over', () => {
  const left = (slug: string, state: EndOnDevice['state'], isUncertain = false): EndOnDevice => ({ slug, state, isUncertain });
  const [back, skipped] = [left('pve1', 'VERIFIED'), left('pve2', 'SKIPPED')];

  it('is withdrawn when all of its devices are back, and otherwise stays and says where', () => {
    const proposed = { action: 'WITHDRAW', state: 'PROPOSED' } as const;
    expect(recallEnd(proposed, [back, left('test', 'CONFIRMED')], true, [])).toEqual({ state: 'WANTED', reason: null });
    expect(recallEnd(proposed, [back, skipped, left('test', 'FAILED')], true, ['test'])).toEqual({
      state: 'KEPT',
      reason: 'pve2, test are not taken back',
    });
    expect(recallEnd(proposed, [back], false, [])).toEqual({ state: 'KEPT', reason: 'the rollback did not run' });
  });

  it('stays where a device carries it by then, whoever brought it there, also when its withdrawal is wanted and not ordered', () => {
    for (const state of ['PROPOSED', 'WANTED'] as const)
      expect(recallEnd({ action: 'WITHDRAW', state }, [back], true, ['pve2', 'test'])).toEqual({
        state: 'KEPT',
        reason: 'pve2, test carry it, or may',
      });
    expect(recallEnd({ action: 'WITHDRAW', state: 'WANTED' }, [back], true, [])).toBeNull();
  });

  it('stays where nobody knows on which devices it was', () => {
    expect(recallEnd({ action: 'WITHDRAW', state: 'PROPOSED' }, [], true, [])).toMatchObject({
      state: 'KEPT',
      reason: expect.stringContaining('older release') as string,
    });
  });

  it('that was brought back in the books stays there where a device has it, or may have it, and not where none has', () => {
    const ordered = { action: 'RESTORE', state: 'ORDERED' } as const;
    expect(recallEnd(ordered, [back, back], true, [])).toBeNull();
    expect(recallEnd(ordered, [back, skipped], true, [])).toEqual({ state: 'ORDERED', reason: 'pve2 is not taken back' });
    expect(recallEnd(ordered, [left('pve1', 'FAILED', true), skipped], true, [])).toMatchObject({ state: 'ORDERED' });
    expect(recallEnd(ordered, [left('pve1', 'PUSHING'), skipped], true, [])).toMatchObject({ state: 'ORDERED' });
    expect(recallEnd(ordered, [left('pve1', 'FAILED'), skipped], true, [])).toEqual({
      state: 'UNWANTED',
      reason: 'pve1, pve2 are not taken back',
    });
    expect(recallEnd({ action: 'RESTORE', state: 'WANTED' }, [skipped], true, [])).toEqual({
      state: 'KEPT',
      reason: 'pve2 is not taken back',
    });
    expect(recallEnd({ action: 'RESTORE', state: 'PROPOSED' }, [skipped], false, [])).toMatchObject({ state: 'KEPT' });
    expect(recallEnd(ordered, [skipped], false, [])).toEqual({ state: 'UNWANTED', reason: 'the rollback did not run' });
  });
});

it('a device on which nothing of ours is left has neither networks nor sessions, and is still the same device', () => {
  const nothing = nothingOf({ ...intent('pve1'), adopted: {} } as DeviceIntent);
  expect(nothing).toMatchObject({ slug: 'pve1', l2vnis: [], bgp: null, vtep: null, underlayPorts: [] });
  expect(nothing).not.toHaveProperty('adopted');
});

it('what was verified before asks a person only where what is taken back asked one', () => {
  const items = [{ slug: 'pve1', risk: 'HIGH', riskReasons: ['A sentence.'] }] as unknown as Changed[];
  expect(atMost('LOW', items)).toMatchObject([{ risk: 'LOW', riskReasons: [] }]);
  expect(atMost('HIGH', items)).toBe(items);
});
