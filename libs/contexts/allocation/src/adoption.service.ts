import { Injectable } from '@nestjs/common';
import { AddressAllocationService, type AdoptedAddress, type AdoptedPrefix, PrefixAllocationService } from '#contexts/addressing';
import { type AdoptedNumber, NumberAllocationService } from '#contexts/numbering';
import { DomainError, isDomainError, type PoolId, type PrefixPoolId, type SubnetId, type TenantId } from '#engines/kernel';
import { Database, type Scope } from '#platform';
import { type Given, givenAddress, givenNumber, givenPrefix } from './given.js';

type Path = readonly (string | number)[];
export type NumberToAdopt = AdoptedNumber & { readonly path: Path; readonly poolId: PoolId };
export type PrefixToAdopt = AdoptedPrefix & { readonly path: Path; readonly poolId: PrefixPoolId };
export type AddressToAdopt = AdoptedAddress & { readonly path: Path; readonly subnetId: SubnetId };

export interface ToAdopt {
  readonly numbers: readonly NumberToAdopt[];
  readonly prefixes: readonly PrefixToAdopt[];
  readonly addresses: readonly AddressToAdopt[];
}

/** What an existing network carries already: taken over pool by pool, in one transaction, with the locks in the order of all others. */
@Injectable()
export class AdoptionService {
  constructor(
    private readonly db: Database,
    private readonly numbers: NumberAllocationService,
    private readonly prefixes: PrefixAllocationService,
    private readonly addresses: AddressAllocationService,
  ) {}

  /** All or none. @throws DomainError of the first that is refused, `facts.path` its place. */
  adopt(scope: Scope, tenantId: TenantId, { numbers, prefixes, addresses }: ToAdopt): Promise<Given[]> {
    return this.db.inTransaction(scope, async (tx) => {
      const adopted: Given[] = [];
      for (const [poolId, ofPool] of grouped(numbers, ({ poolId: id }) => id)) {
        const allocations = await placed(ofPool, () => this.numbers.adoptIn(tx, poolId, tenantId, ofPool));
        adopted.push(...allocations.map(givenNumber));
      }
      for (const [poolId, ofPool] of grouped(prefixes, ({ poolId: id }) => id)) {
        const allocations = await placed(ofPool, () => this.prefixes.adoptIn(tx, poolId, tenantId, ofPool));
        adopted.push(...allocations.map(givenPrefix));
      }
      for (const [subnetId, ofSubnet] of grouped(addresses, ({ subnetId: id }) => id)) {
        const allocations = await placed(ofSubnet, () => this.addresses.adoptIn(tx, subnetId, tenantId, ofSubnet));
        adopted.push(...allocations.map(givenAddress));
      }
      return adopted;
    });
  }
}

/** In the order of the ids: every transaction takes its locks so. */
function grouped<Id extends string, Item>(items: readonly Item[], idOf: (item: Item) => Id): [Id, Item[]][] {
  const groups = new Map<Id, Item[]>();
  for (const item of items) groups.set(idOf(item), [...(groups.get(idOf(item)) ?? []), item]);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** A refusal names its place among those of the pool: here it becomes the place in the request. */
async function placed<Answer>(items: readonly { readonly path: Path }[], work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (!isDomainError(error) || !Array.isArray(error.facts['path'])) throw error;
    const [index, ...within] = error.facts['path'] as string[];
    const path = [...(items[Number(index)]?.path ?? []), ...within].map(String);
    throw new DomainError(error.code, error.message, { ...error.facts, path }, { cause: error });
  }
}
