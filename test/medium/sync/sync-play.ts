import assert from 'node:assert/strict';
import type { SyncRun } from '#contexts/sync';
import type { InventoryKind } from '#contexts/sync/ports';
import { type ForeignCall, type ForeignFault, InMemoryInventory, InMemoryLocal } from '#contexts/sync/testing';
import { DomainError, type SyncTargetId } from '#engines/kernel';
import { type Fields, printSyncPlan, type Ref } from '#engines/reconcile';
import { expectEqual, translated } from './sync-compare.js';
import { SyncLedger } from './sync-ledger.js';
import { idIn, isAlike, SyncPeople } from './sync-people.js';
import { MODEL_KINDS, type ModelKind, type SyncSequence, type SyncStep, type Trouble } from './sync-steps.js';
import { expectLossesTold, expectTimes } from './sync-told.js';
import type { SyncWorld } from './sync-world.js';

const FIRST_100 = { first: 100, after: null };
/** Two to delete, and a few for what waits for a reference or for a person. */
const ROUNDS = 14;

/** One sequence: what people do on both sides, runs that go wrong in between, and what has to hold after each of them. */
export class SyncPlay {
  private readonly ledger = new SyncLedger();
  private readonly local: InMemoryLocal;
  private readonly foreign: InMemoryInventory;
  private readonly people: SyncPeople;
  private trouble: (Trouble & { seen: number }) | null = null;
  private effectsSeen = 0;
  private isHidden = false;
  /** Links were lost, and no complete run has found them again since. */
  private isForgotten = false;
  private accepted: ReadonlySet<string> = new Set();

  private constructor(
    private readonly world: SyncWorld,
    private readonly targetId: SyncTargetId,
    private readonly sequence: SyncSequence,
  ) {
    const { ledger } = this;
    this.local = new (class extends InMemoryLocal {
      override async take(...[tx, kind, id, fields]: Parameters<InMemoryLocal['take']>): Promise<void> {
        const before = this.get(kind, id) ?? {};
        await super.take(tx, kind, id, fields);
        ledger.runWrote('OURS', kind, id, before, fields);
      }
    })();
    const { isUnique, isSingleWriter, provesGone, pageSize } = sequence;
    this.foreign = new InMemoryInventory({
      isUnique,
      isSingleWriter,
      provesGone,
      pageSize,
      needsPreparation: true,
      onCall: (call) => this.faultOf(call),
      edits: (kind, remoteId) => this.people.theyEditMeanwhile(kind as ModelKind, remoteId),
    });
    this.people = new SyncPeople(this.local, this.foreign, this.ledger, world.next());
  }

  static async play(world: SyncWorld, sequence: SyncSequence): Promise<void> {
    const play = new SyncPlay(world, await world.connector(sequence), sequence);
    await world.with({ local: play.local, foreign: play.foreign }, () => play.all());
  }

  private async all(): Promise<void> {
    for (const kind of MODEL_KINDS) {
      for (let key = 0; key < this.sequence.ours; key++) this.people.weAdd({ kind, key, at: key });
      for (let key = 0; key < this.sequence.theirs; key++) this.people.theyAdd({ kind, key: key + 2, at: key });
    }
    for (const [n, step] of this.sequence.steps.entries()) {
      try {
        await this.step(step);
      } catch (error) {
        throw new Error(`step ${n}, ${step.step}: ${(error as Error).message}`, { cause: error });
      }
    }
    await this.comeToRest();
    await this.expectNothingToDo();
    await this.expectConverged();
    await expectTimes(this.world, this.targetId);
    await expectLossesTold(this.world, this.targetId, this.ledger.losses);
  }

