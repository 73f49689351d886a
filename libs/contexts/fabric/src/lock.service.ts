import { Injectable } from '@nestjs/common';
import { AuditService, type OperatorAct, OperatorActs, OutboxService } from '#contexts/events';
import { decodeId, type DeviceId, DomainError, type FabricId, type LockId, notFound, type PlanId, type TenantId } from '#engines/kernel';
import { Database, systemScope, type Tx } from '#platform';
import { lockedError, type LockScope, type MaintenanceLock, MAX_LOCK_SECONDS } from './domain/lock.js';
import { DeviceStore } from './store/device.store.js';
import { LockStore } from './store/lock.store.js';

export interface LockRequest {
  readonly scope: LockScope;
  /** Id or slug; null: the only fabric there is. */
  readonly subject: string | null;
  readonly reason: string;
  readonly seconds: number;
}

const KINDS = { FABRIC: 'fabric', SITE: 'site', DEVICE: 'device', TENANT: 'tenant' } as const;

/** Maintenance locks: rows that rollouts and orders ask about. Whoever forgets one loses it after a day at the latest. */
@Injectable()
export class LockService {
  constructor(
    private readonly db: Database,
    private readonly locks: LockStore,
    private readonly devices: DeviceStore,
    private readonly audit: AuditService,
    private readonly outbox: OutboxService,
    private readonly acts: OperatorActs,
  ) {}

  /** @throws DomainError NOT_FOUND | INVALID_VALUE (longer than a day, or nothing that is named). */
  async acquire(actor: string, request: LockRequest, act: OperatorAct | null = null): Promise<MaintenanceLock> {
    const { scope, reason, seconds } = request;
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > MAX_LOCK_SECONDS) {
      throw new DomainError(
        'INVALID_VALUE',
        `a lock lasts from 1 to ${MAX_LOCK_SECONDS} seconds: maintenance that takes longer is said again`,
        {
          path: ['ttlSeconds'],
          accepted: `1 to ${MAX_LOCK_SECONDS}`,
        },
      );
    }
    return this.once(actor, act, async (tx) => {
      const subjectId = await this.subject(tx, request);
      const id = await this.locks.insert(tx, scope, subjectId, reason, actor, seconds);
      const lock = (await this.locks.byId(tx, id)) as MaintenanceLock;
      await this.record(tx, 'lock.acquired', lock);
      return lock;
    });
  }

  /** Whoever may lock may unlock: the one who locked may be asleep. @throws DomainError NOT_FOUND, also for one that has ended. */
  async release(actor: string, id: LockId, act: OperatorAct | null = null): Promise<MaintenanceLock> {
    return this.once(actor, act, async (tx) => {
      const lock = await this.locks.byId(tx, id);
      if (!lock) throw notFound('maintenanceLock', id);
      await this.locks.end(tx, id);
      await this.record(tx, 'lock.released', lock);
      for (const fabricId of await this.devices.fabrics(tx)) await this.outbox.append(tx, 'fabric.changed', fabricId);
      return lock;
    });
  }

  active(tx: Tx): Promise<MaintenanceLock[]> {
    return this.locks.active(tx);
  }

  ofDevices(tx: Tx, fabricId: FabricId): Promise<ReadonlyMap<DeviceId, MaintenanceLock>> {
    return this.locks.ofDevices(tx, fabricId);
  }

  /** @param passing the plan that asks: what it holds itself does not lock it out. */
  ofDevice(tx: Tx, deviceId: DeviceId, passing: PlanId | null = null): Promise<MaintenanceLock | undefined> {
    return this.locks.ofDevice(tx, deviceId, passing);
  }

  /** For a rollback, a day at most: what it brings back is not taken forward again by policy. */
  async holdFor(tx: Tx, planId: PlanId, deviceIds: readonly DeviceId[], reason: string): Promise<void> {
    await this.locks.holdFor(tx, planId, deviceIds, reason, tx.scope.actor, MAX_LOCK_SECONDS);
    for (const lock of (await this.locks.active(tx)).filter((held) => held.planId === planId)) await this.record(tx, 'lock.acquired', lock);
  }

  heldForPlans(tx: Tx, fabricId: FabricId): Promise<{ id: LockId; planId: PlanId; deviceId: DeviceId }[]> {
    return this.locks.heldForPlans(tx, fabricId);
  }

  /** Its reason is gone: nobody has to take it away. */
  async end(tx: Tx, id: LockId): Promise<void> {
    const lock = await this.locks.byId(tx, id);
    if (!lock) return;
    await this.locks.end(tx, id);
    await this.record(tx, 'lock.ended', lock);
  }

  /** No order of a locked tenant is taken. @throws DomainError LOCKED. */
  async refuseLockedTenant(tx: Tx, tenantId: TenantId): Promise<void> {
    const lock = await this.locks.ofTenant(tx, tenantId);
    if (lock) throw lockedError('no orders are taken', lock);
  }

  /** Said again it is answered with the lock as it was then: it may be gone. */
  private async once(actor: string, act: OperatorAct | null, work: (tx: Tx) => Promise<MaintenanceLock>): Promise<MaintenanceLock> {
    const lock = await this.db.inTransaction(systemScope(actor), (tx) => this.acts.once(tx, act, () => work(tx)));
    return { ...lock, createdAt: new Date(lock.createdAt), until: new Date(lock.until) };
  }

  private async subject(tx: Tx, { scope, subject }: LockRequest): Promise<string> {
    const kind = KINDS[scope];
    if (subject === null && scope !== 'FABRIC') {
      throw new DomainError('INVALID_VALUE', `a lock of scope ${scope} names what it locks`, {
        path: ['subject'],
        accepted: `id or slug of a ${kind}`,
      });
    }
    const isId = subject !== null && /^[a-z]+_[0-9a-z]{26}$/.test(subject);
    const found = await this.locks.subjects(
      tx,
      scope,
      subject === null ? null : isId ? { id: decodeId(kind, subject) } : { slug: subject },
    );
    const [first] = found;
    if (first === undefined) throw notFound(kind, subject ?? '');
    if (found.length > 1) {
      throw new DomainError('INVALID_VALUE', `there are several: name the ${kind} by its id`, {
        path: ['subject'],
        accepted: `id of a ${kind}`,
      });
    }
    return first;
  }

  private async record(tx: Tx, action: string, { id, scope, subject, reason, until }: MaintenanceLock): Promise<void> {
    await this.audit.append(tx, {
      tenantId: null,
      action,
      subjectKind: 'maintenanceLock',
      subjectId: id,
      detail: { scope, subject, reason, until },
    });
  }
}
