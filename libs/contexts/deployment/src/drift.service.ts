import { Injectable } from '@nestjs/common';
import { AuditService, OutboxService } from '#contexts/events';
import { FabricService } from '#contexts/fabric';
import { type DeviceId, DomainError, type DriftItemId, type FabricId, invalidValue, notFound } from '#engines/kernel';
import type { Artefact } from '#engines/rendering';
import { Database, systemScope, type Tx } from '#platform';
import { adoptFindings, isHonoured, unadoptable } from './domain/drift-adoption.js';
import { foreignArtefacts } from './domain/drift-foreign.js';
import type { DriftItem, DriftReport } from './domain/drift-report.js';
import { pushedArtefacts } from './domain/pushed-artefacts.js';
import { DeviceStateStore } from './store/device-state.store.js';
import { COLLECT_EVERY_SECONDS, HINTED_EVERY_SECONDS } from './domain/drift-timer.js';
import { FabricIntents } from './domain/fabric-intents.js';
import { DriftStore } from './store/drift.store.js';

const MOST_ITEMS = 200;
const LONGEST_IGNORED_DAYS = 366;
const DAY_MS = 86_400_000;

/** What people do about drift. Nothing here speaks to a device: intent changes or a push is wanted, and plan and risk rules hold as always. */
@Injectable()
export class DriftService {
  constructor(
    private readonly db: Database,
    private readonly fabric: FabricService,
    private readonly store: DriftStore,
    private readonly devices: DeviceStateStore,
    private readonly outbox: OutboxService,
    private readonly audit: AuditService,
    private readonly intents: FabricIntents,
  ) {}

  reports(actor: string, page: { first: number; after: string | null }, isDirtyOnly: boolean): Promise<DriftReport[]> {
    return this.db.inTransaction(systemScope(actor), (tx) => this.store.reports(tx, page, isDirtyOnly));
  }

  /** Asks for a look at these devices now. @returns what is known so far. @throws DomainError NOT_FOUND | INVALID_STATE (nothing was ever confirmed on it). */
  check(actor: string, deviceIds: readonly DeviceId[]): Promise<DriftReport[]> {
    refuseTooMany('devices', deviceIds.length);
    return this.db.inTransaction(systemScope(actor), async (tx) => {
      await this.store.enrol(tx, COLLECT_EVERY_SECONDS);
      const watched = new Set(await this.store.hurry(tx, deviceIds));
      for (const id of deviceIds) {
        const device = await this.fabric.device(tx, id);
        if (!watched.has(id))
          throw new DomainError('INVALID_STATE', `${device.slug} is not watched: nothing was confirmed on it yet, or it is only observed`, {
            state: 'NOT_WATCHED',
            allowedStates: ['managed, and pushed to'],
          });
        await this.outbox.append(tx, 'device.hint', id);
      }
      return this.store.reportsOf(tx, deviceIds);
    });
  }

  /**
   * Somebody says that a device may have been changed: it is read within seconds, and not more often than every ten. Nothing is told in return, and
   * whoever says it need not be trusted. @param name slug, host name or management address. @throws DomainError NOT_FOUND.
   */
  hint(actor: string, name: string): Promise<void> {
    return this.db.inTransaction(systemScope(actor), async (tx) => {
      await this.hintIn(tx, (await this.fabric.deviceCalled(tx, name)).id);
    });
  }

  /** The same for whoever has looked it up in `names`. */
  hintDevice(actor: string, id: DeviceId): Promise<void> {
    return this.db.inTransaction(systemScope(actor), (tx) => this.hintIn(tx, id));
  }

  /** What devices are called in hints, in small letters: whoever gets many of them asks once. */
  names(actor: string): Promise<ReadonlyMap<string, DeviceId>> {
    return this.db.inTransaction(systemScope(actor), (tx) => this.fabric.devicesByName(tx));
  }

  private async hintIn(tx: Tx, id: DeviceId): Promise<void> {
    await this.store.enrol(tx, COLLECT_EVERY_SECONDS);
    if (await this.store.hint(tx, id, HINTED_EVERY_SECONDS)) await this.outbox.append(tx, 'device.hint', id);
  }

  /**
   * What the device says becomes what is asked of it (ADR 0016). The plan that follows changes nothing on the device, and needs approval as
   * any change of what was adopted. @throws DomainError NOT_FOUND | INVALID_STATE with the reason: then nothing was adopted.
   */
  adopt(actor: string, ids: readonly DriftItemId[], reason: string): Promise<DriftReport[]> {
    return this.act(
      actor,
      ids,
      async (tx, deviceId, items) => {
        const fabricId = fabricOf(items);
        const before = await this.rendered(tx, fabricId, deviceId);
        const facts = adoptFindings(await this.fabric.adopted(tx, deviceId), before, items);
        await this.fabric.adopt(tx, deviceId, facts);
        const after = await this.rendered(tx, fabricId, deviceId);
        const refused = items.find((item) => !isHonoured(after, item));
        if (refused) throw unadoptable(refused, 'no value of the model makes Trame say it');
        await this.store.act(tx, idsOf(items), 'ADOPTED', reason, null);
        await this.wantPlan(tx, fabricId);
      },
      { action: 'drift.adopted', reason },
    );
  }

