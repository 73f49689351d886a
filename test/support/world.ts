import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { demoInventory } from '../../apps/lab/src/fabrics/demo-inventory.js';
import { type LoadedWorld, loadFabric, type WorldOptions } from '../../apps/lab/src/fabrics/load-fabric.js';
import { addressingEntities, AddressingModule, AddressingService } from '#contexts/addressing';
import { DeploymentModule, PlannerService, RolloutService } from '#contexts/deployment';
import type { DeviceTransport } from '#contexts/deployment/ports';
import { FakeDevice, FakeTransport } from '#contexts/deployment/testing';
import { fabricEntities, type FabricInventory, FabricModule, InventoryService } from '#contexts/fabric';
import { numberingEntities, NumberingModule, PoolAdminService } from '#contexts/numbering';
import {
  OrderReconciler,
  OrderService,
  type OrderState,
  ProvisioningModule,
  provisioningEntities,
  type ProvisionRequest,
} from '#contexts/provisioning';
import { TenancyModule, TenancyService, tenancyEntities } from '#contexts/tenancy';
import { type DeviceId, Label, type OrderId } from '#engines/kernel';
import { type Config, Database, loadConfig, PlatformModule, systemScope } from '#platform';
import { createTestDatabase } from './database.js';

export const allEntities = [...numberingEntities, ...tenancyEntities, ...addressingEntities, ...fabricEntities, ...provisioningEntities];

export function testConfig(url: string, over: NodeJS.ProcessEnv = {}): Config {
  const key = Buffer.alloc(32, 3).toString('base64');
  return loadConfig({
    DATABASE_URL: url,
    TRAME_KEK: key,
    TRAME_TOKEN_PEPPER: key,
    LOG_LEVEL: 'silent',
    LEASE_SECONDS: '3',
    MAX_PUSH_ATTEMPTS: '2',
    VERIFY_WITHIN_SECONDS: '2',
    ROLLOUT_SOAK_SECONDS: '0',
    ...over,
  });
}

export interface World extends LoadedWorld {
  readonly app: INestApplicationContext;
  readonly db: Database;
  readonly url: string;
  readonly devices: ReadonlyMap<'pve1' | 'pve2' | 'test', FakeDevice>;
  readonly deviceIds: ReadonlyMap<string, DeviceId>;
  order(over?: Partial<ProvisionRequest>): ProvisionRequest;
  /** Sends such an order. */
  provision(over?: Partial<ProvisionRequest>): Promise<OrderId>;
  /** Runs deployment and orders until the order has ended or is in one of the states. */
  settle(order: OrderId, states?: readonly OrderState[]): Promise<OrderState>;
  converge(): Promise<void>;
  state(order: OrderId): Promise<OrderState>;
  count(table: string): Promise<number>;
  close(): Promise<void>;
}

const ENDED: readonly OrderState[] = ['ACTIVE', 'RETIRED', 'FAILED_COMPENSATED', 'FAILED_STUCK', 'CANCELLED'];

/** The demo fabric with devices in memory, on a database of its own; its first takeover is approved and done. */
export async function createWorld(
  options: WorldOptions & { env?: NodeJS.ProcessEnv; fabric?: (demo: FabricInventory) => FabricInventory; pve?: DeviceTransport } = {},
): Promise<World> {
  const { url, drop } = await createTestDatabase();
  const devices = new Map((['pve1', 'pve2', 'test'] as const).map((slug) => [slug, new FakeDevice(slug)]));
  const transport = new FakeTransport(devices);
  @Module({
    imports: [
      PlatformModule.forRoot(testConfig(url, options.env), allEntities, 'test'),
      NumberingModule,
      TenancyModule,
      AddressingModule,
      FabricModule,
      ProvisioningModule,
      DeploymentModule.with(
        new Map<'SSH' | 'EAPI' | 'PVE', DeviceTransport>([
          ['SSH', transport],
          ['EAPI', transport],
          ['PVE', options.pve ?? transport],
        ]),
      ),
    ],
  })
  class WorldModule {}
  const app = await NestFactory.createApplicationContext(WorldModule, { logger: false });
  const db = app.get(Database);
  const endpoint = { address: '127.0.0.1', port: 22, username: 'root', secret: 's' };
  const demo = demoInventory({ pve1: endpoint, pve2: endpoint, test: endpoint });
  const services = {
    db,
    inventory: app.get(InventoryService),
    pools: app.get(PoolAdminService),
    addressing: app.get(AddressingService),
    tenancy: app.get(TenancyService),
  };
  const loaded = await loadFabric(services, options.fabric?.(demo) ?? demo, options);
  const ids = await db.inTransaction(systemScope('test'), (tx) => tx.sql<{ id: DeviceId; slug: string }>('SELECT id, slug FROM device'));
  const deviceIds = new Map(ids.map((row) => [row.slug, row.id]));
  const rollouts = app.get(RolloutService);
  const reconciler = app.get(OrderReconciler);
  const one = async <Row extends object>(sql: string, values: unknown[] = []): Promise<Row> =>
    (await db.inTransaction(systemScope('test'), (tx) => tx.one<Row>(sql, values))) as Row;
  const state = async (order: OrderId): Promise<OrderState> =>
    (await one<{ state: OrderState }>('SELECT state FROM network_order WHERE id = $1', [order])).state;
  let serial = 0;
  const world: World = {
    ...loaded,
    app,
    db,
    url,
    devices,
    deviceIds,
    state,
    order: (over = {}) => ({
      idempotencyKey: `key-${++serial}`,
      externalRef: `ORD-${serial}`,
      name: Label.parse('web'),
      vrfId: null,
      vniPoolId: loaded.vniPoolId,
      subnets: [{ poolId: loaded.prefixPoolId, cidr: null, length: null, gateway: 'EXTERNAL_FIREWALL', zone: null, hosts: [] }],
      attachments: ['pve1', 'pve2'].map((slug) => ({
        deviceId: deviceIds.get(slug) as DeviceId,
        port: null,
        tagging: 'BRIDGE_ONLY',
        vlan: null,
      })),
      ...over,
    }),
    provision: async (over) => (await app.get(OrderService).provision(loaded.tenantId, 'portal', world.order(over))).order.id,
    converge: () => rollouts.converge(loaded.fabricId),
    settle: async (order, states = ENDED) => {
      for (const deadline = performance.now() + 30_000; performance.now() < deadline; ) {
        await rollouts.converge(loaded.fabricId);
        await reconciler.advanceOpen();
        const now = await state(order);
        if (states.includes(now)) return now;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return state(order);
    },
    count: async (table) => Number((await one<{ n: string }>(`SELECT count(*) AS n FROM ${table}`)).n),
    close: async () => {
      await app.close();
      await drop();
    },
  };
  await takeOver(world);
  return world;
}

/** The first push to a device replaces what a person wrote: a person approves it. */
async function takeOver(world: World): Promise<void> {
  const [planner, rollouts] = [world.app.get(PlannerService), world.app.get(RolloutService)];
  const plan = await planner.propose('operator');
  if (!plan) return;
  for (let person = 1; person <= plan.approvalsNeeded; person++) await planner.approve(plan.id, plan.digest, `operator ${person}`, null);
  await rollouts.requestApply(plan.id, plan.digest, 'operator');
  // On a busy machine an execution may lose its lease; the next one goes on.
  for (const deadline = performance.now() + 30_000; performance.now() < deadline; ) {
    await world.converge();
    if (['APPLIED', 'AWAITING_PERSON'].includes((await rollouts.plan(plan.id)).state)) return;
  }
  throw new Error('the takeover did not end');
}
