import { Injectable } from '@nestjs/common';
import type { IdKind, TenantId } from '#engines/kernel';
import type { Tx } from '#platform';

export interface AuditEntry {
  /** Null: an act on what belongs to the operator. */
  readonly tenantId: TenantId | null;
  readonly action: string;
  readonly subjectKind: IdKind;
  readonly subjectId: string;
  readonly detail?: object;
}

/** Who did what: a row in the transaction of the act. Nobody may change or delete one (no grant). */
@Injectable()
export class AuditService {
  async append(tx: Tx, entry: AuditEntry): Promise<void> {
    await tx.run('INSERT INTO audit_entry (actor, tenant_id, action, subject_kind, subject_id, detail) VALUES ($1, $2, $3, $4, $5, $6)', [
      tx.scope.actor,
      entry.tenantId,
      entry.action,
      entry.subjectKind,
      entry.subjectId,
      JSON.stringify(entry.detail ?? {}),
    ]);
  }
}
