import { Injectable } from '@nestjs/common';
import { AuditService } from '#contexts/events';
import { type Description, notFound } from '#engines/kernel';
import type { Tx } from '#platform';
import { type DescribedKind, TenancyListingStore } from './store/tenancy-listing.store.js';

export type { DescribedKind } from './store/tenancy-listing.store.js';

/** What people write about tenants, VRFs and networks. Other systems are told of it (the journal of sync notices). */
@Injectable()
export class TenancyDescriptions {
  constructor(
    private readonly store: TenancyListingStore,
    private readonly audit: AuditService,
  ) {}

  /** In the order of the ids; null: nothing is said, or it is not there. */
  async of(tx: Tx, kind: DescribedKind, ids: readonly string[]): Promise<(Description | null)[]> {
    const found = new Map((await this.store.described(tx, kind, ids)).map(({ id, description }) => [id, description]));
    return ids.map((id) => found.get(id) ?? null);
  }

  /** Null: nothing is said any more. The same again is no change. @throws DomainError NOT_FOUND. */
  async set(tx: Tx, kind: DescribedKind, id: string, description: Description | null): Promise<void> {
    const [before] = await this.store.described(tx, kind, [id]);
    if (!before) throw notFound(kind, id);
    if (before.description === description) return;
    if (!(await this.store.describe(tx, kind, id, description))) throw notFound(kind, id);
    const detail = { before: before.description, description };
    await this.audit.append(tx, { tenantId: before.tenantId, action: `${kind}.described`, subjectKind: kind, subjectId: id, detail });
  }
}
