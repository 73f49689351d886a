import { Injectable } from '@nestjs/common';
import { type PrefixPool, PrefixPoolAdminService, type PrefixPoolChange, toPrefixPoolObject, toPrefixStrategy } from '#contexts/addressing';
import {
  NumberingService,
  type NumberKind,
  parseNumber,
  POOL_STRATEGIES,
  PoolAdminService,
  type PoolChange,
  type PoolObject,
  type PoolStrategy,
  toExclusions,
  toNumberPoolObject,
  toRanges,
} from '#contexts/numbering';
import { decodeId, ID_PREFIXES, invalidValue, type PoolId, type PrefixPoolId, type TenantId } from '#engines/kernel';
import { atPath, Database, type Scope, type Tx } from '#platform';
import type { UpdatePoolInput } from './pool-admin.input.js';

const isOfPrefixes = (publicId: string): boolean => publicId.startsWith(`${ID_PREFIXES.prefixPool}_`);

/** Finds the pool that an id names, and says in its own words what is to be done. */
@Injectable()
export class PoolAdministration {
  constructor(
    private readonly db: Database,
    private readonly numbering: NumberingService,
    private readonly numberPools: PoolAdminService,
    private readonly prefixPools: PrefixPoolAdminService,
  ) {}

  /** All of it or nothing. */
  update(scope: Scope, publicId: string, version: number, input: UpdatePoolInput): Promise<PoolObject> {
    return this.db.inTransaction(scope, (tx) =>
      isOfPrefixes(publicId) ? this.updatePrefixPool(tx, publicId, version, input) : this.updateNumberPool(tx, publicId, version, input),
    );
  }

  remove(scope: Scope, publicId: string): Promise<void> {
    return this.db.inTransaction(scope, (tx) =>
      isOfPrefixes(publicId)
        ? this.prefixPools.remove(tx, decodeId<PrefixPoolId>('prefixPool', publicId))
        : this.numberPools.remove(tx, decodeId<PoolId>('pool', publicId)),
    );
  }

  setQuota(scope: Scope, publicId: string, tenantId: TenantId, max: bigint | null): Promise<PoolObject> {
    return this.db.inTransaction(scope, async (tx) => {
      if (isOfPrefixes(publicId)) {
        const id = decodeId<PrefixPoolId>('prefixPool', publicId);
        await this.prefixPools.setQuota(tx, id, tenantId, max);
        return toPrefixPoolObject(await this.prefixPools.pool(tx, id));
      }
      const id = decodeId<PoolId>('pool', publicId);
      await this.numberPools.setQuota(tx, id, tenantId, max === null ? null : Number(max));
      return toNumberPoolObject(await this.numbering.pool(tx, id));
    });
  }

  private async updateNumberPool(tx: Tx, publicId: string, version: number, input: UpdatePoolInput): Promise<PoolObject> {
    const id = decodeId<PoolId>('pool', publicId);
    const { kind } = await this.numbering.pool(tx, id);
    notOf(input, 'prefixes', ['addPrefixes', 'removePrefixes', 'excludePrefixes', 'includePrefixes', 'minLength', 'defaultLength']);
    return toNumberPoolObject(await this.numberPools.update(tx, id, version, toNumberPoolChange(kind, input)));
  }

  /** One version for each kind of change: the next begins where the last ended. */
  private async updatePrefixPool(tx: Tx, publicId: string, version: number, input: UpdatePoolInput): Promise<PoolObject> {
    const id = decodeId<PrefixPoolId>('prefixPool', publicId);
    notOf(input, 'numbers', ['addRanges', 'removeRanges', 'exclude', 'include']);
    let pool: PrefixPool = await this.prefixPools.update(tx, id, version, toPrefixPoolChange(input));
    for (const cidr of input.includePrefixes) pool = await this.prefixPools.include(tx, id, pool.version, cidr);
    if (input.addPrefixes.length > 0) pool = await this.prefixPools.addRanges(tx, id, pool.version, input.addPrefixes);
    if (input.removePrefixes.length > 0) pool = await this.prefixPools.removeRanges(tx, id, pool.version, input.removePrefixes);
    for (const { cidr, reason } of input.excludePrefixes) pool = await this.prefixPools.exclude(tx, id, pool.version, { cidr, reason });
    return toPrefixPoolObject(pool);
  }
}

/** @throws DomainError INVALID_VALUE for what another kind of pool has. */
function notOf(input: UpdatePoolInput, what: string, fields: readonly (keyof UpdatePoolInput)[]): void {
  const given = fields.find((field) => {
    const value = input[field];
    return Array.isArray(value) ? value.length > 0 : value !== null;
  });
  if (given === undefined) return;
  atPath([given], () => {
    throw invalidValue(given, 'given', `nothing: only pools of ${what} have it`);
  });
}

const tenantsOf = (ids: readonly string[]): TenantId[] => ids.map((tenant) => decodeId<TenantId>('tenant', tenant));

function toNumberPoolChange(kind: NumberKind, input: UpdatePoolInput): PoolChange {
  const { name, strategy, quarantineSeconds, lowWaterPercent, tenants } = input;
  return {
    ...(name !== null && { name }),
    ...(strategy !== null && { strategy: numberStrategy(strategy) }),
    ...(quarantineSeconds !== null && { quarantineSeconds }),
    ...(lowWaterPercent !== null && { lowWaterPercent }),
    ...(tenants !== null && { tenants: tenantsOf(tenants) }),
    addRanges: toRanges(kind, input.addRanges, ['addRanges']),
    removeRanges: toRanges(kind, input.removeRanges, ['removeRanges']),
    exclude: toExclusions(kind, input.exclude, ['exclude']),
    include: input.include.map((first, index) => atPath(['include', index], () => parseNumber(kind, first))),
  };
}

function toPrefixPoolChange(input: UpdatePoolInput): PrefixPoolChange {
  const { name, strategy, minLength, defaultLength, quarantineSeconds, lowWaterPercent, tenants } = input;
  return {
    ...(name !== null && { name }),
    ...(strategy !== null && { strategy: toPrefixStrategy(strategy) }),
    ...(minLength !== null && { minLength }),
    ...(defaultLength !== null && { defaultLength }),
    ...(quarantineSeconds !== null && { quarantineSeconds }),
    ...(lowWaterPercent !== null && { lowWaterPercent }),
    ...(tenants !== null && { tenantIds: tenantsOf(tenants) }),
  };
}

const numberStrategy = (strategy: string): PoolStrategy =>
  atPath(['strategy'], () => {
    const found = POOL_STRATEGIES.find((candidate) => candidate === strategy);
    if (!found) throw invalidValue('strategy', strategy, POOL_STRATEGIES.join(', '));
    return found;
  });
