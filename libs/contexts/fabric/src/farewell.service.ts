import { Injectable } from '@nestjs/common';
import { AuditService, OutboxService } from '#contexts/events';
import { checkFabric, type Finding } from '#engines/intent';
import { type DeviceId, DomainError, type FabricId } from '#engines/kernel';
import type { Tx } from '#platform';
import { FabricService } from './fabric.service.js';
import { AttachmentStore, type PlaceOnDevice } from './store/attachment.store.js';
import { DeviceStore } from './store/device.store.js';

export interface GivenUpDevice {
  readonly slug: string;
  /** What may still be on it: nobody has taken it away. */
  readonly places: readonly PlaceOnDevice[];
}

/** A device that never comes back. */
@Injectable()
export class FarewellService {
  constructor(
    private readonly fabric: FabricService,
    private readonly attachments: AttachmentStore,
    private readonly devices: DeviceStore,
    private readonly audit: AuditService,
    private readonly outbox: OutboxService,
  ) {}

  /**
   * No network is there any more, as far as Trame is concerned, and Trame does not write to it. VLANs rest with their networks. Orders that wait
   * for it are not told here: `Farewell` of `contexts/provisioning` does both. @param reason for the audit.
   * @throws DomainError NOT_FOUND | CHECK_FAILED: without these places the fabric cannot be built, as with one leg of an aggregated link.
   */
  async giveUp(tx: Tx, id: DeviceId, reason: string): Promise<GivenUpDevice> {
    const { slug, fabricId, managed } = await this.fabric.device(tx, id);
    await this.fabric.raiseRevision(tx, fabricId);
    const before = new Set((await this.errors(tx, fabricId)).map(({ message }) => message));
    await this.devices.setManaged(tx, id, 'OBSERVE');
    const places = await this.attachments.deleteOnDevice(tx, id);
    const errors = (await this.errors(tx, fabricId)).filter(({ message }) => !before.has(message));
    const [first] = errors;
    if (first) throw new DomainError('CHECK_FAILED', first.message, { findings: errors });
    const detail = { reason, before: managed, networks: places.map(({ network }) => network) };
    await this.audit.append(tx, { tenantId: null, action: 'device.given-up', subjectKind: 'device', subjectId: id, detail });
    await this.outbox.append(tx, 'fabric.changed', fabricId);
    return { slug, places };
  }

  private async errors(tx: Tx, fabricId: FabricId): Promise<Finding[]> {
    return checkFabric(await this.fabric.snapshot(tx, fabricId)).filter(({ severity }) => severity === 'ERROR');
  }
}
