import { Inject, Injectable } from '@nestjs/common';
import { EventService } from '#contexts/events';
import { encodeId } from '#engines/kernel';
import { Database, LOGGER, type Logger, systemScope, type Tx } from '#platform';
import { type PoolFill, type PoolLevel, poolLevel } from './domain/pool-level.js';

export interface LevelledPool extends PoolFill {
  readonly id: string;
  readonly slug: string;
  /** VNI, ASN, IPV4, … */
  readonly holds: string;
}

/** Where pools of a kind keep what is free of them and the level that was told last. */
export interface LevelSource {
  readonly kind: 'pool' | 'prefixPool';
  /** One pool, or the next `limit` after one, in the order of their ids. */
  pools(tx: Tx, which: { id: string } | { after: string | null; limit: number }): Promise<LevelledPool[]>;
  /** @returns false when the level is not `from` any more. */
  setLevel(tx: Tx, id: string, from: PoolLevel, to: PoolLevel): Promise<boolean>;
}

const SCOPE = systemScope('pool-levels');
const PAGE = 200;
const EVENT_OF: Readonly<Record<PoolLevel, string>> = { OK: 'pool.recovered', LOW: 'pool.low', EXHAUSTED: 'pool.exhausted' };

/**
 * Tells when a pool becomes low, is exhausted, and has recovered: once per crossing, whoever looks and how many do, because the level that was told last
 * is changed in the transaction of the event.
 */
@Injectable()
export class PoolLevels {
  constructor(
    private readonly db: Database,
    private readonly events: EventService,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  async look(source: LevelSource, id: string): Promise<void> {
    const [pool] = await this.db.inTransaction(SCOPE, (tx) => source.pools(tx, { id }));
    if (pool) await this.compare(source, pool);
  }

  /** @param signal the process is stopping. */
  async lookAtAll(source: LevelSource, signal: AbortSignal): Promise<void> {
    for (let after: string | null = null; !signal.aborted; ) {
      const from: string | null = after;
      const pools: LevelledPool[] = await this.db.inTransaction(SCOPE, (tx) => source.pools(tx, { after: from, limit: PAGE }));
      for (const pool of pools) await this.compare(source, pool);
      if (pools.length < PAGE) return;
      after = pools.at(-1)?.id ?? null;
    }
  }

  private async compare(source: LevelSource, pool: LevelledPool): Promise<void> {
    const level = poolLevel(pool);
    if (level === pool.level) return;
    const type = EVENT_OF[level];
    const body = {
      pool: encodeId(source.kind, pool.id),
      slug: pool.slug,
      holds: pool.holds,
      level,
      was: pool.level,
      free: String(pool.free),
      size: String(pool.size),
      lowWaterPercent: pool.lowWaterPercent,
    };
    const isTold = await this.db.inTransaction(SCOPE, async (tx) => {
      if (!(await source.setLevel(tx, pool.id, pool.level, level))) return false;
      await this.events.append(tx, { tenantId: null, type, subjectId: pool.id, body });
      return true;
    });
    if (isTold) this.log[level === 'OK' ? 'info' : 'warn'](type, body);
  }
}
