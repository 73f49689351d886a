import { Injectable } from '@nestjs/common';
import { AuditService, OutboxService } from '#contexts/events';
import type { AdoptedFacts, FabricSnapshot } from '#engines/intent';
import {
  type DeviceId,
  DomainError,
  type FabricId,
  type Label,
  notFound,
  type PoolId,
  type TenantId,
  type VlanDomainId,
} from '#engines/kernel';
import { NumberingService } from '#contexts/numbering';
import { TenancyService, type Vrf } from '#contexts/tenancy';
import { Envelope, type Secret, type Tx } from '#platform';
import { credentialContext } from './domain/credential-context.js';
import type { Device, DeviceAccess, DeviceProgress, ManagementPath, ProgressStage } from './domain/device.js';
import { DeviceStore } from './store/device.store.js';
import { SnapshotStore } from './store/snapshot.store.js';

export interface FabricSettings {
  readonly id: FabricId;
  readonly rtAdministrator: number;
  readonly underlayFamily: 4 | 6;
  readonly underlayMtu: number;
  readonly revision: number;
}

/** Fabrics and their devices, and how far each device is. Where networks are: `PlaceService`. It pushes nothing. */
@Injectable()
export class FabricService {
  constructor(
    private readonly snapshots: SnapshotStore,
    private readonly deviceStore: DeviceStore,
    private readonly numbering: NumberingService,
    private readonly tenancy: TenancyService,
    private readonly envelope: Envelope,
    private readonly audit: AuditService,
    private readonly outbox: OutboxService,
  ) {}

  async settings(tx: Tx, fabricId: FabricId): Promise<FabricSettings> {
    const row = await tx.one<FabricSettings & { revision: string }>(
      'SELECT id, rt_administrator AS "rtAdministrator", underlay_family AS "underlayFamily", underlay_mtu AS "underlayMtu", revision FROM fabric WHERE id = $1',
      [fabricId],
    );
    if (!row) throw notFound('fabric', fabricId);
    return { ...row, revision: Number(row.revision) };
  }

  /** Every change of intent ends with this: it orders intents, and it is the last lock of a transaction. */
  async raiseRevision(tx: Tx, fabricId: FabricId): Promise<number> {
    const row = await tx.one<{ revision: string }>('UPDATE fabric SET revision = revision + 1 WHERE id = $1 RETURNING revision', [
      fabricId,
    ]);
    if (!row) throw notFound('fabric', fabricId);
    return Number(row.revision);
  }

  snapshot(tx: Tx, fabricId: FabricId): Promise<FabricSnapshot> {
    return this.snapshots.read(tx, fabricId);
  }

  async device(tx: Tx, id: DeviceId): Promise<Device> {
    const device = await this.deviceStore.device(tx, id);
    if (!device) throw notFound('device', id);
    return device;
  }

  /** The one device of that slug, host name or management address; names are not case-sensitive. @throws DomainError NOT_FOUND, also where there are two. */
  async deviceCalled(tx: Tx, name: string): Promise<Device> {
    const ids = await this.deviceStore.idsOf(tx, name);
    const [id] = ids;
    if (id === undefined || ids.length > 1) throw notFound('device', name);
    return this.device(tx, id);
  }

  /** All names of `deviceCalled` at once, in small letters. */
  devicesByName(tx: Tx): Promise<ReadonlyMap<string, DeviceId>> {
    return this.deviceStore.byName(tx);
  }

  /** Slugs are unique in a fabric. @throws DomainError NOT_FOUND | INVALID_VALUE (several fabrics have one, and none is named). */
  async deviceBySlug(tx: Tx, slug: string, fabricId: FabricId | null = null): Promise<Device> {
    const [device, another] = await this.deviceStore.bySlug(tx, slug, fabricId);
    if (!device) throw notFound('device', slug);
    if (another)
      throw new DomainError('INVALID_VALUE', `several fabrics have a device ${slug}: name the fabric, or the device by its id`, {
        path: ['slug'],
        accepted: 'an id (dev_…), or the fabric as well',
      });
    return device;
  }

  devices(tx: Tx, page: { first: number; after: string | null }): Promise<Device[]> {
    return this.deviceStore.devices(tx, page);
  }

  devicesById(tx: Tx, ids: readonly DeviceId[]): Promise<Device[]> {
    return this.deviceStore.byIds(tx, ids);
  }