  private async step(step: SyncStep): Promise<void> {
    switch (step.step) {
      case 'weAdd':
        return this.people.weAdd(step);
      case 'theyAddMarked':
        return this.people.theyAdd(step, `another's ${step.key}`);
      case 'theyAdd':
      case 'weEdit':
      case 'theyEdit':
      case 'weRenew':
      case 'weLeave':
      case 'weRemove':
      case 'theyRemove':
      case 'theyUnmark':
      case 'theyCopy':
        return this.people[step.step](step as never);
      case 'loseLinks':
        // What is hidden and was forgotten, too, nobody can know of.
        if (this.isHidden) return;
        this.isForgotten = true;
        this.people.forget();
        return this.loseLinks(step.oneOf);
      case 'hide':
        if (this.isForgotten) return;
        this.isHidden = true;
        for (const kind of MODEL_KINDS) this.foreign.hide(kind, this.people.twoOfFive(kind));
        return;
      case 'show':
        this.isHidden = false;
        return this.foreign.hide('tenant', []);
      case 'vanish':
        for (const kind of MODEL_KINDS) this.foreign.vanish(kind, this.people.twoOfFive(kind));
        return;
      case 'arrive':
        return this.foreign.arrive();
      case 'decide':
        // Who sees two of five missing and says yes gets what he asked for.
        if (!this.isHidden) await this.decide(step.keep);
        return;
      case 'run':
        return this.run(step.trouble);
      case 'runSome':
        return this.runSome(step.trouble);
      case 'runLater':
        return this.runLater(step.trouble);
    }
  }

  private async run(trouble: Trouble | null): Promise<void> {
    const { id } = await this.world.runs.start({ targetId: this.targetId }, 'model');
    await this.attend(trouble);
    this.isForgotten &&= !['SUCCEEDED', 'PARTIAL'].includes((await this.world.runs.run(id)).state);
  }

  private async runSome(trouble: Trouble | null): Promise<void> {
    const changed = this.people.journal.splice(0);
    await this.world.system(async (tx) => {
      for (const { kind, key } of changed) await tx.run('INSERT INTO sync_journal (kind, local_key) VALUES ($1, $2)', [kind, key]);
      await tx.run(`UPDATE sync_target SET feed_read_at = '-infinity' WHERE id = $1`, [this.targetId]);
    });
    await this.attend(trouble);
  }

  private async runLater(trouble: Trouble | null): Promise<void> {
    await this.timePasses();
    await this.attend(trouble);
  }

  /** Hours: whatever was sent is done, or never will be. */
  private async timePasses(): Promise<void> {
    this.foreign.arrive();
    await this.world.system((tx) =>
      tx.run(
        `UPDATE sync_recheck SET due_at = '-infinity', may_come_until = CASE WHEN may_come_until IS NOT NULL THEN '-infinity'::timestamptz END
          WHERE target_id = $1`,
        [this.targetId],
      ),
    );
  }

  private async attend(trouble: Trouble | null): Promise<void> {
    this.trouble = trouble && { ...trouble, seen: 0 };
    try {
      await this.world.runner.run(this.targetId, new AbortController().signal);
    } catch (error) {
      if (!(error instanceof Killed) && !(error instanceof DomainError && error.code === 'LEASE_LOST')) throw error;
    } finally {
      this.trouble = null;
    }
    if (trouble !== null && isLostAnswer(trouble)) this.people.forget();
    this.look();
  }

