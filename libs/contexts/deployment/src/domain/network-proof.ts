/** What a device said of a network, question by question, made from the checks of one look at it. */
import type { DeviceIntent, L2VniIntent } from '#engines/intent';
import type { NetworkId, PlanId } from '#engines/kernel';
import { hasFailed, type ProofQuestion, type VerifyCheck } from '../ports/index.js';
import type { Wanted } from './expectations.js';

export type ProofState = 'OK' | 'FAILED' | 'NOT_CHECKED' | 'STALE';

export interface NetworkProof {
  readonly vni: number;
  readonly question: ProofQuestion;
  readonly state: Exclude<ProofState, 'STALE'>;
  readonly expected: string;
  readonly seen: string;
}

export interface StoredProof {
  readonly networkId: NetworkId;
  readonly device: string;
  readonly question: ProofQuestion;
  readonly state: ProofState;
  readonly checkedAt: Date;
  /** Null for a customer: it names other devices and numbers. */
  readonly expected: string | null;
  readonly seen: string | null;
  readonly planId: PlanId | null;
}

type Expectations = Wanted['expectations'];

/** A text of this length says enough; a network may be on a hundred devices. */
const LONGEST = 2000;

/** One entry for each question that has something to ask of the network, also where nobody answered it. */
export function networkProofs(
  device: DeviceIntent,
  { expectations, excuses }: Wanted,
  checks: readonly VerifyCheck[],
): readonly NetworkProof[] {
  const asked = new Set(expectations.vnis);
  const found = new Map<string, VerifyCheck[]>();
  for (const check of checks) {
    if (!check.about) continue;
    const key = `${check.about.question} ${check.about.subject}`;
    found.set(key, [...(found.get(key) ?? []), check]);
  }
  return device.l2vnis
    .filter(({ vni }) => asked.has(vni))
    .flatMap((network) =>
      questionsOf(device, network, expectations, excuses).map(({ question, subjects }) => {
        const excused = isOfOthers(question) ? (excuses.get(network.vni) ?? []) : [];
        if (excused.length > 0 && isNothing(question, network.vni, expectations)) return unasked(network.vni, question, excused);
        return judge(
          network.vni,
          question,
          subjects.map((subject) => found.get(`${question} ${subject}`) ?? []),
          excused,
        );
      }),
    );
}

const isOfOthers = (question: ProofQuestion): boolean => question === 'REMOTE_VTEPS' || question === 'ROUTES';

const isNothing = (question: ProofQuestion, vni: number, { remoteVteps, routes }: Expectations): boolean =>
  ((question === 'ROUTES' ? routes?.get(vni) : remoteVteps?.get(vni)) ?? []).length === 0;

/** All that would have been demanded is excused: a device that answers to nothing has not answered well. */
const unasked = (vni: number, question: ProofQuestion, excuses: readonly string[]): NetworkProof => ({
  vni,
  question,
  state: 'NOT_CHECKED',
  expected: '',
  seen: short(excuses),
});

interface Asked {
  readonly question: ProofQuestion;
  readonly subjects: readonly string[];
}

