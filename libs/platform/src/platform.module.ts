import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { type Clock, systemClock } from './clock.js';
import type { Config } from './config/config.js';
import { armCrashPoint } from './crash/crash-point.js';
import { Database, type EntityList } from './db/database.js';
import { LeaseService } from './lease/lease.service.js';
import { createLogger } from './log/logger.js';
import { createQueueBackend, type QueueBackend } from './queue/queue-backend.js';
import { Envelope } from './secrets/envelope.js';
import { KeyRotation } from './secrets/key-rotation.js';
import { SealedColumns } from './secrets/sealed-columns.js';

export const CONFIG = Symbol('Config');
export const LOGGER = Symbol('Logger');
export const CLOCK = Symbol('Clock');
export const QUEUE_BACKEND = Symbol('QueueBackend');

/** Services wait for a Postgres that restarts just now; a person at a command line is told at once. */
const patienceOf = (name: string): number => (name === 'api' || name === 'worker' ? 30_000 : 0);

/** What every context may ask for: `Database`, `LeaseService`, `Envelope` and what belongs to it by class; configuration, log, clock and queue by symbol. */
@Module({})
export class PlatformModule implements OnApplicationShutdown {
  constructor(
    private readonly database: Database,
    @Inject(QUEUE_BACKEND) private readonly queues: QueueBackend,
  ) {}

  static forRoot(config: Config, entities: EntityList, name: string): DynamicModule {
    const log = createLogger(config.LOG_LEVEL, { process: name });
    armCrashPoint(config.TRAME_CRASH_AT ?? null);
    return {
      module: PlatformModule,
      global: true,
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: LOGGER, useValue: log },
        { provide: CLOCK, useValue: systemClock satisfies Clock },
        { provide: Database, useFactory: () => Database.connect(config.DATABASE_URL, config.PG_POOL, entities, log, patienceOf(name)) },
        { provide: QUEUE_BACKEND, useFactory: () => createQueueBackend(config.DATABASE_URL, config.REDIS_URL) },
        { provide: LeaseService, inject: [Database], useFactory: (db: Database) => new LeaseService(db, log, config.LEASE_SECONDS) },
        { provide: Envelope, useFactory: () => new Envelope(config.TRAME_KEK, config.TRAME_KEK_PREVIOUS) },
        SealedColumns,
        {
          provide: KeyRotation,
          inject: [Database, Envelope, SealedColumns],
          useFactory: (db: Database, envelope: Envelope, columns: SealedColumns) => new KeyRotation(db, envelope, columns),
        },
      ],
      exports: [CONFIG, LOGGER, CLOCK, Database, QUEUE_BACKEND, LeaseService, Envelope, SealedColumns, KeyRotation],
    };
  }

  /** Last of all: the contexts have stopped by now. */
  async onApplicationShutdown(): Promise<void> {
    await this.queues.close();
    await this.database.close();
  }
}
