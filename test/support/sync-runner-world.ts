import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventsModule } from '#contexts/events';
import {
  ConnectorService,
  type ConnectorSettings,
  type ForeignInventoryFactory,
  type StoredChange,
  SyncModule,
  SyncRunner,
  SyncRunService,
  type SyncRun,
} from '#contexts/sync';
import { InMemoryInventory, InMemoryLocal, type InMemoryOptions, type LocalInventory } from '#contexts/sync/testing';
import type { SyncTargetId } from '#engines/kernel';
import { Database, PlatformModule, Secret, systemScope } from '#platform';
import { createTestDatabase } from './database.js';
import { untilHeard } from './until-heard.js';
import { allEntities, testConfig } from './world.js';

/** As inventories know one. */
export const tenant = (name: string, description: string | null = null) => ({ name, slug: name, description });

const FIRST = { first: 10_000, after: null };

/** One connector between what Trame has and what another system has, both in memory. */
export interface SyncRunnerWorld {
  readonly app: INestApplicationContext;
  readonly local: InMemoryLocal;
  readonly foreign: InMemoryInventory;
  readonly targetId: SyncTargetId;
  /** Puts `ten_00001`, called t1, and the ones that follow, where Trame has its own. */
  tenants(count: number, from?: number): void;
  /** What the other system calls those that it has. */
  tenantNames(): unknown[];
  readonly runs: SyncRunService;
  readonly connectors: ConnectorService;
  /** A worker comes by. */
  attend(signal?: AbortSignal): Promise<void>;
  /** A person asks for a complete run, and a worker does it. */
  sync(wish?: { isDryRun?: boolean; maxDeleteRatio?: number }): Promise<SyncRun>;
  lastRun(): Promise<SyncRun>;
  changes(run: SyncRun): Promise<StoredChange[]>;
  set(settings: ConnectorSettings): Promise<void>;
  sql<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

export interface SyncRunnerHost {
  /** Of its database. */
  readonly url: string;
  /** Everything of the one before is forgotten. */
  world(options?: { settings?: ConnectorSettings; foreign?: InMemoryOptions; local?: InMemoryLocal }): Promise<SyncRunnerWorld>;
  runner(): SyncRunner;
  close(): Promise<void>;
}

/** The services, on a database of their own. @param netbox how a real one is spoken to; absent: it is in memory. */
export async function openSyncRunnerHost(netbox?: ForeignInventoryFactory): Promise<SyncRunnerHost> {
  const { url, drop } = await createTestDatabase();
  let sides = { local: new InMemoryLocal(), foreign: new InMemoryInventory() };
  const ours: LocalInventory = {
    page: (...of) => sides.local.page(...of),
    byIds: (...of) => sides.local.byIds(...of),
    take: (...of) => sides.local.take(...of),
  };
  const noServer = (): never => {
    throw new Error('there is no name server here');
  };
  @Module({
    imports: [
      PlatformModule.forRoot(testConfig(url, { LEASE_SECONDS: '20' }), allEntities, 'test'),
      EventsModule,
      SyncModule.with(noServer, { NETBOX: netbox ?? (() => sides.foreign) }, ours),
    ],
  })
  class SyncWorldModule {}
  const app = await NestFactory.createApplicationContext(SyncWorldModule, { logger: false, abortOnError: false });
  const sql = <Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
    app.get(Database).inTransaction(systemScope('test'), (tx) => tx.sql<Row>(text, values));
  return {
    url,
    world: async (options = {}) => {
      await sql('DELETE FROM sync_journal');
      await sql('DELETE FROM sync_run');
      await sql('DELETE FROM sync_target');
      sides = { local: options.local ?? new InMemoryLocal(), foreign: new InMemoryInventory(options.foreign) };
      return openWorld(app, sides, sql, options.settings ?? {});
    },
    runner: () => app.get(SyncRunner),
    close: async () => {
      await app.close();
      await drop();
    },
  };
}

async function openWorld(
  app: INestApplicationContext,
  { local, foreign }: { local: InMemoryLocal; foreign: InMemoryInventory },
  sql: SyncRunnerWorld['sql'],
  settings: ConnectorSettings,
): Promise<SyncRunnerWorld> {
  const [runner, runs, connectors] = [app.get(SyncRunner), app.get(SyncRunService), app.get(ConnectorService)];
  const made = { kind: 'NETBOX', slug: 'netbox', url: 'https://netbox.example', secret: new Secret('token'), mode: 'WRITE' } as const;
  const { id: targetId } = await connectors.create({ ...made, ...settings }, 'operator');
  const attend = async (signal = new AbortController().signal): Promise<void> => {
    await untilHeard(app.get(Database));
    await runner.run(targetId, signal);
  };
  return {
    app,
    local,
    foreign,
    targetId,
    tenants: (count, from = 1) => {
      for (let n = from; n < from + count; n++) local.put('tenant', `ten_${String(n).padStart(5, '0')}`, tenant(`t${n}`));
    },
    tenantNames: () => foreign.all('tenant').map(({ fields }) => fields['name']),
    runs,
    connectors,
    attend,
    sql,
    sync: async (wish = {}) => {
      const run = await runs.start({ targetId, ...wish }, 'operator');
      await attend();
      return runs.run(run.id);
    },
    lastRun: async () => {
      const [run] = await runs.runsOf(targetId, { first: 1, after: null });
      if (!run) throw new Error('there was no run');
      return run;
    },
    changes: (run) => runs.changesOf(run.id, FIRST),
    set: async (change) => {
      const { version } = await connectors.byId(targetId);
      await connectors.update(targetId, version, change, 'operator');
    },
  };
}
