import { Injectable } from '@nestjs/common';
import { AuditService } from '#contexts/events';
import { type Description, type Ip, type IpAddressId, notFound, type PrefixId, type SubnetId } from '#engines/kernel';
import type { Tx } from '#platform';
import { AddressingListing } from './addressing-listing.js';
import { noRangeFrom } from './domain/errors.js';
import { SubnetService } from './subnet.service.js';
import { AddressingListingStore } from './store/addressing-listing.store.js';

const TABLES = { prefix: 'prefix', ipAddress: 'ip_address' } as const;
type Kind = keyof typeof TABLES;

/** What people write about prefixes, addresses and ranges. Other systems are told of it (the journal of sync notices). */
@Injectable()
export class AddressingDescriptions {
  constructor(
    private readonly store: AddressingListingStore,
    private readonly listing: AddressingListing,
    private readonly subnets: SubnetService,
    private readonly audit: AuditService,
  ) {}

  /** In the order of the ids; null: nothing is said, or it is not there. What the operator writes about its own is told to no tenant. */
  async of(tx: Tx, kind: Kind, ids: readonly string[]): Promise<(Description | null)[]> {
    const rows = await this.store.described(tx, TABLES[kind], ids);
    const toldOf = rows.filter(({ tenantId }) => tenantId !== null || tx.scope.kind === 'system');
    const found = new Map(toldOf.map(({ id, description }) => [id, description]));
    return ids.map((id) => found.get(id) ?? null);
  }

  /** Null: nothing is said any more. The same again is no change. @throws DomainError NOT_FOUND: it is not there, or the operator's. */
  async set(
    tx: Tx,
    of: { readonly prefix: PrefixId } | { readonly ipAddress: IpAddressId },
    description: Description | null,
  ): Promise<void> {
    const [kind, id] = Object.entries(of)[0] as [Kind, string];
    const [before] = await this.store.described(tx, TABLES[kind], [id]);
    if (!before || (before.tenantId === null && tx.scope.kind !== 'system')) throw notFound(kind, id);
    if (before.description === description) return;
    await this.listing.describe(tx, of, description);
    const detail = { before: before.description, description };
    await this.audit.append(tx, { tenantId: before.tenantId, action: `${kind}.described`, subjectKind: kind, subjectId: id, detail });
  }

  /** Of the range that begins there. @throws DomainError NOT_FOUND | OUT_OF_RANGE (no range begins there). */
  async setOfRange(tx: Tx, subnetId: SubnetId, first: Ip, description: Description | null): Promise<void> {
    const { tenantId } = await this.subnets.subnet(tx, subnetId);
    const ranges = await this.subnets.ranges(tx, subnetId);
    const before = ranges.find((range) => range.first === first)?.reason;
    if (before === undefined) throw noRangeFrom(first, ranges);
    const reason = description ?? '';
    if (before === reason) return;
    await this.listing.explainRange(tx, { subnetId, first }, description);
    const detail = { first, before, reason };
    await this.audit.append(tx, { tenantId, action: 'subnet.range-described', subjectKind: 'subnet', subjectId: subnetId, detail });
  }
}
