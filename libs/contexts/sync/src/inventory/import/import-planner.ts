import { Injectable } from '@nestjs/common';
import { Database, type HeldLease, systemScope, type Tx } from '#platform';
import { ImportStore, type WantedImport } from './import.store.js';
import { idleRuleNotes } from './idle-rule-notes.js';
import { type ImportCounts, type ImportRequest, ImportSums, InventoryImport } from './inventory-import.js';

const SCOPE = systemScope('import');
/** After so many it is asked whether the time is over. */
const OBJECTS_BY_THE_CLOCK = 100;

export interface ImportPlan {
  readonly counts: ImportCounts;
  /** Why it does not say all; null: it does. */
  readonly rest: string | null;
}

/**
 * What an import would take, found out by taking it in a transaction that is taken back: so it is what the rules say and not a likeness of them. All is
 * read first, that no transaction is open while another system is spoken to; and since what is allocated in it is locked for others, it ends when its time is over.
 * A transaction that is open that long also holds back whatever reads only what no open one is older than (SETTLED_BELOW): the journal of every connector
 * and the event streams are silent meanwhile, and say all of it afterwards.
 */
@Injectable()
export class ImportPlanner {
  constructor(
    private readonly db: Database,
    private readonly store: ImportStore,
    private readonly imports: InventoryImport,
  ) {}

  async plan(wanted: WantedImport, seconds: number, request: ImportRequest, held: HeldLease, signal: AbortSignal): Promise<ImportPlan> {
    await held.inTransaction(SCOPE, (tx) => this.store.beginPlan(tx, wanted.id));
    let pages = 0;
    for await (const page of this.imports.pages(request.source, request.kinds, signal)) {
      const seq = pages++;
      await held.inTransaction(SCOPE, (tx) => this.store.stage(tx, wanted.id, seq, page));
    }
    const answer: { plan?: ImportPlan } = {};
    try {
      await this.db.inTransaction(SCOPE, async (tx) => {
        // What is said of it is kept beside the transaction, that it stays.
        const keep = (work: (kept: Tx) => Promise<void>): Promise<void> => held.inTransaction(SCOPE, work);
        await keep((kept) => this.store.forgetNotes(kept, wanted.id));
        answer.plan = await this.planAll(tx, wanted, { seconds, pages, request, keep, signal });
        throw new NotKept();
      });
    } catch (error) {
      if (!(error instanceof NotKept)) throw error;
    }
    if (!answer.plan) throw new Error('a transaction ended without a plan');
    return answer.plan;
  }

  private async planAll(tx: Tx, wanted: WantedImport, { seconds, pages, request, keep, signal }: Planning): Promise<ImportPlan> {
    const sums = new ImportSums();
    const deadline = performance.now() + seconds * 1000;
    for (let seq = 0; seq < pages; seq++) {
      const page = await this.store.staged(tx, wanted.id, seq);
      if (!page) throw new Error(`page ${seq} of the plan is gone`);
      // A page of theirs may be a thousand objects and take longer than all of the time.
      let from = 0;
      do {
        signal.throwIfAborted();
        if (performance.now() > deadline)
          return {
            counts: sums.counts,
            rest: `${seconds} s are over, and ${seq} of ${pages} pages are planned: what is allocated for a plan is locked for others`,
          };
        const objects = page.objects.slice(from, from + OBJECTS_BY_THE_CLOCK);
        const outcome = await this.imports.take(tx, { ...page, objects }, request);
        sums.add(outcome);
        const told = [...outcome.taken.map((object) => ({ ...object, code: null, reason: '' })), ...outcome.notTaken];
        if (told.length > 0) await keep((kept) => this.store.note(kept, wanted.id, told));
        from += OBJECTS_BY_THE_CLOCK;
      } while (from < page.objects.length);
    }
    const idle = idleRuleNotes(await this.store.idleRules(tx, wanted.id));
    if (idle.length > 0) await keep((kept) => this.store.note(kept, wanted.id, idle));
    return { counts: sums.counts, rest: null };
  }
}

interface Planning {
  readonly seconds: number;
  readonly pages: number;
  readonly request: ImportRequest;
  readonly keep: (work: (kept: Tx) => Promise<void>) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Takes the transaction back. */
class NotKept extends Error {}
