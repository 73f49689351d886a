import { Field, Float, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { encodeId } from '#engines/kernel';
import type { FieldValue } from '#engines/reconcile';
import { connectionOf, DateTimeScalar, enumType, JsonObjectScalar, UserError } from '#platform';
import type { StoredChange, SyncConflict, SyncRun } from '../domain/sync-run.js';

export const SyncStateEnum = enumType('SyncState', ['RUNNING', 'SUCCEEDED', 'PARTIAL', 'FAILED', 'BLOCKED_BY_GUARD'], {
  of: {
    RUNNING: 'Asked for, or under way.',
    PARTIAL: 'Some lines were not carried out; each says why.',
    FAILED: 'It is tried again by itself.',
    BLOCKED_BY_GUARD: 'A person looks: `guards` say at what, `approveSyncRun` lets it go on.',
  },
});

export const SyncPhaseEnum = enumType('SyncPhase', ['WANTED', 'PLANNING', 'APPROVED', 'APPLYING', 'ENDED'], {
  of: {
    WANTED: 'A worker will come by.',
    PLANNING: 'Everything is read and compared; nothing is written.',
    APPROVED: 'Its lines are known, and a worker will carry them out.',
    APPLYING: 'Its lines are carried out.',
    ENDED: 'Nobody is at it; one that was stopped waits for a person.',
  },
});

export const SyncConflictStateEnum = enumType('SyncConflictState', ['OPEN', 'RESOLVED'], {
  of: {
    OPEN: 'It waits for a person, or for the run that does what the person said.',
    RESOLVED: 'The two agree again, by a decision or by themselves.',
  },
});

export const SyncTriggerEnum = enumType('SyncTrigger', ['CHANGE', 'HINT', 'TIMER', 'PERSON', 'ADOPTION', 'RETRY'], {
  of: { RETRY: 'What was refused before, or goes away when its grace period is over.' },
});

export const SyncChangeStateEnum = enumType('SyncChangeState', ['PROPOSED', 'PLANNED', 'APPLIED', 'REFUSED', 'SKIPPED', 'STALE'], {
  of: {
    PROPOSED: 'A person says whether the two are one; nothing is written for it.',
    STALE: 'It changed after it was read; it is read again.',
  },
});

export const KeepEnum = enumType('SyncConflictSide', ['US', 'THEM']);

@ObjectType('SyncCounts')
export class SyncCountsObject {
  @Field(() => Int) read: number;
  @Field(() => Int) created: number;
  @Field(() => Int) updated: number;
  @Field(() => Int) deleted: number;
  @Field(() => Int) unchanged: number;
  @Field(() => Int) conflicts: number;
  @Field(() => Int) skipped: number;
}

@ObjectType('SyncProgress')
export class SyncProgressObject {
  @Field({ description: 'The type of objects that it is at.' }) objectType: string;
  @Field(() => Int, { description: 'While it reads, of the objects of that type; while it writes, of all its lines.' }) done: number;
  @Field(() => Int, { nullable: true, description: 'Null: nobody knows.' }) total: number | null;
}

@ObjectType('SyncRun')
export class SyncRunObject {
  @Field(() => ID) id: string;
  /** Not part of the schema: what its lines are read by. */
  uuid: SyncRun['id'];
  @Field(() => ID) connector: string;
  @Field(() => SyncTriggerEnum) trigger: string;
  @Field({ description: 'Nothing is written.' }) dryRun: boolean;
  @Field(() => SyncStateEnum) state: string;
  @Field(() => SyncPhaseEnum) phase: string;
  @Field(() => DateTimeScalar) startedAt: Date;
  @Field(() => DateTimeScalar, { nullable: true }) finishedAt: Date | null;
  @Field(() => SyncCountsObject) counts: SyncCountsObject;
  @Field(() => SyncProgressObject, { nullable: true, description: 'Null before and after.' }) progress: SyncProgressObject | null;
  @Field(() => String, {
    nullable: true,
    description:
      'What a person approves: of all its lines; of a run for a name server of those that wait for a person, or of all where none does. Null while they are being made, and where a name server could not be read.',
  })
  digest: string | null;
  @Field(() => [String], { description: 'Why it was stopped, in sentences.' }) guards: readonly string[];
  @Field({ description: 'False: of `changes` those that it did not carry out are not kept any more; what it did is.' }) linesKept: boolean;
  @Field() wantedBy: string;
  @Field(() => String, { nullable: true }) approvedBy: string | null;
  @Field(() => String, {
    nullable: true,
    description: 'Why it failed; of one that came to its end what a person should know of it: lines that wait, kinds that were left alone.',
  })
  error: string | null;
}

@ObjectType('SyncChange', { description: 'A line of a run: what it would do with one object, and what came of it.' })
export class SyncChangeObject {
  @Field(() => Int, { description: 'Its number in the run.' }) seq: number;
  @Field() action: string;
  @Field() objectType: string;
  @Field({ description: 'The object as people know it.' }) label: string;
  @Field({ description: 'Id of ours.' }) ours: string;
  @Field(() => String, { nullable: true, description: 'Id of theirs; null before it is made.' }) theirs: string | null;
  @Field(() => JsonObjectScalar, { description: 'What stands there, of the fields that change.' }) before: object;
  @Field(() => JsonObjectScalar, { description: 'What is to stand there.' }) after: object;
  @Field(() => JsonObjectScalar, { description: 'What is taken over here.' }) takenOver: object;
  @Field(() => [String], { description: 'Fields in which a change of one side is overwritten.' }) overwritten: readonly string[];
  @Field(() => SyncChangeStateEnum) state: string;
  @Field() applied: boolean;
  @Field(() => String, { nullable: true, description: 'Of the other system, word by word; or why it waits.' }) error: string | null;
}

@ObjectType('SyncConflict', { description: 'Both sides changed a field, and no rule says who is right.' })
export class SyncConflictObject {
  @Field(() => ID) id: string;
  @Field(() => ID) connector: string;
  @Field() objectType: string;
  @Field({ description: 'The object as people know it.' }) label: string;
  @Field({ description: '`*`: the object is gone there.' }) field: string;
  @Field(() => String, { nullable: true, description: 'Text as it is, everything else as JSON.' }) ours: string | null;
  @Field(() => String, { nullable: true }) theirs: string | null;
  @Field(() => String, { nullable: true, description: 'What both had when they last agreed.' }) base: string | null;
  @Field(() => DateTimeScalar) firstSeenAt: Date;
  @Field(() => SyncConflictStateEnum) state: string;
  @Field(() => DateTimeScalar, { nullable: true }) resolvedAt: Date | null;
  @Field(() => KeepEnum, { nullable: true, description: 'What a person said; null of one that is resolved: the two agree by themselves.' })
  decision: string | null;
  @Field(() => String, { nullable: true }) decidedBy: string | null;
}

@ObjectType()
export class SyncRunConnection extends connectionOf(SyncRunObject, 'SyncRun') {}
@ObjectType()
export class SyncChangeConnection extends connectionOf(SyncChangeObject, 'SyncChange') {}
@ObjectType()
export class SyncConflictConnection extends connectionOf(SyncConflictObject, 'SyncConflict') {}

export const REPLAYED = {
  type: () => Boolean,
  nullable: true,
  description: 'True when the key was seen before: nothing was done again.',
} as const;

@ObjectType('SyncRunPayload')
export class SyncRunPayload {
  @Field(() => SyncRunObject, { nullable: true }) run?: SyncRunObject | null;
  @Field(REPLAYED.type, REPLAYED) replayed?: boolean | null;
  @Field(() => [UserError]) errors: UserError[];
}

@ObjectType('SyncConflictPayload')
export class SyncConflictPayload {
  @Field(() => SyncConflictObject, { nullable: true }) conflict?: SyncConflictObject | null;
  @Field(REPLAYED.type, REPLAYED) replayed?: boolean | null;
  @Field(() => [UserError]) errors: UserError[];
}

@InputType()
export class StartSyncInput {
  @Field(() => String, { nullable: true }) idempotencyKey: string | null = null;
  @Field(() => ID) connector: string;
  @Field({ defaultValue: false, description: 'Everything is computed and shown, nothing is written.' }) dryRun: boolean = false;
  @Field(() => Float, { nullable: true, description: 'It stops when more than this share of a type would be deleted; 0.1.' })
  maxDeleteRatio: number | null = null;
}

export const toRunObject = ({ id, targetId, isDryRun, progress, ...run }: SyncRun): SyncRunObject => ({
  ...run,
  id: encodeId('syncRun', id),
  uuid: id,
  connector: encodeId('syncTarget', targetId),
  dryRun: isDryRun,
  // Runs of a name server from before kept no phase.
  phase: run.state === 'RUNNING' && run.phase === 'ENDED' ? 'APPLYING' : run.phase,
  progress: progress.kind === undefined ? null : { objectType: progress.kind, done: progress.done ?? 0, total: progress.total ?? null },
});

export const toChangeObject = ({ kind, localId, remoteId, pull, ...change }: StoredChange): SyncChangeObject => ({
  ...change,
  objectType: kind,
  ours: localId,
  theirs: remoteId,
  takenOver: pull,
  applied: change.state === 'APPLIED',
});

const textOf = (value: FieldValue): string | null => (value === null || typeof value === 'string' ? value : JSON.stringify(value));

export const toConflictObject = ({ id, targetId, kind, ours, theirs, base, ...conflict }: SyncConflict): SyncConflictObject => ({
  ...conflict,
  id: encodeId('syncConflict', id),
  connector: encodeId('syncTarget', targetId),
  objectType: kind,
  state: conflict.resolvedAt === null ? 'OPEN' : 'RESOLVED',
  ours: textOf(ours),
  theirs: textOf(theirs),
  base: textOf(base),
});
