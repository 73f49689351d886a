import { decodeId, type IdKind, type TenantId } from '#engines/kernel';
import type { Scope, Tx } from '#platform';
import type { Given } from './given.js';

/** What the services of numbers, prefixes and addresses have in common: what becomes of an allocation after it was given. */
interface Keeper<Id extends string, Allocation> {
  bind(scope: Scope, id: Id, generation: number, holder: string | null): Promise<Allocation>;
  extend(scope: Scope, id: Id, generation: number, ttlSeconds: number): Promise<Allocation>;
  transfer(scope: Scope, id: Id, generation: number, to: NewOwner): Promise<Allocation>;
  release(scope: Scope, id: Id, generation: number | null, reason: string | null): Promise<Allocation | undefined>;
  allocation(tx: Tx, id: Id): Promise<Allocation>;
  allocationsOfKey(tx: Tx, tenantId: TenantId, key: string): Promise<readonly Allocation[]>;
}

export interface NewOwner {
  readonly tenantId: TenantId;
  readonly holder: string | null;
}

/** The same by public id. */
export interface Desk {
  bind(scope: Scope, publicId: string, generation: number, holder: string | null): Promise<Given>;
  extend(scope: Scope, publicId: string, generation: number, ttlSeconds: number): Promise<Given>;
  transfer(scope: Scope, publicId: string, generation: number, to: NewOwner): Promise<Given>;
  release(scope: Scope, publicId: string, generation: number | null, reason: string | null): Promise<Given | undefined>;
  find(tx: Tx, publicId: string): Promise<Given>;
  findByKey(tx: Tx, tenantId: TenantId, key: string): Promise<Given[]>;
}

export function deskOf<Id extends string, Allocation>(
  kind: IdKind,
  keeper: Keeper<Id, Allocation>,
  toGiven: (allocation: Allocation) => Given,
): Desk {
  const idOf = (publicId: string): Id => decodeId<Id>(kind, publicId);
  return {
    bind: async (scope, id, generation, holder) => toGiven(await keeper.bind(scope, idOf(id), generation, holder)),
    extend: async (scope, id, generation, ttlSeconds) => toGiven(await keeper.extend(scope, idOf(id), generation, ttlSeconds)),
    transfer: async (scope, id, generation, to) => toGiven(await keeper.transfer(scope, idOf(id), generation, to)),
    release: async (scope, id, generation, reason) => {
      const resting = await keeper.release(scope, idOf(id), generation, reason);
      return resting && toGiven(resting);
    },
    find: async (tx, id) => toGiven(await keeper.allocation(tx, idOf(id))),
    findByKey: async (tx, tenantId, key) => (await keeper.allocationsOfKey(tx, tenantId, key)).map(toGiven),
  };
}