  /** The confirmed configuration is wanted again: the device is pushed to as soon as plan and risk rules let it. @throws DomainError NOT_FOUND | INVALID_STATE. */
  reapply(actor: string, ids: readonly DriftItemId[], reason: string): Promise<DriftReport[]> {
    return this.act(
      actor,
      ids,
      async (tx, deviceId, items) => {
        const [first] = items;
        if (first && items.every(({ kind }) => kind === 'UNSAVED'))
          throw new DomainError(
            'INVALID_STATE',
            `a push changes nothing on ${first.slug}, and saves nothing: save its configuration on the device`,
            {
              state: 'UNSAVED',
              allowedStates: ['OURS_MISSING', 'OURS_CHANGED', 'FOREIGN_IN_OWNED_SECTION', 'SECRET_CHANGED', 'ORDER_CHANGED'],
            },
          );
        const record = await this.devices.record(tx, deviceId);
        await this.devices.markUncertain(tx, deviceId, foreignArtefacts(record?.verifiedArtefacts ?? [], items));
        await this.store.act(tx, idsOf(items), 'REAPPLIED', reason, null);
        await this.wantPlan(tx, fabricOf(items));
      },
      { action: 'drift.reapplied', reason },
    );
  }

  /** @throws DomainError NOT_FOUND | INVALID_STATE | INVALID_VALUE (a time that is over, or more than a year away). */
  ignore(actor: string, ids: readonly DriftItemId[], until: Date, reason: string, now = new Date()): Promise<DriftReport[]> {
    if (until <= now || until.getTime() > now.getTime() + LONGEST_IGNORED_DAYS * DAY_MS)
      throw invalidValue('until', until.toISOString(), `a time from now on, at most ${LONGEST_IGNORED_DAYS} days away`);
    return this.act(actor, ids, (tx, _, items) => this.store.act(tx, idsOf(items), 'IGNORED', reason, until), {
      action: 'drift.ignored',
      reason,
      until: until.toISOString(),
    });
  }

  private async act(
    actor: string,
    ids: readonly DriftItemId[],
    work: (tx: Tx, deviceId: DeviceId, items: readonly DriftItem[]) => Promise<void>,
    { action, ...detail }: { readonly action: string; readonly reason: string; readonly until?: string },
  ): Promise<DriftReport[]> {
    refuseTooMany('items', ids.length);
    return this.db.inTransaction(systemScope(actor), async (tx) => {
      const items = await this.store.items(tx, ids);
      const missing = ids.find((id) => !items.some((item) => item.id === id));
      if (missing !== undefined) throw notFound('driftItem', missing);
      const ended = items.find(({ endedAt }) => endedAt !== null);
      if (ended)
        throw new DomainError('INVALID_STATE', 'the device does not say this any more', { state: 'GONE', allowedStates: ['OPEN'] });
      const deviceIds = [...new Set(items.map(({ deviceId }) => deviceId))];
      for (const deviceId of deviceIds) {
        const ofDevice = items.filter((item) => item.deviceId === deviceId);
        await work(tx, deviceId, ofDevice);
        const said = ofDevice.map(({ kind, path, section, intended, observed }) => ({ kind, path, section, intended, observed }));
        await this.audit.append(tx, {
          tenantId: null,
          action,
          subjectKind: 'device',
          subjectId: deviceId,
          detail: { ...detail, items: said },
        });
      }
      return this.store.reportsOf(tx, deviceIds);
    });
  }

  /** What the device shall carry as this transaction sees the fabric. @throws DomainError CHECK_FAILED. */
  private async rendered(tx: Tx, fabricId: FabricId, deviceId: DeviceId): Promise<readonly Artefact[]> {
    const device = this.intents.of(await this.fabric.snapshot(tx, fabricId)).devices.find((one) => one.deviceId === deviceId);
    return device ? pushedArtefacts(device) : [];
  }

  private async wantPlan(tx: Tx, fabricId: FabricId): Promise<void> {
    await this.fabric.raiseRevision(tx, fabricId);
    await this.outbox.append(tx, 'fabric.changed', fabricId);
  }
}

const idsOf = (items: readonly DriftItem[]): DriftItemId[] => items.map(({ id }) => id);

function fabricOf([first]: readonly DriftItem[]): FabricId {
  if (!first) throw notFound('driftItem', '');
  return first.fabricId;
}

function refuseTooMany(what: string, count: number): void {
  if (count < 1 || count > MOST_ITEMS) throw invalidValue(`number of ${what}`, count, `1 to ${MOST_ITEMS}`);
}
