import { Injectable } from '@nestjs/common';
import { Database, systemScope, type TransactionOptions } from '#platform';
import { AuditService } from './audit.service.js';
import type { Invariant, Violation } from './invariant.js';

/** Violations of one answer; a person reads the first few. */
const LIMIT = 100;
/** A look at many violations ends here: what is repaired or mended is looked at again. */
const ENOUGH = 1000;
const QUESTION: TransactionOptions = { statementTimeoutMs: 60_000 };
/** Rebuilding a pool of 16 million values, under its lock. */
const REPAIR: TransactionOptions = { statementTimeoutMs: 600_000 };

export interface Inspection {
  readonly violations: readonly Violation[];
  /** False: the look ended early, there are more. */
  readonly isAll: boolean;
}

/** Asks invariants and repairs what is derived. */
@Injectable()
export class InvariantInspector {
  constructor(
    private readonly db: Database,
    private readonly audit: AuditService,
  ) {}

  /** Everywhere, slice by slice. @throws what the database throws. */
  async inspect(invariant: Invariant, actor: string): Promise<Inspection> {
    const violations: Violation[] = [];
    for (let after: string | null = null; violations.length < ENOUGH; ) {
      const from: string | null = after;
      const ids = await this.db.inTransaction(systemScope(actor), (tx) => invariant.slices.next(tx, from), QUESTION);
      if (ids.length === 0) return { violations, isAll: true };
      violations.push(...(await this.violations(invariant, ids, actor)));
      after = ids.at(-1) as string;
    }
    return { violations, isAll: false };
  }

  /** Of one slice. Each thing with violations is in the answer, even if another one has more than an answer holds. */
  async violations(invariant: Invariant, ids: readonly string[], actor: string): Promise<Violation[]> {
    const found = await this.db.inTransaction(systemScope(actor), (tx) => invariant.violations(tx, ids, LIMIT), QUESTION);
    if (found.length < LIMIT || ids.length === 1) return found;
    const each: Violation[] = [];
    for (const id of ids) each.push(...(await this.violations(invariant, [id], actor)));
    return each;
  }

  /** Makes anew what is derived of each thing with violations, one transaction each. @returns how many rows changed. */
  async repair(invariant: Invariant, violations: readonly Violation[], actor: string): Promise<number> {
    let rows = 0;
    for (const id of new Set(violations.map((violation) => violation.id))) {
      const what = violations.filter((violation) => violation.id === id).map((violation) => violation.what);
      rows += await this.db.inTransaction(
        systemScope(actor),
        async (tx) => {
          const changed = (await invariant.repair?.(tx, id)) ?? 0;
          await this.audit.append(tx, {
            tenantId: null,
            action: 'invariant.repaired',
            subjectKind: invariant.slices.kind,
            subjectId: id,
            detail: { invariant: invariant.name, rows: changed, violations: what },
          });
          return changed;
        },
        REPAIR,
      );
    }
    return rows;
  }
}
