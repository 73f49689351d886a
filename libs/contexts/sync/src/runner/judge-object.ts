import { canonicalJson } from '#engines/kernel';
import {
  type Existence,
  type Fields,
  type ForeignReason,
  judgeExistence,
  type KindRules,
  mergeFields,
  type Sighting,
} from '#engines/reconcile';
import type { SyncConflict } from '../domain/sync-run.js';
import type { LocalObject } from '../inventory/local-inventory.js';
import type { InventoryKind } from '../inventory/kinds.js';
import type { PlannedChange } from '../store/sync-change.store.js';
import { type SeenConflict, WHOLE_OBJECT } from '../store/sync-conflict.store.js';
import type { Adoption, OnRemoteGone } from '../domain/connector.js';
import type { Link } from '../store/sync-link.store.js';
import { isMarkedBefore } from './own-marks.js';

/** An object of theirs, references in ids of ours where both ends are linked. */
export interface Theirs extends Sighting {
  readonly order: number;
  readonly version: string | null;
  readonly label: string;
  readonly fields: Fields;
  /** Of one that was kept for an object of ours that is no more: what both had, and whether it is shown there as going away. */
  readonly left?: Pick<Link, 'localId' | 'base' | 'state'>;
}

/** What is known of one object, on either side. */
export interface Pair {
  readonly ours: LocalObject | null;
  readonly link: Link | null;
  readonly theirs: Theirs | null;
  /** Others of theirs that may be it. */
  readonly alike: readonly Theirs[];
  readonly isGoneUnproven?: boolean;
}

export interface JudgeRules {
  readonly kind: InventoryKind;
  readonly rules: KindRules;
  readonly adoption: Adoption;
  readonly onRemoteGone: OnRemoteGone;
}

export interface Judgement {
  readonly changes: readonly Omit<PlannedChange, 'seq'>[];
  readonly conflicts: readonly SeenConflict[];
  /** Both agree on something new; nothing is to be written for it. */
  readonly rebase: Fields | null;
}

const NOTHING: Judgement = { changes: [], conflicts: [], rebase: null };
const WHY_FOREIGN: Readonly<Record<ForeignReason, string>> = {
  KEY_HELD_BY_OURS: 'is kept for another object of ours',
  KEY_HELD_BY_ANOTHER: 'carries the mark of another owner',
};

const HIDDEN = 'it is not shown any more, and nothing there says that it was deleted: it may only be hidden from us';

/** One object: what is to be done, what is in conflict, what both agree on. @param decided by a person, of conflicts that are open. */
export function judgeObject(pair: Pair, judging: JudgeRules, decided: readonly SyncConflict[]): Judgement {
  const { link, theirs, alike } = pair;
  const { kind, rules, adoption } = judging;
  const decision = (field: string): Decision => decided.find((conflict) => conflict.field === field)?.decision ?? null;
  const verdict = existenceOf(pair, judging, decision(WHOLE_OBJECT));
  const decidedRules = rulesAsDecided(rules, decision);
  const found = (remoteId: string): Theirs =>
    (theirs?.remoteId === remoteId ? theirs : alike.find((other) => other.remoteId === remoteId)) as Theirs;
  const line = lineOf(kind, pair);
  const ours = pair.ours as LocalObject; // But for what we removed.
  switch (verdict.verdict) {
    case 'MERGE':
      return merged(line, decidedRules, ours, theirs as Theirs, link);
    case 'RELINK':
      return joined('RELINK', line, decidedRules, ours, found(verdict.remoteId), 'PLANNED');
    case 'SUCCEED':
      return succeeded(line, decidedRules, ours, found(verdict.remoteId), link);
    case 'PROPOSE_ADOPTION': {
      const state = adoption === 'AUTOMATIC' && verdict.candidates.length === 1 ? 'PLANNED' : 'PROPOSED';
      const proposals = verdict.candidates.map((id) => joined('ADOPT', line, decidedRules, ours, found(id), state));
      return { changes: proposals.flatMap(({ changes }) => changes), conflicts: [], rebase: null };
    }
    case 'CREATE':
    case 'RECREATE':
      return { ...NOTHING, changes: [created(line, rules, ours)] };
    case 'PROPOSE_RECREATION':
      return { ...NOTHING, changes: [{ ...created(line, rules, ours), state: 'PROPOSED', error: HIDDEN }] };
    case 'FOREIGN': {
      const error = `${found(verdict.remoteId).label} is in its place and ${WHY_FOREIGN[verdict.reason]}`;
      return { ...NOTHING, changes: [{ ...created(line, rules, ours), state: 'SKIPPED', error }] };
    }
    case 'REMOTE_GONE':
      return gone(line, verdict.policy, link as Link);
    case 'RETIRE':
      return verdict.step === 'WAIT'
        ? NOTHING
        : { ...NOTHING, changes: [{ ...line, ...place(theirs as Theirs), action: verdict.step, base: link?.base ?? {} }] };
    case 'UNLINK':
    case 'FORGET':
      return { ...NOTHING, changes: [{ ...line, action: 'UNLINK' }] };
  }
}

