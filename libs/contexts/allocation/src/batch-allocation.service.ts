import { Injectable } from '@nestjs/common';
import { AddressAllocationService, type AddressRequest, PrefixAllocationService, type PrefixRequest } from '#contexts/addressing';
import { NumberAllocationService, type NumberRequest } from '#contexts/numbering';
import { DomainError, isDomainError } from '#engines/kernel';
import { Database, isUserError, type Scope, type Tx } from '#platform';
import type { AllocateOptions } from './allocation.service.js';
import { givenAddress, givenNumber, givenPrefix, type Grant, toGrant } from './given.js';
import { rehearse } from './rehearse.js';

type Path = readonly (string | number)[];

/** One request of a batch, with its place in the input. */
export type BatchItem = { readonly path: Path } & (
  | { readonly of: 'number'; readonly request: NumberRequest }
  | { readonly of: 'prefix'; readonly request: PrefixRequest }
  | { readonly of: 'address'; readonly request: AddressRequest }
);
/** One that cannot even be asked. */
export interface RefusedItem {
  readonly path: Path;
  readonly refusal: DomainError;
}
export type BatchAnswer = (Grant & { readonly path: Path }) | RefusedItem;

export interface BatchOptions extends AllocateOptions {
  /** Each item gets what it can, and a refusal concerns it alone; otherwise one refusal refuses all. */
  readonly isBestEffort: boolean;
}

/** All locks of all transactions are taken in this order, and within a kind in the order of ids. */
const LOCK_ORDER = ['number', 'prefix', 'address'] as const;
const lockOf = ({ of, request }: BatchItem): string =>
  `${LOCK_ORDER.indexOf(of)} ${'subnetId' in request ? request.subnetId : request.poolId}`;

/** Numbers, prefixes and addresses in one transaction. */
@Injectable()
export class BatchAllocationService {
  constructor(
    private readonly db: Database,
    private readonly numbers: NumberAllocationService,
    private readonly prefixes: PrefixAllocationService,
    private readonly addresses: AddressAllocationService,
  ) {}

  /**
   * One answer for each item, in their order. Tried again as a whole on a deadlock.
   * @throws DomainError of the first item that is refused, `facts.path` its place, unless it is best effort.
   */
  async allocate(
    scope: Scope,
    items: readonly (BatchItem | RefusedItem)[],
    { isBestEffort, isDryRun }: BatchOptions,
  ): Promise<BatchAnswer[]> {
    const refused = items.filter(isRefused);
    const [first] = refused;
    if (first && !isBestEffort) throw first.refusal;
    const asked = items
      .filter((item): item is BatchItem => !isRefused(item))
      .sort((a, b) => (lockOf(a) < lockOf(b) ? -1 : lockOf(a) > lockOf(b) ? 1 : 0));
    const all = async (tx: Tx): Promise<Map<Path, BatchAnswer>> => {
      const answers = new Map<Path, BatchAnswer>();
      for (const item of asked) answers.set(item.path, await (isBestEffort ? this.tried(tx, item) : this.granted(tx, item)));
      return answers;
    };
    const answers = await (isDryRun ? rehearse(this.db, scope, all) : this.db.inTransaction(scope, all));
    return items.map((item) => answers.get(item.path) ?? (item as RefusedItem));
  }

  /** What was refused leaves nothing, whatever it had begun. */
  private async tried(tx: Tx, item: BatchItem): Promise<BatchAnswer> {
    await tx.run('SAVEPOINT item');
    try {
      const granted = await this.granted(tx, item);
      await tx.run('RELEASE SAVEPOINT item');
      return granted;
    } catch (error) {
      if (!isUserError(error)) throw error;
      await tx.run('ROLLBACK TO SAVEPOINT item');
      return { path: item.path, refusal: error };
    }
  }

  private async granted(tx: Tx, item: BatchItem): Promise<BatchAnswer> {
    try {
      return { path: item.path, ...(await this.grant(tx, item)) };
    } catch (error) {
      throw isDomainError(error) ? below(item.path, error) : error;
    }
  }

  private async grant(tx: Tx, item: BatchItem): Promise<Grant> {
    switch (item.of) {
      case 'number':
        return toGrant(await this.numbers.allocateIn(tx, item.request), givenNumber);
      case 'prefix':
        return toGrant(await this.prefixes.allocateIn(tx, item.request), givenPrefix);
      case 'address':
        return toGrant(await this.addresses.allocateIn(tx, item.request), givenAddress);
    }
  }
}

export const isRefused = (item: BatchItem | BatchAnswer): item is RefusedItem => 'refusal' in item;

/** The same error, of something within. */
export function below(path: Path, error: DomainError): DomainError {
  const within = Array.isArray(error.facts['path']) ? (error.facts['path'] as string[]) : [];
  return new DomainError(error.code, error.message, { ...error.facts, path: [...path.map(String), ...within] }, { cause: error });
}
