/** The demo fabric on devices that answer over their own protocols, taken over; what hands do to them, and what the collector says. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EosTransport } from '#adapters/eos';
import { generateSshKeyPair, SshHostTransport } from '#adapters/ssh';
import { AddressingModule, AddressingService } from '#contexts/addressing';
import { DeploymentModule, DriftCollector, type DriftReport, DriftService, PlannerService, RolloutService } from '#contexts/deployment';
import type { DeviceTransport } from '#contexts/deployment/ports';
import { FabricModule, InventoryService } from '#contexts/fabric';
import { NumberingModule, PoolAdminService } from '#contexts/numbering';
import { ProvisioningModule } from '#contexts/provisioning';
import { TenancyModule, TenancyService } from '#contexts/tenancy';
import type { DeviceId, FabricId } from '#engines/kernel';
import { Database, PlatformModule, systemScope } from '#platform';
import { type DeviceEndpoint, demoInventory } from '../../apps/lab/src/fabrics/demo-inventory.js';
import { loadFabric } from '../../apps/lab/src/fabrics/load-fabric.js';
import { Lab, type LabHost } from '../../apps/lab/src/hosts/index.js';
import { SimulatedFabric } from '../../apps/lab/src/simulated-fabric.js';
import { type SimulatedHost, startSimulatedHosts } from '../../apps/lab/src/simulated-host/index.js';
import { SwitchUnderTest } from '../contract/eos-switch.js';
import { createTestDatabase } from './database.js';
import { allEntities, testConfig } from './world.js';

export interface DriftWorld {
  readonly app: INestApplicationContext;
  readonly db: Database;
  readonly leaf: SwitchUnderTest;
  /** Null when it is simulated. */
  readonly real: LabHost | null;
  readonly simulated: ReadonlyMap<string, SimulatedHost>;
  readonly drift: DriftService;
  idOf(slug: string): DeviceId;
  /** Reads the device now. @throws when there was no verdict. */
  collect(slug: string): Promise<DriftReport>;
  converge(): Promise<void>;
  /** A person approves what waits, and has it run. */
  approveAndApply(): Promise<void>;
  close(): Promise<void>;
}

/** @param isReal pve1 is a host in namespaces with FRR and ifupdown2; the others are simulated. */
export async function startDriftWorld(isReal: boolean): Promise<DriftWorld> {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of closing.reverse()) await step();
  };
  try {
    const { url, drop } = await createTestDatabase();
    closing.push(drop);
    const key = generateSshKeyPair();
    const fabric = new SimulatedFabric();
    const leaf = await SwitchUnderTest.start({ fabric });
    closing.push(() => leaf.close());
    const simulated = await startSimulatedHosts({
      hosts: ['pve1', 'pve2'].filter((slug) => !isReal || slug !== 'pve1').map((slug) => ({ slug })),
      authorizedKeys: [key.publicKey],
      fabric,
    });
    closing.push(() => simulated.close());
    const real = isReal ? await startRealHost(key.publicKey, closing) : null;
    const endpoint = (slug: string): DeviceEndpoint => {
      const host = slug === 'pve1' && real ? real : simulated.hosts.get(slug);
      if (!host) throw new Error(`there is no ${slug}`);
      return { address: host.sshAddress, port: host.sshPort, username: 'root', secret: key.privateKey, sshHostKeys: [host.sshHostKey] };
    };
    const { address, port, username, secret, tlsSpkiSha256 } = leaf.target;
    const app = await startContexts(url);
    closing.push(() => app.close());
    const inventory = demoInventory({
      pve1: endpoint('pve1'),
      pve2: endpoint('pve2'),
      test: { address, port, username, secret, tlsSpkiSha256 },
    });
    const db = app.get(Database);
    const services = {
      db,
      inventory: app.get(InventoryService),
      pools: app.get(PoolAdminService),
      addressing: app.get(AddressingService),
      tenancy: app.get(TenancyService),
    };
    const { fabricId } = await loadFabric(services, inventory);
    const world = worldOf(app, fabricId, await idsBySlug(db), { leaf, real, simulated: simulated.hosts, close });
    await world.approveAndApply();
    return world;
  } catch (error) {
    await close();
    throw error;
  }
}

async function startRealHost(publicKey: string, closing: (() => Promise<unknown>)[]): Promise<LabHost> {
  const directory = await mkdtemp(join(tmpdir(), 'trame-drift-'));
  closing.push(() => rm(directory, { recursive: true, force: true }));
  const lab = await Lab.create(directory);
  closing.push(() => lab.close());
  const [pve1, far] = await Promise.all([lab.host('pve1', { authorizedKeys: [publicKey] }), lab.node('far')]);
  await lab.link(pve1, 'ens19', far, 'eth1');
  return pve1;
}

export function startContexts(url: string): Promise<INestApplicationContext> {
  const transports = new Map<'SSH' | 'EAPI', DeviceTransport>([
    ['SSH', new SshHostTransport()],
    ['EAPI', new EosTransport()],
  ]);
  @Module({
    imports: [
      PlatformModule.forRoot(testConfig(url, { LEASE_SECONDS: '10' }), allEntities, 'test'),
      NumberingModule,
      TenancyModule,
      AddressingModule,
      FabricModule,
      ProvisioningModule,
      DeploymentModule.with(transports),
    ],
  })
  class DriftWorldModule {}
  return NestFactory.createApplicationContext(DriftWorldModule, { logger: false });
}

async function idsBySlug(db: Database): Promise<ReadonlyMap<string, DeviceId>> {
  const rows = await db.inTransaction(systemScope('test'), (tx) => tx.sql<{ id: DeviceId; slug: string }>('SELECT id, slug FROM device'));
  return new Map(rows.map(({ id, slug }) => [slug, id]));
}

function worldOf(
  app: INestApplicationContext,
  fabricId: FabricId,
  ids: ReadonlyMap<string, DeviceId>,
  devices: Pick<DriftWorld, 'leaf' | 'real' | 'simulated' | 'close'>,
): DriftWorld {
  const [collector, drift, planner, rollouts] = [
    app.get(DriftCollector),
    app.get(DriftService),
    app.get(PlannerService),
    app.get(RolloutService),
  ];
  const idOf = (slug: string): DeviceId => {
    const id = ids.get(slug);
    if (id === undefined) throw new Error(`there is no ${slug}`);
    return id;
  };
  return {
    ...devices,
    app,
    db: app.get(Database),
    drift,
    idOf,
    collect: async (slug) => {
      const outcome = await collector.collect(idOf(slug));
      const report = (await drift.reports('test', { first: 100, after: null }, false)).find((one) => one.slug === slug);
      if (!report || report.verdict !== outcome) throw new Error(`${slug}: ${outcome}, ${report?.detail}`);
      return report;
    },
    converge: () => rollouts.converge(fabricId),
    approveAndApply: async () => {
      const plan = await planner.propose('operator');
      if (!plan) throw new Error('there is nothing to plan');
      await planner.approve(plan.id, plan.digest, 'operator', null);
      await rollouts.requestApply(plan.id, plan.digest, 'operator');
      await rollouts.converge(fabricId);
    },
  };
}
