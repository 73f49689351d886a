import { Inject, Injectable } from '@nestjs/common';
import { AuditService, EventService } from '#contexts/events';
import { type DeviceId, digest, isDomainError } from '#engines/kernel';
import { Database, LOGGER, type Logger, systemScope } from '#platform';
import { DeviceConnector } from './device-connector.js';
import type { DriftFinding } from './domain/drift.js';
import { compareDevice } from './domain/drift-compare.js';
import { COLLECT_EVERY_SECONDS, pauseSeconds, READ_WITHIN_SECONDS } from './domain/drift-timer.js';
import { failureOf } from './domain/failure.js';
import { isFaultOfDatabase } from './fault-of-database.js';
import type { DeviceCollection, DeviceConnection } from './ports/index.js';
import { CLAIM_SECONDS, type DriftStart, DriftStore } from './store/drift.store.js';

const SCOPE = systemScope('drift');
/** Something was under way on the device. */
const SOON_SECONDS = 30;
const PARALLEL = 10;
/** A lane without a device looks for another one, while others read theirs. */
const LOOK_AGAIN_MS = 1000;
const READ_WITHIN_MS = READ_WITHIN_SECONDS * 1000;
const MOST_IN_EVENT = 50;

export type CollectOutcome = 'CLEAN' | 'DRIFT' | 'UNREACHABLE' | 'DISTURBED' | 'SKIPPED';

/**
 * Reads every managed device again and again and says what it says otherwise. Takes no lease and writes nothing on a device; where a push is
 * under way it does not look, and what it read while one began does not count.
 */
