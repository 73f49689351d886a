import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { encodeId } from '#engines/kernel';
import { Database, type HeldLease, LeaseService, LOGGER, type Logger, systemScope } from '#platform';
import { AuditService } from './audit.service.js';
import { EventService } from './event.service.js';
import { type Invariant, InvariantRegistry, type Slices, type Violation } from './invariant.js';
import { InvariantInspector } from './invariant-inspector.js';
import { ReconcilerRegistry } from './reconciler.js';
import { type Finding, InvariantFindingStore, type Round } from './store/invariant-finding.store.js';

const ACTOR = 'invariants';
const SCOPE = systemScope(ACTOR);
const RUN_EVERY_MS = 60_000;
/** From the end of a look at everything to the beginning of the next. */
const ROUND_EVERY_SECONDS = 600;
/** A run begins no question after this time. A round over a large database takes several runs. */
const RUN_FOR_MS = 5000;
/** What is told of one finding; the doctor shows more. */
const TOLD = 5;

interface Broken {
  readonly invariant: Invariant;
  readonly id: string;
  readonly what: readonly string[];
}

/**
 * Looks at every invariant, slice by slice, one worker at a time, and tells what is broken: an error in the log in each round, one event and one audit
 * entry when it begins and when it is over.
 *
 * It repairs nothing. A violation is a fault in the code or a hand in the database, and a repair would wipe out its traces before anybody saw them. It
 * can wait for a person, because nothing is given twice by it: a free range too few makes a pool smaller, one too many is refused by the constraint.
 */
@Injectable()
export class InvariantWatch implements OnModuleInit {
  constructor(
    private readonly db: Database,
    private readonly leases: LeaseService,
    private readonly registry: InvariantRegistry,
    private readonly inspector: InvariantInspector,
    private readonly findings: InvariantFindingStore,
    private readonly events: EventService,
    private readonly audit: AuditService,
    private readonly reconcilers: ReconcilerRegistry,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  onModuleInit(): void {
    this.reconcilers.add({ name: 'invariants', everyMs: RUN_EVERY_MS, run: (signal) => this.run(signal) });
  }

  /** Goes on with the rounds that are due, all kinds of things in turn. Does nothing while another worker does it. */
  async run(signal: AbortSignal): Promise<void> {
    const until = performance.now() + RUN_FOR_MS;
    await this.leases.withLease('invariants', async (held) => {
      const isOver = (): boolean => signal.aborted || held.signal.aborted || performance.now() > until;
      for (let due = [...this.registry.bySlices()]; due.length > 0; ) {
        const more: typeof due = [];
        for (const group of due) {
          if (isOver()) return;
          if (await this.lookAtNext(held, ...group)) more.push(group);
        }
        due = more;
      }
    });
  }

  /** @returns false when nothing of these things is left to be looked at now. */
  private async lookAtNext(held: HeldLease, slices: Slices, invariants: readonly Invariant[]): Promise<boolean> {
    const next = await this.db.inTransaction(SCOPE, async (tx) => {
      const round = await this.findings.round(tx, slices.name, ROUND_EVERY_SECONDS);
      return round && { round, ids: await slices.next(tx, round.after) };
    });
    if (!next) return false;
    if (next.ids.length === 0) {
      await this.endRound(held, slices, invariants, next.round);
      return false;
    }
    const broken: Broken[] = [];
    const unknown: Invariant[] = [];
    for (const invariant of invariants) {
      try {
        broken.push(...bySubject(invariant, await this.inspector.violations(invariant, next.ids, ACTOR)));
      } catch (error) {
        this.log.error('invariant.not_asked', { invariant: invariant.name, slice: next.ids[0], error });
        unknown.push(invariant);
      }
    }
    await held.inTransaction(SCOPE, async (tx) => {
      for (const { invariant, id, what } of broken) {
        const finding = await this.findings.see(tx, {
          invariant: invariant.name,
          kind: slices.kind,
          id,
          what: what.slice(0, TOLD).join('; '),
        });
        if (finding.isNew) await this.tell(tx, 'invariant.broken', finding, { says: invariant.says, remedy: invariant.remedy, what });
      }
      for (const invariant of unknown) await this.findings.keep(tx, invariant.name, next.ids);
      await this.findings.lookedAt(tx, slices.name, next.ids.at(-1) as string);
    });
    for (const { invariant, id, what } of broken)
      this.log.error('invariant.broken', { invariant: invariant.name, subject: encodeId(slices.kind, id), what: what.slice(0, TOLD) });
    return true;
  }

  /** What was not seen broken in the whole round is over. */
  private async endRound(held: HeldLease, slices: Slices, invariants: readonly Invariant[], round: Round): Promise<void> {
    const names = invariants.map((invariant) => invariant.name);
    const over = await held.inTransaction(SCOPE, async (tx) => {
      const gone = await this.findings.forget(tx, names, round.startedAt);
      for (const finding of gone) await this.tell(tx, 'invariant.restored', finding, { since: finding.foundAt.toISOString() });
      await this.findings.endRound(tx, slices.name);
      return gone;
    });
    for (const finding of over)
      this.log.info('invariant.restored', { invariant: finding.invariant, subject: encodeId(finding.kind, finding.id) });
  }

  private async tell(
    tx: Parameters<EventService['append']>[0],
    type: string,
    { invariant, kind, id }: Finding,
    more: object,
  ): Promise<void> {
    const body = { invariant, subject: encodeId(kind, id), ...more };
    await this.events.append(tx, { tenantId: null, type, subjectId: id, body });
    await this.audit.append(tx, { tenantId: null, action: type, subjectKind: kind, subjectId: id, detail: body });
  }
}

function bySubject(invariant: Invariant, violations: readonly Violation[]): Broken[] {
  const broken = new Map<string, string[]>();
  for (const { id, what } of violations) broken.set(id, [...(broken.get(id) ?? []), what]);
  return [...broken].map(([id, what]) => ({ invariant, id, what }));
}