function questionsOf(device: DeviceIntent, network: L2VniIntent, expectations: Expectations, excuses: Wanted['excuses']): readonly Asked[] {
  const { vni } = network;
  const l3vni = device.vrfs.find(({ name }) => name === network.vrf)?.l3vni;
  const ports = new Set([network.bridgeName as string, `Vlan${network.vlan}`]);
  const gateways = [...new Set((expectations.addresses ?? []).map(({ port }) => port))].filter((port) => ports.has(port));
  const far = expectations.remoteVteps?.get(vni) ?? [];
  const isExcused = expectations.remoteVteps?.get(vni)?.length === 0 && excuses.has(vni);
  const lists: Asked[] = [
    { question: 'VNI', subjects: [String(vni)] },
    { question: 'REMOTE_VTEPS', subjects: expectations.remoteVteps ? [String(vni)] : [] },
    { question: 'ROUTES', subjects: expectations.routes?.has(vni) || isExcused ? [String(vni)] : [] },
    { question: 'MACS', subjects: (expectations.macs?.get(vni) ?? []).length > 0 ? [String(vni)] : [] },
    { question: 'PREFIXES', subjects: l3vni !== undefined && expectations.prefixes?.has(l3vni) ? [String(l3vni)] : [] },
    { question: 'PATH_MTU', subjects: (expectations.paths ?? []).map(({ to }) => to).filter((to) => far.includes(to)) },
    { question: 'GATEWAY', subjects: gateways },
    { question: 'SESSIONS', subjects: [...expectations.neighbors, ...(expectations.vrfNeighbors ?? [])] },
    { question: 'MLAG', subjects: expectations.mlag ? [''] : [] },
  ];
  return lists.filter(({ subjects }) => subjects.length > 0);
}

/** Failed where one has failed; ok only where every subject was looked at and is. */
function judge(
  vni: number,
  question: ProofQuestion,
  answers: readonly (readonly VerifyCheck[])[],
  excuses: readonly string[],
): NetworkProof {
  const checks = answers.flat();
  const failed = checks.filter(hasFailed);
  const isUnchecked = answers.some((list) => list.length === 0) || checks.some((check) => check.isUnchecked);
  const state = failed.length > 0 ? 'FAILED' : isUnchecked ? 'NOT_CHECKED' : 'OK';
  const told = failed.length > 0 ? failed : checks;
  const seen = told.map(({ about, message, isUnchecked: open }) => (open ? message : (about?.seen ?? message)));
  return {
    vni,
    question,
    state,
    expected: short(told.map(({ about, message }) => about?.expected ?? message)),
    seen: short([...(checks.length === 0 ? ['This device is not asked: its transport cannot tell.'] : seen), ...excuses]),
  };
}

function short(words: readonly string[]): string {
  const text = [...new Set(words)].filter((word) => word !== '').join('; ');
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;
}

/** Of several answers the one that matters: what is wrong, then what is old, then what nobody looked at. */
export function worstState(states: readonly ProofState[]): ProofState {
  if (states.includes('FAILED')) return 'FAILED';
  if (states.includes('STALE')) return 'STALE';
  return states.includes('OK') ? 'OK' : 'NOT_CHECKED';
}

export interface Verdict {
  readonly state: ProofState;
  /** For whoever pays for the network: where it is as it shall be and where not, and nothing of how. */
  readonly sentence: string;
  readonly devices: readonly { readonly slug: string; readonly state: ProofState }[];
}

export function verdictOf(proofs: readonly Pick<StoredProof, 'device' | 'state'>[]): Verdict {
  const slugs = [...new Set(proofs.map(({ device }) => device))];
  const devices = slugs.map((slug) => ({
    slug,
    state: worstState(proofs.filter(({ device }) => device === slug).map(({ state }) => state)),
  }));
  const state = worstState(devices.map((device) => device.state));
  const at = (...states: readonly ProofState[]): string =>
    devices.flatMap((device) => (states.includes(device.state) ? [device.slug] : [])).join(', ');
  const unasked = proofs.filter((proof) => proof.state === 'NOT_CHECKED').length;
  const sentences: Record<ProofState, string> = {
    FAILED: `Not everything works at ${at('FAILED')}: the operator sees what.`,
    STALE: `What is known of ${at('STALE')} is of before a change, or it could not be read since.`,
    NOT_CHECKED: 'Nobody has looked yet.',
    OK: `All that was looked at is as it shall be, at ${at('OK')}.${unasked > 0 ? ` ${count(unasked)} could not be looked at.` : ''}`,
  };
  return { state, sentence: sentences[state], devices };
}

const count = (unasked: number): string => (unasked === 1 ? 'One thing' : `${unasked} things`);