@Injectable()
export class DriftCollector {
  constructor(
    private readonly db: Database,
    private readonly connector: DeviceConnector,
    private readonly store: DriftStore,
    private readonly events: EventService,
    private readonly audit: AuditService,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** All whose time has come, ten at a time; as long as one of them is read, others that become due are read beside it. @returns how many. */
  async collectDue(signal: AbortSignal = new AbortController().signal): Promise<number> {
    const first = await this.db.inTransaction(SCOPE, async (tx) => {
      await this.store.enrol(tx, COLLECT_EVERY_SECONDS);
      return this.store.claimDue(tx, PARALLEL, CLAIM_SECONDS);
    });
    let [count, reading] = [0, first.length];
    const read = async (deviceId: DeviceId): Promise<void> => {
      count += 1;
      await this.collectClaimed(deviceId, signal).finally(() => (reading -= 1));
    };
    const lane = async (begun: DeviceId | undefined): Promise<void> => {
      if (begun !== undefined) await read(begun);
      while (!signal.aborted) {
        const [next] = await this.db.inTransaction(SCOPE, (tx) => this.store.claimDue(tx, 1, CLAIM_SECONDS));
        if (next !== undefined) {
          reading += 1;
          await read(next);
        } else if (reading === 0) return;
        else await pause(LOOK_AGAIN_MS);
      }
    };
    const lanes = first.length === 0 ? 0 : PARALLEL;
    await Promise.all(Array.from({ length: lanes }, (_, index) => lane(first[index])));
    return count;
  }

  /** On a hint. A device that is being pushed to, or read by somebody else, is left for the timer. */
  async collect(deviceId: DeviceId, signal: AbortSignal = new AbortController().signal): Promise<CollectOutcome> {
    const isOurs = await this.db.inTransaction(SCOPE, async (tx) => {
      await this.store.enrol(tx, COLLECT_EVERY_SECONDS);
      return this.store.claim(tx, deviceId, CLAIM_SECONDS);
    });
    return isOurs ? this.collectClaimed(deviceId, signal) : 'SKIPPED';
  }

  /** Of a device that we do not read: what somebody has collected there. @returns SKIPPED where nothing was ever confirmed on it. */
  async takeHandedIn(deviceId: DeviceId, seen: DeviceCollection): Promise<CollectOutcome> {
    const start = await this.db.inTransaction(SCOPE, async (tx) => {
      await this.store.enrolHandedIn(tx, deviceId);
      return this.store.startHandedIn(tx, deviceId);
    });
    return start ? this.record(start, seen) : 'SKIPPED';
  }

  private async collectClaimed(deviceId: DeviceId, signal: AbortSignal): Promise<CollectOutcome> {
    const start = await this.db.inTransaction(SCOPE, (tx) => this.store.start(tx, deviceId));
    if (!start || start.isBusy) return this.postpone(deviceId, 'SKIPPED');
    try {
      const seen = await this.read(start, AbortSignal.any([signal, AbortSignal.timeout(READ_WITHIN_MS)]));
      // What is only staged is not in force, and may be the remains of a worker that died.
      return seen.pending?.applied ? await this.postpone(deviceId, 'DISTURBED') : await this.record(start, seen);
    } catch (error) {
      if (signal.aborted) return this.postpone(deviceId, 'SKIPPED');
      if (isFaultOfDatabase(error)) throw error; // Read again when the claim is over.
      if (!isDomainError(error)) this.log.error('drift.collect_failed', { device: start.slug, error });
      const { code, message } = failureOf(error);
      await this.db.inTransaction(SCOPE, (tx) => this.store.postpone(tx, deviceId, nextSeconds(), 'UNREACHABLE', `${code}: ${message}`));
      return 'UNREACHABLE';
    }
  }

  private async record(start: DriftStart, seen: DeviceCollection): Promise<CollectOutcome> {
    const observed = observedDigest(start, seen);
    const verdict = observed === start.observedDigest ? undefined : compareDevice(start, seen);
    return this.db.inTransaction(SCOPE, async (tx) => {
      if (!(await this.store.isUndisturbed(tx, start))) {
        await this.store.postpone(tx, start.deviceId, SOON_SECONDS);
        return 'DISTURBED';
      }
      if (verdict === undefined) return this.store.confirmVerdict(tx, start.deviceId, nextSeconds());
      const { found, gone } = await this.store.record(tx, start, observed, verdict, nextSeconds());
      for (const [type, findings] of [
        ['drift.found', found],
        ['drift.gone', gone],
      ] as const) {
        if (findings.length === 0) continue;
        const body = { device: start.slug, count: findings.length, items: findings.slice(0, MOST_IN_EVENT).map(asEvent) };
        await this.events.append(tx, { tenantId: null, type, subjectId: start.deviceId, body });
        await this.audit.append(tx, { tenantId: null, action: type, subjectKind: 'device', subjectId: start.deviceId, detail: body });
        this.log.info(type, { device: start.slug, count: findings.length });
      }
      return verdict.findings.length === 0 ? 'CLEAN' : 'DRIFT';
    });
  }

  private async postpone(deviceId: DeviceId, outcome: CollectOutcome): Promise<CollectOutcome> {
    await this.db.inTransaction(SCOPE, (tx) => this.store.postpone(tx, deviceId, SOON_SECONDS));
    return outcome;
  }

  private read({ deviceId, fabricId, verifiedArtefacts: artefacts }: DriftStart, signal: AbortSignal): Promise<DeviceCollection> {
    const paths = artefacts.map(({ path }) => path);
    return this.connector.withConnection({ fabricId, deviceId, artefacts }, signal, (connection) => collected(connection, paths));
  }
}

/** What a device says; of a transport that cannot collect, what is stored. */
export async function collected(connection: DeviceConnection, paths: readonly string[]): Promise<DeviceCollection> {
  if (connection.collect) return connection.collect(paths);
  const { version, actual, pending } = await connection.inspect(paths);
  return { version, actual, pending, running: new Map(), live: [], traces: new Map(), upSeconds: null };
}

/** Everything that a verdict hangs on but the clock: equal digests, equal verdicts. */
function observedDigest({ verifiedDigest, unconfirmed, kept }: DriftStart, { actual, running, startup, live }: DeviceCollection): string {
  return digest([
    verifiedDigest,
    unconfirmed.map(({ path, sha256 }) => [path, sha256]),
    [...kept],
    [...actual],
    [...running],
    startup ?? null,
    live.map(({ path, subject, message }) => [path, subject, message]),
  ]);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const nextSeconds = (): number => pauseSeconds(Math.random());

const asEvent = ({ kind, path, section, intended, observed, risk, likelyCause }: DriftFinding) => ({
  kind,
  path,
  section,
  intended,
  observed,
  risk,
  likelyCause,
});
