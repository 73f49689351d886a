import { Injectable } from '@nestjs/common';
import { AuditService, OutboxService } from '#contexts/events';
import { type AddressSpaceId, DomainError, notFound, type PrefixPoolId } from '#engines/kernel';
import { Database, type Scope, violatedConstraint, violationHint } from '#platform';
import type { ImportedAddress, ImportedPrefix } from './domain/allocation.js';
import { outOfRange } from './domain/errors.js';
import { AddressingImportStore } from './store/addressing-import.store.js';
import { PrefixPoolStore } from './store/prefix-pool.store.js';

/** A statement may be about a million rows. */
const OPTIONS = { statementTimeoutMs: 600_000 };

/**
 * Whole networks at once: a million rows in one transaction, all or none, constraints on. Who allocates from the pool or the subnets meanwhile waits.
 * What is imported has no key: `adopt` is for requests that may come twice. Operator only.
 */
@Injectable()
export class AddressingImporter {
  constructor(
    private readonly db: Database,
    private readonly store: AddressingImportStore,
    private readonly pools: PrefixPoolStore,
    private readonly audit: AuditService,
    private readonly outbox: OutboxService,
  ) {}

  /**
   * Excluded though they may be; what rests has to be swept before.
   * @returns how many. @throws OVERLAPS | OUT_OF_RANGE | NOT_FOUND, with up to ten of the rows.
   */
  importPrefixes(scope: Scope, poolId: PrefixPoolId, rows: AsyncIterable<ImportedPrefix> | Iterable<ImportedPrefix>): Promise<number> {
    const once = readOnce(rows);
    return this.db.inTransaction(
      scope,
      async (tx) => {
        const count = await this.store.stagePrefixes(tx, once());
        await this.pools.lock(tx, poolId);
        const pool = await this.pools.pool(tx, poolId);
        if (!pool) throw notFound('prefixPool', poolId);
        const [tenantId] = await this.store.unknownTenants(tx);
        if (tenantId !== undefined) throw notFound('tenant', tenantId);
        const stray = await this.store.strayPrefixes(tx, poolId);
        if (stray.length > 0)
          throw outOfRange(stray.join(', '), `prefixes of up to /${pool.maxLength} within ${pool.ranges.join(' or ')}`, {
            prefixes: stray,
          });
        const overlapping = await this.store.overlappingPrefixes(tx, poolId);
        if (overlapping.length > 0)
          throw new DomainError('OVERLAPS', `${overlapping.join(', ')} overlap prefixes of the import or of the pool`, { overlapping });
        await this.store.insertPrefixes(tx, poolId);
        await this.audit.append(tx, {
          tenantId: null,
          action: 'prefix.imported',
          subjectKind: 'prefixPool',
          subjectId: poolId,
          detail: { count },
        });
        await this.outbox.append(tx, 'prefix-pool.changed', poolId);
        return count;
      },
      OPTIONS,
    );
  }

  /**
   * Each into the subnet that has it, reserved or in a DHCP range though it may be.
   * @returns how many. @throws ALREADY_EXISTS | OUT_OF_RANGE (a host of no subnet of the space), with up to ten of the rows.
   */
  importAddresses(
    scope: Scope,
    spaceId: AddressSpaceId,
    rows: AsyncIterable<ImportedAddress> | Iterable<ImportedAddress>,
  ): Promise<number> {
    const once = readOnce(rows);
    return this.db.inTransaction(
      scope,
      async (tx) => {
        const count = await this.store.stageAddresses(tx, once());
        await this.store.placeAddresses(tx, spaceId);
        const stray = await this.store.strayAddresses(tx);
        if (stray.length > 0) throw outOfRange(stray.join(', '), 'host addresses of subnets of the space', { addresses: stray });
        const repeated = await this.store.repeatedAddresses(tx, spaceId);
        if (repeated.length > 0)
          throw new DomainError('ALREADY_EXISTS', `${repeated.join(', ')} are given out already`, { addresses: repeated });
        await this.store.insertAddresses(tx, spaceId).catch((error: unknown) => {
          const constraint = violatedConstraint(error);
          if (constraint !== 'ip_address_dns_name_unique' && constraint !== 'ip_address_mac_unique') throw error;
          const name = violationHint(error);
          const words = name === undefined ? 'a name or a MAC address of the import is in use' : `the name ${name} is in use`;
          throw new DomainError('ALREADY_EXISTS', words, { constraint, ...(name !== undefined && { name }) }, { cause: error });
        });
        await this.audit.append(tx, {
          tenantId: null,
          action: 'address.imported',
          subjectKind: 'addressSpace',
          subjectId: spaceId,
          detail: { count },
        });
        return count;
      },
      OPTIONS,
    );
  }
}

/** A transaction that is tried again would find a stream that was read to its end: no rows, and no error. */
function readOnce<Rows>(rows: Rows): () => Rows {
  let isRead = false;
  return () => {
    if (isRead) throw new Error('the import met another change of the same rows; nothing of it was kept, run it again');
    isRead = true;
    return rows;
  };
}