type Decision = SyncConflict['decision'];
const WHEN_GONE = { US: 'RECREATE', THEM: 'ACCEPT' } as const;

/** @param whole what a person decided of the object as a whole, which was gone there. */
function existenceOf(
  { ours, link, theirs, alike, isGoneUnproven }: Pair,
  { kind, onRemoteGone }: Pick<JudgeRules, 'kind' | 'onRemoteGone'>,
  whole: Decision,
): Existence {
  return judgeExistence({
    link: link && { localId: link.localId, phase: link.phase },
    ours: ours?.id ?? null,
    theirs: theirs && link && isMarkedBefore(kind, theirs.mark, link.localId) ? { ...theirs, isMarkedBefore: true } : theirs,
    alike,
    whenGone: whole === null ? onRemoteGone : WHEN_GONE[whole],
    // Who decided that it is made again knows.
    isGoneUnproven: isGoneUnproven === true && whole === null,
  });
}

/** Of what is nobody's nobody decides. */
const rulesAsDecided = (rules: KindRules, decision: (field: string) => Decision): KindRules =>
  Object.fromEntries(
    Object.entries(rules).map(([field, rule]) => [
      field,
      rule.authority === 'IGNORE' ? rule : { ...rule, authority: decision(field) ?? rule.authority },
    ]),
  );

type Line = Omit<PlannedChange, 'seq'>;

function lineOf(kind: InventoryKind, { ours, link, theirs, alike }: Pair): Line {
  const localId = ours?.id ?? link?.localId ?? '';
  const name = ours && Object.values(ours.fields).find((value) => typeof value === 'string');
  return {
    action: 'UPDATE',
    kind,
    localId,
    remoteId: link?.remoteId ?? null,
    remoteOrder: link?.order ?? null,
    remoteVersion: null,
    label: theirs?.label ?? (name ? String(name) : (alike[0]?.label ?? localId)),
    before: {},
    after: {},
    pull: {},
    replaced: {},
    successorOf: null,
    base: {},
    overwritten: [],
    guarded: [],
    state: 'PLANNED',
    error: null,
  };
}

const place = ({ remoteId, order, version, label }: Theirs): Pick<Line, 'remoteId' | 'remoteOrder' | 'remoteVersion' | 'label'> => ({
  remoteId,
  remoteOrder: order,
  remoteVersion: version,
  label,
});

const namesOf = (of: Fields | KindRules): string[] => Object.keys(of);
const only = (fields: Fields, names: readonly string[]): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name)));

