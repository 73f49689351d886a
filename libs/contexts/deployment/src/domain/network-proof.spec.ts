import { compileFabric, type DeviceIntent } from '#engines/intent';
import { demoSnapshot } from '#engines/intent/testing';
import type { ProofQuestion, VerifyCheck } from '../ports/index.js';
import { expectationsOf } from './expectations.js';
import { networkProofs, verdictOf } from './network-proof.js';

const VNI = 10_001;
const of = (slug: string): DeviceIntent =>
  compileFabric(demoSnapshot()).devices.find((device) => device.slug === slug) ?? expect.fail(slug);
const pve1 = of('pve1');
const wanted = expectationsOf(pve1, [
  { slug: 'pve2', intent: of('pve2'), excuse: null },
  { slug: 'test', intent: of('test'), excuse: 'test is off.' },
]);
const check = (question: ProofQuestion, subject: string, over: Partial<VerifyCheck> = {}): VerifyCheck => ({
  name: question,
  ok: true,
  message: `${question} ${subject}`,
  about: { question, subject, expected: 'this', seen: over.ok === false ? 'that' : 'this' },
  ...over,
});
const proofs = (...checks: VerifyCheck[]) =>
  Object.fromEntries(networkProofs(pve1, wanted, checks).map(({ question, ...proof }) => [question, proof]));

describe('what is kept of one look at a network', () => {
  it('is an answer to each question that was asked, with what was not demanded and why', () => {
    const found = proofs(
      check('VNI', String(VNI)),
      check('REMOTE_VTEPS', String(VNI)),
      check('ROUTES', String(VNI)),
      check('PATH_MTU', '172.16.1.52'),
    );
    expect(found).toEqual({
      VNI: { vni: VNI, state: 'OK', expected: 'this', seen: 'this' },
      REMOTE_VTEPS: { vni: VNI, state: 'OK', expected: 'this', seen: 'this; test is off.' },
      ROUTES: { vni: VNI, state: 'OK', expected: 'this', seen: 'this; test is off.' },
      PATH_MTU: { vni: VNI, state: 'OK', expected: 'this', seen: 'this' },
    });
  });

  it('is a failure where one of several answers is one, and says only that one', () => {
    const bad = check('ROUTES', String(VNI), { ok: false });
    expect(proofs(check('ROUTES', String(VNI)), bad)['ROUTES']).toMatchObject({ state: 'FAILED', seen: 'that; test is off.' });
  });

  it('is NOT_CHECKED where nobody answered, or the device could not tell, and never OK', () => {
    const open = check('PATH_MTU', '172.16.1.52', { ok: false, isUnchecked: true, message: 'this switch does not answer' });
    expect(proofs(open)).toMatchObject({
      PATH_MTU: { state: 'NOT_CHECKED', seen: 'this switch does not answer' },
      VNI: { state: 'NOT_CHECKED', seen: 'This device is not asked: its transport cannot tell.' },
    });
  });
});

describe('a device whose peers are all excused', () => {
  const alone = expectationsOf(pve1, [
    { slug: 'pve2', intent: of('pve2'), excuse: 'pve2 is off.' },
    { slug: 'test', intent: of('test'), excuse: 'test is off.' },
  ]);

  it('has nothing to say of them, though it answers that it knows nobody', () => {
    const nobody = [check('VNI', String(VNI)), check('REMOTE_VTEPS', String(VNI), { message: 'expects nobody' })];
    const found = networkProofs(pve1, alone, nobody).map(({ question, state, seen }) => [question, state, seen]);
    expect(found).toContainEqual(['VNI', 'OK', 'this']);
    for (const question of ['REMOTE_VTEPS', 'ROUTES'])
      expect(found).toContainEqual([question, 'NOT_CHECKED', expect.stringContaining('pve2 is off.')]);
  });
});

describe('the verdict on a network', () => {
  it.each([
    [[], 'NOT_CHECKED', 'Nobody has looked yet.'],
    [
      [['pve1', 'OK'] as const, ['pve1', 'NOT_CHECKED'] as const],
      'OK',
      'All that was looked at is as it shall be, at pve1. One thing could not be looked at.',
    ],
    [
      [['pve1', 'OK'] as const, ['pve2', 'STALE'] as const],
      'STALE',
      'What is known of pve2 is of before a change, or it could not be read since.',
    ],
    [[['pve1', 'STALE'] as const, ['pve2', 'FAILED'] as const], 'FAILED', 'Not everything works at pve2: the operator sees what.'],
  ])('of %j is %s', (answers, state, sentence) => {
    expect(verdictOf(answers.map(([device, each]) => ({ device, state: each })))).toMatchObject({ state, sentence });
  });
});
