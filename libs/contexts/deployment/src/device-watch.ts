import { Inject, Injectable } from '@nestjs/common';
import { type DeviceId, type FabricId, isDomainError } from '#engines/kernel';
import { LOGGER, type Logger } from '#platform';
import { DeviceConnector } from './device-connector.js';
import type { PlanItem } from './domain/plan.js';
import { type Loss, lostVitals } from './domain/vitals.js';
import { isFaultOfDatabase } from './fault-of-database.js';
import { inParallel } from './in-parallel.js';
import { type DeviceConnection, type DeviceVitals, TransportError } from './ports/index.js';

/** A session that is reset comes back at once; what is away this often is away. */
const LOOKS = 3;
const BETWEEN_LOOKS_MS = 700;
const PARALLEL_LOOKS = 20;

export interface LostDevice {
  readonly item: PlanItem;
  readonly loss: Loss;
}

/** Has a device lost something since it was pushed to: a session, a remote VTEP, the way to it? Only reads, and needs no lease. */
@Injectable()
export class DeviceWatch {
  constructor(
    private readonly connector: DeviceConnector,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** @param before vitals just before the push; a device without any was not changed and is not looked at. */
  async look(
    fabricId: FabricId,
    items: readonly PlanItem[],
    before: ReadonlyMap<DeviceId, DeviceVitals>,
    signal: AbortSignal,
  ): Promise<LostDevice | undefined> {
    let suspects = items.filter((item) => before.has(item.deviceId));
    let lost: LostDevice[] = [];
    for (let looks = 0; looks < LOOKS && suspects.length > 0 && !signal.aborted; looks++) {
      if (looks > 0) await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_MS));
      lost = [];
      await inParallel(suspects, PARALLEL_LOOKS, async (item) => {
        const loss = await this.lossOf(fabricId, item, before.get(item.deviceId) as DeviceVitals, signal);
        if (loss) lost.push({ item, loss });
      });
      suspects = lost.map(({ item }) => item);
    }
    return signal.aborted ? undefined : lost[0];
  }

  private async lossOf(fabricId: FabricId, item: PlanItem, before: DeviceVitals, signal: AbortSignal): Promise<Loss | undefined> {
    try {
      const now = await this.connector.withConnection({ fabricId, deviceId: item.deviceId, artefacts: [] }, signal, observe);
      return lostVitals(before, now, item.intent)[0];
    } catch (error) {
      if (signal.aborted) return undefined;
      if (isFaultOfDatabase(error)) throw error; // Ours, and no word of the device.
      // It was taken out of our hands meanwhile (only observed, given up): there is nothing to watch over.
      if (isDomainError(error) && !(error instanceof TransportError) && error.code === 'INVALID_STATE') return undefined;
      this.log.warn('device.lost', { device: item.slug, error });
      return { check: 'MANAGEMENT', message: `it is not reached any more (${error instanceof Error ? error.message : String(error)})` };
    }
  }
}

async function observe(connection: DeviceConnection): Promise<DeviceVitals> {
  if (connection.observe) return connection.observe();
  return { establishedNeighbors: (await connection.inspect([])).establishedNeighbors, remoteVteps: [] };
}