  /** In the fabric of its pool of L3 VNIs. @throws DomainError NOT_FOUND | POOL_EXHAUSTED | ALREADY_EXISTS. */
  async createVrf(tx: Tx, vrf: { tenantId: TenantId; l3vniPoolId: PoolId; slug: string; name: Label; key: string }): Promise<Vrf> {
    await this.tenancy.tenant(tx, vrf.tenantId); // The operator may name one that is not there.
    const { fabricId } = await this.numbering.poolGiving(tx, vrf.l3vniPoolId, 'L3VNI');
    const { rtAdministrator } = await this.settings(tx, fabricId);
    return this.tenancy.createVrf(tx, { ...vrf, fabricId, rtAdministrator, eviPoolId: await this.numbering.poolOf(tx, fabricId, 'EVI') });
  }

  /** What the device says otherwise than Trame would (ADR 0016); undefined where nothing was adopted. */
  async adopted(tx: Tx, id: DeviceId): Promise<AdoptedFacts | undefined> {
    const row = await tx.one<{ adopted: AdoptedFacts | null }>(`SELECT facts->'adopted' AS adopted FROM device WHERE id = $1`, [id]);
    if (!row) throw notFound('device', id);
    return row.adopted ?? undefined;
  }

  /** The whole of it; whoever changes it raises the revision in the same transaction. */
  async adopt(tx: Tx, id: DeviceId, adopted: AdoptedFacts): Promise<void> {
    await tx.run(
      `UPDATE device SET facts = jsonb_set(facts, '{adopted}', $2), version = version + 1, updated_at = clock_timestamp() WHERE id = $1`,
      [id, JSON.stringify(adopted)],
    );
  }

  /**
   * Who writes to the device from now on. OBSERVE: nobody; it stays part of the intent, as others have sessions with it. SECTION: Trame, in
   * what it owns; it is read first, and its first plan waits for a person, also where it was ours before. @returns false where it was so. @throws DomainError NOT_FOUND | INVALID_STATE (orders wait for it).
   */
  async manage(tx: Tx, id: DeviceId, managed: 'OBSERVE' | 'SECTION'): Promise<boolean> {
    const { fabricId, slug, managed: before } = await this.device(tx, id);
    if (before === managed) return false;
    // First: an order that does not see yet who writes to the device waits for this, or its network is seen here.
    const revision = await this.raiseRevision(tx, fabricId);
    if (!(await this.deviceStore.setManaged(tx, id, managed))) return false;
    const moving = managed === 'OBSERVE' ? await this.deviceStore.movingNetworks(tx, id) : [];
    if (moving.length > 0)
      throw new DomainError('INVALID_STATE', `orders wait for ${slug}: ${moving.join(', ')}`, {
        state: 'MANAGED',
        allowedStates: ['no network on its way'],
      });
    await this.audit.append(tx, {
      tenantId: null,
      action: 'device.managed',
      subjectKind: 'device',
      subjectId: id,
      detail: { before, after: managed },
    });
    if (managed === 'SECTION') await this.deviceStore.retake(tx, id, revision);
    await this.outbox.append(tx, 'fabric.changed', fabricId);
    return true;
  }

  /** Devices that nothing is pushed to. */
  observed(tx: Tx, fabricId: FabricId): Promise<ReadonlySet<DeviceId>> {
    return this.deviceStore.observed(tx, fabricId);
  }

  /** Nobody would put a network there, or take it away: an order would wait for ever. @throws DomainError INVALID_STATE. */
  async refuseObserved(tx: Tx, fabricId: FabricId, deviceIds: readonly DeviceId[]): Promise<void> {
    const observed = await this.observed(tx, fabricId);
    const first = deviceIds.find((id) => observed.has(id));
    if (first === undefined) return;
    const { slug } = await this.device(tx, first);
    throw new DomainError('INVALID_STATE', `the network is on ${slug}, which is only observed: nothing can be taken from it`, {
      state: 'OBSERVE',
      allowedStates: ['SECTION'],
    });
  }

  /** Devices and VLAN domains by the names that a document has for them. */
  async names(
    tx: Tx,
    fabricId: FabricId,
  ): Promise<{ readonly devices: ReadonlyMap<string, DeviceId>; readonly vlanDomains: ReadonlyMap<string, VlanDomainId> }> {
    const all = async <Id>(table: 'device' | 'vlan_domain'): Promise<ReadonlyMap<string, Id>> => {
      const rows = await tx.sql<{ id: Id; slug: string }>(`SELECT id, slug FROM ${table} WHERE fabric_id = $1`, [fabricId]);
      return new Map(rows.map(({ id, slug }) => [slug, id]));
    };
    return { devices: await all<DeviceId>('device'), vlanDomains: await all<VlanDomainId>('vlan_domain') };
  }

