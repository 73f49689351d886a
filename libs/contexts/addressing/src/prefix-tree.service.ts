import { Injectable } from '@nestjs/common';
import { AuditService } from '#contexts/events';
import { type AddressSpaceId, Cidr, DomainError, invalidValue, notFound, type PrefixId } from '#engines/kernel';
import { newId, type Tx, violatedConstraint } from '#platform';
import { overlaps } from './domain/errors.js';
import { type PrefixNode, PrefixTreeStore } from './store/prefix-tree.store.js';

export type { PrefixNode } from './store/prefix-tree.store.js';

/** 2^12 cells are a picture of 64 by 64. */
const MOST_HEAT_BITS = 12;

/** The tree of prefixes: containers in containers, ranges of pools in them, and leaves in those. */
@Injectable()
export class PrefixTreeService {
  constructor(
    private readonly store: PrefixTreeStore,
    private readonly audit: AuditService,
  ) {}

  /**
   * A container only groups. It may be put between others; what lies within it becomes its child. Operator only.
   * @throws OVERLAPS (there is one, or it lies in a pool).
   */
  async createContainer(tx: Tx, container: { spaceId: AddressSpaceId; cidr: Cidr }): Promise<PrefixNode> {
    await this.store.lock(tx, container.spaceId);
    const inTheWay = await this.store.inTheWay(tx, container.spaceId, container.cidr, 'CONTAINER');
    if (inTheWay.length > 0) throw overlaps(container.cidr, inTheWay);
    const id = newId<PrefixId>();
    await this.store.insert(tx, { id, ...container, role: 'CONTAINER' }).catch((error: unknown) => {
      if (violatedConstraint(error) === 'prefix_cidr_unique') throw overlaps(container.cidr, [container.cidr], error);
      throw error;
    });
    await this.audit.append(tx, {
      tenantId: null,
      action: 'prefix.container-created',
      subjectKind: 'prefix',
      subjectId: id,
      detail: { cidr: container.cidr },
    });
    return this.node(tx, id);
  }

  /** What it grouped moves up. @throws NOT_FOUND | IN_USE (a range of a pool: the pool lets go of it). */
  async removeContainer(tx: Tx, id: PrefixId): Promise<void> {
    const node = await this.node(tx, id);
    if (node.role !== 'CONTAINER') throw new DomainError('IN_USE', `${node.cidr} is no container`, { holderKind: node.role.toLowerCase() });
    await this.store.lock(tx, node.spaceId);
    await this.store.remove(tx, id);
    await this.audit.append(tx, {
      tenantId: null,
      action: 'prefix.container-removed',
      subjectKind: 'prefix',
      subjectId: id,
      detail: { cidr: node.cidr },
    });
  }

  /** @throws NOT_FOUND. */
  async node(tx: Tx, id: PrefixId): Promise<PrefixNode> {
    const node = await this.store.node(tx, id);
    if (!node) throw notFound('prefix', id);
    return node;
  }

  /** In any order; those that are not there, or not to be seen, are left out. */
  nodes(tx: Tx, ids: readonly PrefixId[]): Promise<PrefixNode[]> {
    return this.store.nodes(tx, ids);
  }

  /** Free blocks within, the largest first. @param minLength none that are larger. */
  freeBlocks(tx: Tx, { spaceId, cidr }: PrefixNode, minLength: number, limit: number): Promise<Cidr[]> {
    return this.store.freeBlocks(tx, spaceId, cidr, minLength, limit);
  }

  /** A page in rising order, as far as the scope of the transaction sees them. */
  children(tx: Tx, id: PrefixId, after: Cidr | null, limit: number): Promise<PrefixNode[]> {
    return this.store.children(tx, id, after, limit);
  }

  roots(tx: Tx, spaceId: AddressSpaceId, after: Cidr | null, limit: number): Promise<PrefixNode[]> {
    return this.store.roots(tx, spaceId, after, limit);
  }

  /**
   * For pictures: the used share (given out, resting or excluded) of each of 2^bits equal parts of a prefix, in rising order; 0 where no pool is. It is
   * read from the free blocks, so it costs as much as space is fragmented and not as much as it is used. @param bits 0 to 12.
   */
  heat(tx: Tx, spaceId: AddressSpaceId, cidr: Cidr, bits: number): Promise<number[]> {
    const most = Math.min(MOST_HEAT_BITS, (Cidr.family(cidr) === 4 ? 32 : 128) - Cidr.length(cidr));
    if (!Number.isInteger(bits) || bits < 0 || bits > most) throw invalidValue('heat resolution', bits, `0 to ${most} bits for ${cidr}`);
    return this.store.heat(tx, spaceId, cidr, bits);
  }

  /** The used share of a prefix, 0 to 1. */
  async utilization(tx: Tx, spaceId: AddressSpaceId, cidr: Cidr): Promise<number> {
    return (await this.store.heat(tx, spaceId, cidr, 0))[0] ?? 0;
  }
}
