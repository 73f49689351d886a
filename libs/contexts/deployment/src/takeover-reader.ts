import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { OutboxService, ReconcilerRegistry } from '#contexts/events';
import { FabricService, SecretService } from '#contexts/fabric';
import type { DeviceIntent } from '#engines/intent';
import { type DeviceId, type FabricId, isDomainError } from '#engines/kernel';
import { Database, LOGGER, type Logger, systemScope } from '#platform';
import { DeviceConnector } from './device-connector.js';
import { READ_WITHIN_SECONDS } from './domain/drift-timer.js';
import { FabricIntents } from './domain/fabric-intents.js';
import { failureOf } from './domain/failure.js';
import { artefactsDigest } from './domain/make-plan.js';
import { pushedArtefacts, type SecretVersions } from './domain/pushed-artefacts.js';
import { takeoverDifferences, type TakeoverReading } from './domain/takeover.js';
import { collected } from './drift-collector.js';
import { isFaultOfDatabase } from './fault-of-database.js';
import { inParallel } from './in-parallel.js';
import { TakeoverStore } from './store/takeover.store.js';

const SCOPE = systemScope('takeover');
const LOOK_EVERY_MS = 2000;
const PARALLEL = 10;
const READ_WITHIN_MS = READ_WITHIN_SECONDS * 1000;

/**
 * Reads a device that was adopted before the first plan for it is made, so that the plan says what changes there and not what is pushed. It
 * writes nothing on a device.
 */
@Injectable()
export class TakeoverReader implements OnModuleInit {
  constructor(
    private readonly db: Database,
    private readonly connector: DeviceConnector,
    private readonly fabric: FabricService,
    private readonly secrets: SecretService,
    private readonly intents: FabricIntents,
    private readonly store: TakeoverStore,
    private readonly outbox: OutboxService,
    private readonly reconcilers: ReconcilerRegistry,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  onModuleInit(): void {
    this.reconcilers.add({ name: 'takeovers', everyMs: LOOK_EVERY_MS, run: async (signal) => void (await this.readDue(signal)) });
  }

  /** @returns how many devices were read, or could not be. */
  async readDue(signal: AbortSignal = new AbortController().signal): Promise<number> {
    const due = await this.db.inTransaction(SCOPE, (tx) => this.store.due(tx));
    let count = 0;
    for (const [fabricId, deviceIds] of due) {
      try {
        count += await this.readFabric(fabricId, new Set(deviceIds), signal);
      } catch (error) {
        if (signal.aborted || isFaultOfDatabase(error)) throw error;
        // A fabric that cannot be compiled is its own matter: the others are read, and it is looked at again after a while.
        this.log.error('takeover.fabric_failed', { fabricId, error });
        count += await this.recordUnread(fabricId, deviceIds, error);
      }
    }
    return count;
  }

  private async readFabric(fabricId: FabricId, deviceIds: ReadonlySet<DeviceId>, signal: AbortSignal): Promise<number> {
    const { snapshot, secrets } = await this.db.inTransaction(
      SCOPE,
      async (tx) => ({ snapshot: await this.fabric.snapshot(tx, fabricId), secrets: await this.secrets.versions(tx, fabricId) }),
      { isolation: 'REPEATABLE READ' },
    );
    const devices = this.intents.of(snapshot).devices.filter(({ deviceId }) => deviceIds.has(deviceId));
    // Each is written down by itself: what cannot be kept of one is not lost of the others.
    await inParallel(devices, PARALLEL, async (device) => {
      const reading = await this.read(fabricId, device, secrets, signal);
      signal.throwIfAborted(); // What was broken off says nothing of a device.
      await this.record(device, snapshot.revision, reading);
    });
    if (devices.length > 0) await this.db.inTransaction(SCOPE, (tx) => this.outbox.append(tx, 'fabric.changed', fabricId));
    return devices.length;
  }

  private async read(fabricId: FabricId, device: DeviceIntent, secrets: SecretVersions, signal: AbortSignal): Promise<TakeoverReading> {
    const artefacts = pushedArtefacts(device);
    const { deviceId, slug } = device;
    try {
      const within = AbortSignal.any([signal, AbortSignal.timeout(READ_WITHIN_MS)]);
      const paths = artefacts.map(({ path }) => path);
      const seen = await this.connector.withConnection({ fabricId, deviceId, artefacts }, within, (connection) =>
        collected(connection, paths),
      );
      const desiredDigest = artefactsDigest(artefacts, secrets);
      return { desiredDigest, differences: takeoverDifferences(device, desiredDigest, artefacts, seen), error: null };
    } catch (error) {
      if (isFaultOfDatabase(error)) throw error;
      if (!isDomainError(error)) this.log.error('takeover.read_failed', { device: slug, error });
      return unread(error);
    }
  }

  private async record({ deviceId, slug }: DeviceIntent, revision: number, reading: TakeoverReading): Promise<void> {
    const keep = (kept: TakeoverReading): Promise<void> =>
      this.db.inTransaction(SCOPE, (tx) => this.store.record(tx, deviceId, revision, kept));
    await keep(reading).catch((error: unknown) => {
      if (isFaultOfDatabase(error)) throw error;
      this.log.error('takeover.record_failed', { device: slug, error });
      return keep(unread(error));
    });
  }

  private recordUnread(fabricId: FabricId, deviceIds: readonly DeviceId[], error: unknown): Promise<number> {
    return this.db.inTransaction(SCOPE, async (tx) => {
      const { revision } = await this.fabric.settings(tx, fabricId);
      for (const deviceId of deviceIds) await this.store.record(tx, deviceId, revision, unread(error));
      return deviceIds.length;
    });
  }
}

function unread(error: unknown): TakeoverReading {
  const { code, message } = failureOf(error);
  return { desiredDigest: null, differences: [], error: `${code}: ${message}` };
}