function merged(line: Line, rules: KindRules, ours: LocalObject, theirs: Theirs, link: Link | null): Judgement {
  const merge = mergeFields(rules, { ours: ours.fields, base: link?.base ?? null, theirs: theirs.fields });
  const conflicts = merge.conflicts.map((conflict) => ({ ...conflict, localId: ours.id, remoteId: theirs.remoteId, label: theirs.label }));
  const push = link !== null && link.state !== 'LINKED' ? revived(rules, merge.push, ours, theirs) : merge.push;
  if (namesOf(push).length === 0 && namesOf(merge.pull).length === 0) {
    const isAgreed = link !== null && canonicalJson(link.base) !== canonicalJson(merge.base);
    return { changes: [], conflicts, rebase: isAgreed ? merge.base : null };
  }
  return { changes: [{ ...line, ...place(theirs), ...effects(push, merge, ours, theirs) }], conflicts, rebase: null };
}

/**
 * It comes back: whatever says there that it goes away is written over, by name where there is a field for it. That one we wrote ourselves, so it is
 * written over whoever's its status is.
 */
function revived(rules: KindRules, push: Fields, ours: LocalObject, theirs: Theirs): Fields {
  const isMarkedSo = theirs.fields['status'] === 'deprecated' && rules['status']?.authority === 'IGNORE';
  const due = isMarkedSo ? { ...push, ...only(ours.fields, ['status']) } : push;
  const compared = Object.entries(rules).filter(([, { authority }]) => authority !== 'IGNORE');
  return namesOf(due).length > 0
    ? due
    : only(
        ours.fields,
        compared.map(([field]) => field),
      );
}

/**
 * What we kept there for an object that is no more becomes that of the one which has its natural key now: nothing is deleted, nothing made a second time.
 * What is marked as an earlier release did it is its own successor.
 */
function succeeded(line: Line, rules: KindRules, ours: LocalObject, theirs: Theirs, link: Link | null): Judgement {
  const left = theirs.left ?? link;
  const copies = {
    ours: ours.fields,
    base: left?.base ?? null,
    theirs: theirs.fields,
    wasLinked: true,
    isTakenOver: theirs.left !== undefined,
  };
  const merge = mergeFields(rules, copies);
  const push = left?.state === 'DEPRECATED' ? revived(rules, merge.push, ours, theirs) : merge.push;
  const successorOf = theirs.left?.localId ?? theirs.mark;
  const change = { ...line, ...place(theirs), ...effects(push, merge, ours, theirs), action: 'ADOPT' as const, successorOf };
  return { ...NOTHING, changes: [change] };
}

function joined(
  action: 'RELINK' | 'ADOPT',
  line: Line,
  rules: KindRules,
  ours: LocalObject,
  theirs: Theirs,
  state: 'PLANNED' | 'PROPOSED',
): Judgement {
  const merge = mergeFields(rules, { ours: ours.fields, base: null, theirs: theirs.fields, wasLinked: action === 'RELINK' });
  // What is in conflict is told once the two are one: until then it is two objects.
  return { ...NOTHING, changes: [{ ...line, ...place(theirs), ...effects(merge.push, merge, ours, theirs), action, state }] };
}

const effects = (
  push: Fields,
  merge: ReturnType<typeof mergeFields>,
  ours: LocalObject,
  theirs: Theirs,
): Pick<Line, 'before' | 'after' | 'pull' | 'replaced' | 'base' | 'overwritten' | 'guarded'> => ({
  before: only(theirs.fields, namesOf(push)),
  after: push,
  pull: merge.pull,
  replaced: only(ours.fields, namesOf(merge.pull)),
  base: merge.base,
  overwritten: [...merge.pushedBack, ...merge.pulledOver],
  guarded: merge.guarded,
});

function created(line: Line, rules: KindRules, ours: LocalObject): Line {
  const after = only(ours.fields, namesOf(rules));
  return { ...line, action: 'CREATE', remoteId: null, remoteOrder: null, after, base: after };
}

function gone(line: Line, policy: 'ACCEPT' | 'HOLD', link: Link): Judgement {
  if (link.state === 'GONE') return NOTHING;
  if (policy === 'ACCEPT') return { ...NOTHING, changes: [{ ...line, action: 'ACCEPT_GONE' }] };
  const { localId, remoteId } = link;
  return { ...NOTHING, conflicts: [{ localId, remoteId, field: WHOLE_OBJECT, label: line.label, ours: true, base: true, theirs: false }] };
}
