import { AsyncLocalStorage } from 'node:async_hooks';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventsModule } from '#contexts/events';
import { ConnectorService, SyncModule, SyncRunner, SyncRunService } from '#contexts/sync';
import type { InMemoryInventory, InMemoryLocal, LocalInventory } from '#contexts/sync/testing';
import { Database, PlatformModule, Secret, systemScope, type Tx } from '#platform';
import type { SyncTargetId } from '#engines/kernel';
import { createTestDatabase } from '../../support/database.js';
import { allEntities, testConfig } from '../../support/world.js';
import type { SyncSequence } from './sync-steps.js';

const SYSTEM = systemScope('model');

/** What Trame has and what the other system has, of one sequence. */
interface Sides {
  readonly local: InMemoryLocal;
  readonly foreign: InMemoryInventory;
}

/** The services that synchronise, on one database; each sequence has a connector, and both sides, of its own. */
export class SyncWorld {
  private static readonly sides = new AsyncLocalStorage<Sides>();
  private serial = 0;

  private constructor(
    private readonly app: INestApplicationContext,
    readonly db: Database,
    private readonly drop: () => Promise<void>,
  ) {}

  static async open(): Promise<SyncWorld> {
    const { url, drop } = await createTestDatabase();
    const local: LocalInventory = {
      page: (...args) => SyncWorld.current().local.page(...args),
      byIds: (...args) => SyncWorld.current().local.byIds(...args),
      take: (...args) => SyncWorld.current().local.take(...args),
    };
    const noNameServer = (): never => {
      throw new Error('no name server is here');
    };
    const sync = SyncModule.with(noNameServer, { NETBOX: () => SyncWorld.current().foreign }, local);
    @Module({
      imports: [PlatformModule.forRoot(testConfig(url, { LEASE_SECONDS: '20' }), allEntities, 'model'), EventsModule, sync],
    })
    class ModelModule {}
    const app = await NestFactory.createApplicationContext(ModelModule, { logger: false, abortOnError: false });
    return new SyncWorld(app, app.get(Database), drop);
  }

  get runner(): SyncRunner {
    return this.app.get(SyncRunner, { strict: false });
  }
  get runs(): SyncRunService {
    return this.app.get(SyncRunService, { strict: false });
  }

  /** A connector that writes, and waits for nothing before it deletes. */
  async connector({ adoption, onRemoteGone, descriptions, names }: SyncSequence): Promise<SyncTargetId> {
    const connector = await this.app.get(ConnectorService, { strict: false }).create(
      {
        kind: 'NETBOX',
        slug: `model-${this.next()}`,
        // Two connectors to one single writer take turns: these are many systems.
        url: `https://netbox-${this.serial}.example`,
        secret: new Secret('token'),
        mode: 'WRITE',
        adoption,
        onRemoteGone,
        graceSeconds: 0,
        authority: {
          tenant: { description: descriptions, name: names },
          vrf: { description: descriptions },
          prefix: { description: descriptions },
        },
      },
      'model',
    );
    return connector.id;
  }

  /** Never the same one. */
  next(): number {
    return ++this.serial;
  }

  with<T>(sides: Sides, work: () => Promise<T>): Promise<T> {
    return SyncWorld.sides.run(sides, work);
  }

  system<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.db.inTransaction(SYSTEM, work);
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.drop();
  }

  private static current(): Sides {
    const sides = SyncWorld.sides.getStore();
    if (!sides) throw new Error('outside of a sequence');
    return sides;
  }
}