  // ── faults ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  private async faultOf(call: ForeignCall): Promise<ForeignFault | undefined> {
    const { trouble } = this;
    if (trouble?.call !== call) return undefined;
    const at = trouble.seen++;
    if (at < trouble.from || at >= trouble.from + trouble.times) return undefined;
    if (trouble.fault !== 'KILLED') return trouble.fault;
    // Another execution has the lease by now: whatever this one still writes is refused.
    await this.world.system((tx) =>
      tx.run(`UPDATE lease SET holder = gen_random_uuid(), fence = fence + 1, until = '-infinity' WHERE resource = $1`, [
        `sync:${this.targetId}`,
      ]),
    );
    throw new Killed('killed');
  }

  private loseLinks(oneOf: number): Promise<void> {
    return this.world.system(async (tx) => {
      await tx.run(
        `DELETE FROM sync_link WHERE (target_id, kind, local_id) IN (SELECT target_id, kind, local_id FROM
           (SELECT l.*, row_number() OVER (ORDER BY kind, local_id) AS n FROM sync_link l WHERE target_id = $1) x WHERE n % $2 = 0)`,
        [this.targetId, oneOf],
      );
    });
  }

  // ── people decide ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** @returns whether there was something to decide. */
  private async decide(keep: 'US' | 'THEM'): Promise<boolean> {
    const { runs } = this.world;
    const latest = await runs.runsOf(this.targetId, { first: 10, after: null });
    const run = latest.find(({ trigger }) => trigger === 'PERSON' || trigger === 'TIMER');
    const isStopped = run?.state === 'BLOCKED_BY_GUARD' && run.digest !== null;
    if (isStopped) await runs.approve(run.id, run.digest as string, 'model');
    const isAdopted = run !== undefined && (await this.adopt(run));
    const conflicts = (await runs.conflictsOf(this.targetId, FIRST_100)).filter(({ decision }) => decision === null);
    for (const { id } of conflicts) await runs.resolveConflict(id, keep, 'model');
    return isStopped || isAdopted || conflicts.length > 0;
  }

  /** The first candidate of each of ours, and each of theirs once. */
  private async adopt(run: SyncRun): Promise<boolean> {
    const proposals = (await this.world.runs.changesOf(run.id, { first: 500, after: null })).filter(({ state }) => state === 'PROPOSED');
    const taken = new Set<string>();
    const seqs = proposals.flatMap(({ seq, kind, localId, remoteId }) => {
      const [mine, theirs] = [`${kind} ${localId}`, `${kind} ~${remoteId}`];
      if (taken.has(mine) || taken.has(theirs)) return [];
      taken.add(mine).add(theirs);
      return [seq];
    });
    if (seqs.length > 0) await this.world.runs.adopt(run.id, seqs, 'model');
    return seqs.length > 0;
  }

  // ── what has to hold after every run ──────────────────────────────────────────────────────────────────────────────────────────────────

  private look(): void {
    const { effects } = this.foreign;
    for (const effect of effects.slice(this.effectsSeen)) {
      const { verb, kind, remoteId, markBefore, before, after, isTwin } = effect;
      const what = `${verb} ${kind} ${remoteId} (${markBefore ?? 'no mark'})`;
      if (verb === 'CREATE') assert.ok(!isTwin, `a twin: ${what} ${JSON.stringify(after)}`);
      else if (verb === 'MARK') assert.ok(this.mayBeMarked(kind, markBefore), `marked what was another's: ${what}`);
      else assert.ok(markBefore !== null && this.people.ids.has(idIn(markBefore)), `wrote what is not ours: ${what}`);
      if (verb === 'DELETE' || verb === 'DEPRECATE')
        assert.equal(this.local.get(kind, idIn(markBefore ?? '')), undefined, `took away what we still have: ${what}`);
      if (verb === 'UPDATE') this.expectOthersElements(kind as ModelKind, before ?? {}, after ?? {}, what);
      if (verb === 'CREATE' || verb === 'UPDATE')
        this.ledger.runWrote('THEIRS', kind, this.markOf(kind, remoteId), before ?? {}, after ?? {});
    }
    this.effectsSeen = effects.length;
    for (const kind of MODEL_KINDS) {
      const marks = new Map<string, number>();
      for (const { mark } of this.foreign.all(kind))
        if (mark !== null && this.people.ids.has(idIn(mark))) marks.set(idIn(mark), (marks.get(idIn(mark)) ?? 0) + 1);
      for (const [mark, count] of marks)
        assert.ok(count <= 1 + (this.people.copied.get(`${kind} ${mark}`) ?? 0), `${count} objects of ${kind} carry the mark ${mark}`);
    }
  }

  /** What is nobody's, or what was kept for one of ours that is no more. */
  private mayBeMarked(kind: InventoryKind, mark: string | null): boolean {
    return mark === null || (this.people.ids.has(idIn(mark)) && this.local.get(kind, idIn(mark)) === undefined);
  }

  /** Targets that are not ours: people put them there, and only they remove them. */
  private expectOthersElements(kind: ModelKind, before: Fields, after: Fields, what: string): void {
    for (const [field, value] of Object.entries(before)) {
      if (!Array.isArray(value)) continue;
      const left = new Set((after[field] as readonly Ref[]).map(({ id }) => id));
      for (const { id } of value as readonly Ref[])
        if (!left.has(id)) {
          const mark = this.foreign.all('routeTarget').find(({ remoteId }) => `~${remoteId}` === id)?.mark ?? null;
          assert.ok(mark !== null, `${what} removed ${id} of others from ${kind}.${field}`);
        }
    }
  }

  private markOf(kind: string, remoteId: string): string {
    return idIn(this.foreign.all(kind as ModelKind).find((object) => object.remoteId === remoteId)?.mark ?? '');
  }

  // ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  private async comeToRest(): Promise<void> {
    this.foreign.hide('tenant', []);
    this.isHidden = false;
    await this.timePasses();
    let unchanged = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const before = this.state();
      await this.run(null);
      const isDecided = await this.decide(round % 2 === 0 ? 'US' : 'THEM');
      unchanged = this.state() === before ? unchanged + 1 : 0;
      // What waits for something that a person accepted as gone waits for ever: it is asked about in each run, and nothing moves.
      if (unchanged === 5 || (unchanged >= 2 && !isDecided)) return;
    }
    const [run] = await this.world.runs.runsOf(this.targetId, { first: 1, after: null });
    const changes = run ? await this.world.runs.changesOf(run.id, FIRST_100) : [];
    assert.fail(
      `not at rest after ${ROUNDS} runs; the last, ${run?.state}: ${run?.guards.join('; ')}\n${printSyncPlan('model', changes, run?.digest ?? '')}`,
    );
  }

  private state(): string {
    const sides = MODEL_KINDS.map((kind) => [this.local.all(kind), this.foreign.all(kind)]);
    return JSON.stringify(sides);
  }

  private async expectNothingToDo(): Promise<void> {
    const links = () =>
      this.world.system((tx) =>
        tx.sql(`SELECT xmin::text AS x, local_id AS id FROM sync_link WHERE target_id = $1 ORDER BY kind, local_id`, [this.targetId]),
      );
    const [before, effects, taken] = [await links(), this.foreign.effects.length, this.local.taken.length];
    await this.run(null);
    assert.equal(this.foreign.effects.length, effects, 'a run of nothing wrote there');
    assert.equal(this.local.taken.length, taken, 'a run of nothing took something over');
    assert.deepEqual(await links(), before, 'a run of nothing wrote links');
  }

  private async expectConverged(): Promise<void> {
    const links = await this.links();
    const remoteIdOf = ({ kind, id }: Ref): string | undefined => {
      const remoteId = links.get(`${kind} ${id}`);
      return this.foreign.all(kind as ModelKind).find((object) => object.remoteId === remoteId)?.remoteId;
    };
    for (const kind of MODEL_KINDS)
      for (const { id, fields } of this.people.ours(kind)) {
        const wanted = translated(this.compared(kind, fields), remoteIdOf);
        // What it refers to is not there: it waits, and that one is looked at by itself.
        if (!wanted) continue;
        const theirs = this.foreign.all(kind).find(({ remoteId }) => remoteId === remoteIdOf({ kind, id }));
        const holders = this.foreign
          .all(kind)
          .filter((other) => other.remoteId !== theirs?.remoteId && isAlike(kind, other.fields, wanted));
        if (!theirs && !this.isAccepted(kind, id) && holders.length === 0)
          assert.fail(`${kind} ${id} is not there: ${JSON.stringify(fields)}\n${await this.said(kind, id)}`);
        if (!theirs) continue;
        if (holders.length === 0 || !this.sequence.isUnique) expectEqual(`${kind} ${id}`, wanted, theirs.fields);
        if (kind === 'prefix' && !('vlan' in fields) && !this.people.named.has(theirs.remoteId))
          assert.equal(theirs.fields['vlan'], null, `prefix ${id} names a VLAN that only we ever said\n${await this.said(kind, id)}`);
      }
    const mayLinger = this.sequence.steps.some((step) => step.step === 'loseLinks' || step.step === 'theyCopy' || hasLostAnswer(step));
    if (mayLinger) return;
    for (const kind of MODEL_KINDS)
      for (const { mark, remoteId } of this.foreign.all(kind))
        if (mark !== null && this.people.ids.has(idIn(mark)) && this.local.get(kind, idIn(mark)) === undefined)
          this.expectHeld(kind, remoteId, `${kind} ${remoteId} of ${mark}, which is gone, is still there`);
  }

  private compared(kind: ModelKind, fields: Fields): Fields {
    const { names, descriptions } = this.sequence;
    const isLeft = (field: string): boolean =>
      (field === 'description' && descriptions === 'IGNORE') || (kind === 'tenant' && field === 'name' && names === 'IGNORE');
    return Object.fromEntries(Object.entries(fields).filter(([field]) => !isLeft(field) && !(kind === 'vlan' && field === 'name')));
  }

  private async links(): Promise<ReadonlyMap<string, string>> {
    const rows = await this.world.system((tx) =>
      tx.sql<{ place: string; remoteId: string; state: string }>(
        `SELECT kind || ' ' || local_id AS place, remote_id AS "remoteId", state FROM sync_link WHERE target_id = $1`,
        [this.targetId],
      ),
    );
    this.accepted = new Set(rows.filter(({ state }) => state === 'GONE').map(({ place }) => place));
    return new Map(rows.filter(({ state }) => state !== 'GONE').map(({ place, remoteId }) => [place, remoteId]));
  }

  /** What the last runs had to say of it. */
  private async said(kind: ModelKind, id: string): Promise<string> {
    const lines = await this.world.system((tx) =>
      tx.sql(
        `SELECT r.trigger, r.state, r.guards, r.error, c.action, c.remote_id, c.state AS line, c.error AS why FROM sync_run r
           LEFT JOIN sync_change c ON c.run_id = r.id AND c.kind = $2 AND c.local_id = $3 WHERE r.target_id = $1 ORDER BY r.id DESC LIMIT 8`,
        [this.targetId, kind, id],
      ),
    );
    const open = await this.world.runs.conflictsOf(this.targetId, FIRST_100);
    return [...lines, ...open].map((line) => JSON.stringify(line)).join('\n');
  }

  private isAccepted(kind: ModelKind, id: string): boolean {
    return this.accepted.has(`${kind} ${id}`);
  }

  /** Something refers to it, and that was not our word, or is still. */
  private expectHeld(kind: ModelKind, remoteId: string, what: string): void {
    const text = `"kind":"${kind}","id":"~${remoteId}"`;
    const holders = MODEL_KINDS.flatMap((other) => this.foreign.all(other).filter(({ fields }) => JSON.stringify(fields).includes(text)));
    assert.ok(holders.length > 0, what);
    if (kind === 'vlan')
      for (const holder of holders) assert.ok(this.people.named.has(holder.remoteId), `${what}: by ${holder.label}, in a word of ours`);
  }
}

class Killed extends Error {}

const isLostAnswer = ({ call, fault }: Trouble): boolean => call === 'write' && !['ERROR', 'FORBIDDEN', 'KILLED'].includes(fault);
const hasLostAnswer = (step: SyncStep): boolean =>
  'trouble' in step &&
  step.trouble !== null &&
  (isLostAnswer(step.trouble) || (step.trouble.call === 'write' && step.trouble.fault === 'KILLED'));
