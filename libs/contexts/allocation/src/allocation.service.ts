import { Injectable } from '@nestjs/common';
import { type GrantedNumbers, NumberAllocationService, NumberingService, type NumberKind, type NumberRequest } from '#contexts/numbering';
import { invalidValue, type PoolId, type VlanDomainId } from '#engines/kernel';
import { Database, type Scope } from '#platform';
import { rehearse } from './rehearse.js';

export interface AllocateOptions {
  /** Everything is done and undone again: the answer is true, and nothing of it stays. */
  readonly isDryRun: boolean;
}

/** The counter: what other systems are given, whatever its kind. Who may ask for which tenant is decided before, see `tenantIn`. */
@Injectable()
export class AllocationService {
  constructor(
    private readonly db: Database,
    private readonly numbers: NumberAllocationService,
    private readonly numbering: NumberingService,
  ) {}

  /** @throws DomainError as `NumberAllocationService.allocate`. */
  allocateNumbers(scope: Scope, request: NumberRequest, { isDryRun }: AllocateOptions): Promise<GrantedNumbers> {
    return isDryRun ? rehearse(this.db, scope, (tx) => this.numbers.allocateIn(tx, request)) : this.numbers.allocate(scope, request);
  }

  /** No round trip: what kind a pool gives is remembered. @throws DomainError NOT_FOUND | INVALID_VALUE (another kind). */
  async poolGives(poolId: PoolId, kinds: readonly NumberKind[]): Promise<NumberKind> {
    const kind = await this.numbers.kindOf(poolId);
    if (!kinds.includes(kind)) throw invalidValue('pool', `of ${kind}`, `a pool of ${kinds.join(' or ')}`);
    return kind;
  }

  kindOf(poolId: PoolId): Promise<NumberKind> {
    return this.numbers.kindOf(poolId);
  }

  /** @throws DomainError NOT_FOUND. */
  poolOfVlanDomain(scope: Scope, id: VlanDomainId): Promise<PoolId> {
    return this.db.inTransaction(scope, (tx) => this.numbering.poolOfVlanDomain(tx, id));
  }
}