  fabrics(tx: Tx): Promise<FabricId[]> {
    return this.deviceStore.fabrics(tx);
  }

  /** For whoever names none. @throws DomainError INVALID_VALUE where there are several, or none. */
  async onlyFabric(tx: Tx): Promise<FabricId> {
    const [only, ...others] = await this.fabrics(tx);
    if (only !== undefined && others.length === 0) return only;
    throw new DomainError('INVALID_VALUE', 'there is not exactly one fabric: name it', {
      path: ['fabric'],
      accepted: 'the id of a fabric (fab_…)',
    });
  }

  /** Address, pins and the opened secret; only just before a connection. @throws DomainError NOT_FOUND | INVALID_STATE (only observed) | SECRET_UNREADABLE. */
  async access(tx: Tx, id: DeviceId): Promise<DeviceAccess & { secret: Secret }> {
    const access = await this.deviceStore.access(tx, id);
    if (!access?.sealed) throw notFound('device', id);
    if (access.managed === 'OBSERVE') throw onlyObserved(access.slug);
    return { ...access, secret: this.envelope.open(credentialContext(id), access.sealed) };
  }

  /** Every managed device is proven to do what the fabric's revision asks. */
  async isSettled(tx: Tx, fabricId: FabricId): Promise<boolean> {
    const behind = await tx.one(
      `SELECT 1 AS behind FROM fabric f JOIN device d ON d.fabric_id = f.id JOIN device_progress p ON p.device_id = d.id
        WHERE f.id = $1 AND d.managed <> 'OBSERVE' AND p.verified_revision < f.revision LIMIT 1`,
      [fabricId],
    );
    return behind === undefined;
  }

  progress(tx: Tx, deviceIds: readonly DeviceId[]): Promise<DeviceProgress[]> {
    return this.deviceStore.progress(tx, deviceIds);
  }

  reportStage(tx: Tx, deviceIds: readonly DeviceId[], stage: ProgressStage, revision: number): Promise<void> {
    return this.deviceStore.reportStage(tx, deviceIds, stage, revision);
  }

  /** Until these devices are proven at this revision a person approves what is pushed to them. @param because one sentence for that person. */
  attend(tx: Tx, deviceIds: readonly DeviceId[], revision: number, because: string): Promise<void> {
    return this.deviceStore.attend(tx, deviceIds, revision, because);
  }

  /** Devices of which somebody wants to see what is pushed, and why. */
  attended(tx: Tx, fabricId: FabricId): Promise<ReadonlyMap<DeviceId, string>> {
    return this.deviceStore.attended(tx, fabricId);
  }

  reportBehind(tx: Tx, fabricId: FabricId, stage: ProgressStage): Promise<void> {
    return this.deviceStore.reportBehind(tx, fabricId, stage);
  }

  externals(tx: Tx, fabricId: FabricId): Promise<ReadonlySet<DeviceId>> {
    return this.deviceStore.externals(tx, fabricId);
  }

  managementPaths(tx: Tx, fabricId: FabricId): Promise<ReadonlyMap<DeviceId, ManagementPath>> {
    return this.deviceStore.managementPaths(tx, fabricId);
  }

  /** Slugs of networks that only change with a person's approval. */
  protectedNetworks(tx: Tx, fabricId: FabricId): Promise<ReadonlySet<string>> {
    return this.deviceStore.protectedNetworks(tx, fabricId);
  }

  reportVerified(tx: Tx, deviceIds: readonly DeviceId[], revision: number): Promise<void> {
    return this.deviceStore.reportVerified(tx, deviceIds, revision);
  }

  /** @param weight how much the failure counts towards giving up: more than one for what another try cannot mend, 0 for what is only told. */
  reportFailed(tx: Tx, deviceId: DeviceId, revision: number, weight: number, error: { code: string; message: string }): Promise<void> {
    return this.deviceStore.reportFailed(tx, deviceId, revision, weight, error);
  }
}

const onlyObserved = (slug: string): DomainError<'INVALID_STATE'> =>
  new DomainError('INVALID_STATE', `${slug} is only observed: trame fabric manage ${slug} --mode SECTION lets Trame write to it`, {
    state: 'OBSERVE',
    allowedStates: ['SECTION'],
  });
