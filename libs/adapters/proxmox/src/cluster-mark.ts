/**
 * What a cluster knows of us: the comment of the resource pool `trame`. SDN objects have no place for it that does not change what nodes are given;
 * a pool is of the cluster, is written and read over the same API, needs one privilege of its own, and people see it under Permissions.
 *
 * The token of the lock stands there, too: no call tells who holds the lock, and a token that only a process knew would lock the cluster when
 * that process dies.
 */
import { z } from 'zod';
import type { PveClient } from './pve-client.js';

export const MARK_POOL = 'trame';

export interface ClusterMark {
  /** The latest that was here. */
  readonly revision: number;
  /** Of the execution that was here last. */
  readonly fence: number;
  /** STAGED: pending changes. LIVE: put in force, or about to be, and not confirmed. DONE: neither. */
  readonly state: 'STAGED' | 'LIVE' | 'DONE';
  /** Of the lock that it holds; null: none. */
  readonly token: string | null;
  /** What is in force was not proven on every node: it is put in force once more, also where it is what is wanted. */
  readonly isUnproven: boolean;
  /** Whose the cluster is: the fabric that it is a device of. Null: written before marks said so. */
  readonly owner: string | null;
}

const poolsShape = z.array(z.object({ poolid: z.string(), comment: z.string().nullish() }));
const FORM =
  /^trame: revision (\d{1,15}), fence (\d{1,15}), (staged|live|done)(, unproven)?(?:, fabric (\S{1,100}?))?(?:, lock (\S{1,100}))?$/;

export const printMark = ({ revision, fence, state, token, isUnproven, owner }: ClusterMark): string =>
  [
    `trame: revision ${revision}`,
    `fence ${fence}`,
    state.toLowerCase(),
    ...(isUnproven ? ['unproven'] : []),
    ...(owner === null ? [] : [`fabric ${owner}`]),
    ...(token === null ? [] : [`lock ${token}`]),
  ].join(', ');

export function parseMark(comment: string): ClusterMark | null {
  const match = FORM.exec(comment.trim());
  if (!match) return null;
  return {
    revision: Number(match[1]),
    fence: Number(match[2]),
    state: String(match[3]).toUpperCase() as ClusterMark['state'],
    isUnproven: match[4] !== undefined,
    owner: match[5] ?? null,
    token: match[6] ?? null,
  };
}

export interface MarkSeen {
  readonly mark: ClusterMark | null;
  readonly hasPool: boolean;
  /** A comment that is not ours: somebody uses the pool. */
  readonly foreign: string | null;
}

export class MarkBoard {
  constructor(private readonly client: PveClient) {}

  async read(): Promise<MarkSeen> {
    const pools = this.client.read(poolsShape, await this.client.get('/pools'), '/pools');
    const pool = pools.find(({ poolid }) => poolid === MARK_POOL);
    const comment = pool?.comment ?? '';
    const mark = parseMark(comment);
    return { mark, hasPool: pool !== undefined, foreign: mark === null && comment.trim() !== '' ? comment : null };
  }

  async write(mark: ClusterMark, { hasPool }: { readonly hasPool: boolean }): Promise<void> {
    const comment = printMark(mark);
    await this.client.call(hasPool ? 'PUT' : 'POST', '/pools', { poolid: MARK_POOL, comment });
  }
}
