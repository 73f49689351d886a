import { Injectable } from '@nestjs/common';
import {
  NumberingService,
  PoolAdminService,
  type PoolChange,
  type PoolObject,
  type PoolStrategy,
  toExclusions,
  toNumberPoolObject,
  toRanges,
  parseNumber,
  type NumberKind,
  POOL_STRATEGIES,
} from '#contexts/numbering';
import { decodeId, invalidValue, type PoolId, type TenantId } from '#engines/kernel';
import { atPath, Database, type Scope } from '#platform';
import type { UpdatePoolInput } from './pool-admin.input.js';

/** Finds the pool that an id names, and says in its own words what is to be done. */
@Injectable()
export class PoolAdministration {
  constructor(
    private readonly db: Database,
    private readonly numbering: NumberingService,
    private readonly numberPools: PoolAdminService,
  ) {}

  update(scope: Scope, publicId: string, version: number, input: UpdatePoolInput): Promise<PoolObject> {
    const id = decodeId<PoolId>('pool', publicId);
    return this.db.inTransaction(scope, async (tx) => {
      const { kind } = await this.numbering.pool(tx, id);
      return toNumberPoolObject(await this.numberPools.update(tx, id, version, toNumberPoolChange(kind, input)));
    });
  }

  remove(scope: Scope, publicId: string): Promise<void> {
    const id = decodeId<PoolId>('pool', publicId);
    return this.db.inTransaction(scope, (tx) => this.numberPools.remove(tx, id));
  }

  setQuota(scope: Scope, publicId: string, tenantId: TenantId, max: bigint | null): Promise<PoolObject> {
    const id = decodeId<PoolId>('pool', publicId);
    return this.db.inTransaction(scope, async (tx) => {
      await this.numberPools.setQuota(tx, id, tenantId, max === null ? null : Number(max));
      return toNumberPoolObject(await this.numbering.pool(tx, id));
    });
  }
}

function toNumberPoolChange(kind: NumberKind, input: UpdatePoolInput): PoolChange {
  const { name, strategy, quarantineSeconds, lowWaterPercent, tenants } = input;
  return {
    ...(name !== null && { name }),
    ...(strategy !== null && { strategy: numberStrategy(strategy) }),
    ...(quarantineSeconds !== null && { quarantineSeconds }),
    ...(lowWaterPercent !== null && { lowWaterPercent }),
    ...(tenants !== null && { tenants: tenants.map((tenant) => decodeId<TenantId>('tenant', tenant)) }),
    addRanges: toRanges(kind, input.addRanges, ['addRanges']),
    removeRanges: toRanges(kind, input.removeRanges, ['removeRanges']),
    exclude: toExclusions(kind, input.exclude, ['exclude']),
    include: input.include.map((first, index) => atPath(['include', index], () => parseNumber(kind, first))),
  };
}

const numberStrategy = (strategy: string): PoolStrategy =>
  atPath(['strategy'], () => {
    const found = POOL_STRATEGIES.find((candidate) => candidate === strategy);
    if (!found) throw invalidValue('strategy', strategy, POOL_STRATEGIES.join(', '));
    return found;
  });
