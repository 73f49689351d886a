import { Injectable } from '@nestjs/common';
import type { DeviceId, FabricId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { Device, DeviceAccess, DeviceProgress, ManagementPath, ProgressStage } from '../domain/device.js';

const DEVICE = `SELECT d.id, d.fabric_id AS "fabricId", d.slug, d.platform, d.managed, s.slug AS site, host(v.address) AS "vtepAddress", v.asn::float8 AS asn, d.version,
    d.created_at AS "createdAt", d.updated_at AS "updatedAt" FROM device d JOIN site s ON s.id = d.site_id LEFT JOIN vtep v ON v.device_id = d.id`;

@Injectable()
export class DeviceStore {
  device(tx: Tx, id: DeviceId): Promise<Device | undefined> {
    return tx.one<Device>(`${DEVICE} WHERE d.id = $1`, [id]);
  }

  /** At most two: more than one is a name that says nothing. */
  bySlug(tx: Tx, slug: string, fabricId: FabricId | null): Promise<Device[]> {
    return tx.sql<Device>(`${DEVICE} WHERE d.slug = $1 AND ($2::uuid IS NULL OR d.fabric_id = $2) ORDER BY d.id LIMIT 2`, [slug, fabricId]);
  }

  byIds(tx: Tx, ids: readonly DeviceId[]): Promise<Device[]> {
    return tx.sql<Device>(`${DEVICE} WHERE d.id = ANY($1)`, [ids]);
  }

  devices(tx: Tx, page: { first: number; after: string | null }): Promise<Device[]> {
    return tx.sql<Device>(`${DEVICE} WHERE ($1::uuid IS NULL OR d.id > $1) ORDER BY d.id LIMIT $2`, [page.after, page.first]);
  }

  access(tx: Tx, id: DeviceId): Promise<DeviceAccess | undefined> {
    return tx.one<DeviceAccess>(
      `SELECT d.id, d.slug, d.platform, d.transport, d.managed, d.management_address AS "managementAddress", d.management_port AS "managementPort", d.username,
          d.ssh_host_keys AS "sshHostKeys", d.tls_spki_sha256 AS "tlsSpkiSha256", d.serial_number AS "serialNumber", d.system_mac::text AS "systemMac", c.sealed
         FROM device d LEFT JOIN device_credential c ON c.device_id = d.id WHERE d.id = $1`,
      [id],
    );
  }

  async progress(tx: Tx, deviceIds: readonly DeviceId[]): Promise<DeviceProgress[]> {
    // The words of a device may quote the lines of any customer.
    const lastError = tx.scope.kind === 'system' ? 'p.last_error' : 'NULL::jsonb';
    const rows = await tx.sql<
      Omit<DeviceProgress, 'verifiedRevision' | 'stageRevision' | 'failureCount' | 'failedRevision'> &
        Record<'verifiedRevision' | 'stageRevision' | 'failureCount' | 'failedRevision', string>
    >(
      `SELECT p.device_id AS "deviceId", d.slug, p.verified_revision AS "verifiedRevision", p.stage, p.stage_revision AS "stageRevision",
          p.failure_count AS "failureCount", p.failed_revision AS "failedRevision", ${lastError} AS "lastError" FROM device_progress p JOIN device d ON d.id = p.device_id WHERE p.device_id = ANY($1)`,
      [deviceIds],
    );
    return rows.map((row) => ({
      ...row,
      verifiedRevision: Number(row.verifiedRevision),
      stageRevision: Number(row.stageRevision),
      failureCount: Number(row.failureCount),
      failedRevision: Number(row.failedRevision),
    }));
  }

  async idsOf(tx: Tx, name: string): Promise<DeviceId[]> {
    const rows = await tx.sql<{ id: DeviceId }>(
      `SELECT id FROM device WHERE slug = lower($1) OR lower(hostname) = lower($1) OR lower(split_part(hostname, '.', 1)) = lower($1) OR management_address = $1 LIMIT 2`,
      [name],
    );
    return rows.map(({ id }) => id);
  }

  /** By every name, in small letters, that one device alone has: slug, host name with and without its domain, management address. */
  async byName(tx: Tx): Promise<Map<string, DeviceId>> {
    const rows = await tx.sql<{ name: string; id: DeviceId }>(
      `SELECT name, min(id::text) AS id FROM device, LATERAL (VALUES (slug), (lower(hostname)), (lower(split_part(hostname, '.', 1))), (lower(management_address))) n(name)
        WHERE name <> '' GROUP BY name HAVING count(DISTINCT id) = 1`,
    );
    return new Map(rows.map(({ name, id }) => [name, id]));
  }

  async attend(tx: Tx, deviceIds: readonly DeviceId[], revision: number, because: string): Promise<void> {
    await tx.run(
      'UPDATE device_progress SET attended_revision = greatest(attended_revision, $2), attended_because = $3 WHERE device_id = ANY($1)',
      [[...deviceIds].sort(), revision, because],
    );
  }

  async attended(tx: Tx, fabricId: FabricId): Promise<Map<DeviceId, string>> {
    const rows = await tx.sql<{ id: DeviceId; because: string }>(
      `SELECT p.device_id AS id, p.attended_because AS because FROM device_progress p JOIN device d ON d.id = p.device_id
        WHERE d.fabric_id = $1 AND p.attended_revision > p.verified_revision AND p.attended_because IS NOT NULL`,
      [fabricId],
    );
    return new Map(rows.map(({ id, because }) => [id, because]));
  }

  async reportStage(tx: Tx, deviceIds: readonly DeviceId[], stage: ProgressStage, revision: number): Promise<void> {
    await tx.run('UPDATE device_progress SET stage = $2, stage_revision = $3 WHERE device_id = ANY($1)', [deviceIds, stage, revision]);
  }

  /** Whatever is not where the fabric's revision wants it to be waits, and for this. */
  async reportBehind(tx: Tx, fabricId: FabricId, stage: ProgressStage): Promise<void> {
    await tx.run(
      `UPDATE device_progress p SET stage = $2, stage_revision = f.revision FROM device d JOIN fabric f ON f.id = d.fabric_id
        WHERE d.id = p.device_id AND f.id = $1 AND d.managed <> 'OBSERVE' AND p.verified_revision < f.revision AND (p.stage, p.stage_revision) <> ($2, f.revision)`,
      [fabricId, stage],
    );
  }

  async reportVerified(tx: Tx, deviceIds: readonly DeviceId[], revision: number): Promise<void> {
    await tx.run(
      `UPDATE device_progress SET verified_revision = greatest(verified_revision, $2), stage = 'VERIFIED', stage_revision = greatest(stage_revision, $2), last_error = NULL WHERE device_id = ANY($1)`,
      [deviceIds, revision],
    );
  }

  async reportFailed(
    tx: Tx,
    deviceId: DeviceId,
    revision: number,
    weight: number,
    error: { code: string; message: string },
  ): Promise<void> {
    await tx.run(
      `UPDATE device_progress SET stage = 'FAILED', stage_revision = $2, failed_revision = CASE WHEN $3 > 0 THEN $2 ELSE failed_revision END,
          failure_count = failure_count + $3, last_error = $4 WHERE device_id = $1`,
      [deviceId, revision, weight, JSON.stringify(error)],
    );
  }

  /** Devices that a person, or another tool, configures: nothing reaches them, or no transport can put in force what they need. */
  async externals(tx: Tx, fabricId: FabricId): Promise<Set<DeviceId>> {
    const rows = await tx.sql<{ id: DeviceId }>(
      `SELECT id FROM device WHERE fabric_id = $1 AND (transport = 'NONE' OR facts->'openvswitch'->>'managedBy' = 'IFUPDOWN')`,
      [fabricId],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** Devices that are never written to. Others have sessions and links with them: they are part of the intent all the same. */
  async observed(tx: Tx, fabricId: FabricId): Promise<Set<DeviceId>> {
    const rows = await tx.sql<{ id: DeviceId }>(`SELECT id FROM device WHERE fabric_id = $1 AND managed = 'OBSERVE'`, [fabricId]);
    return new Set(rows.map(({ id }) => id));
  }

  /** Locks the device. */
  async setManaged(tx: Tx, id: DeviceId, managed: Device['managed']): Promise<boolean> {
    return (
      (await tx.run(
        'UPDATE device SET managed = $2, version = version + 1, updated_at = clock_timestamp() WHERE id = $1 AND managed <> $2',
        [id, managed],
      )) === 1
    );
  }

  async retake(tx: Tx, id: DeviceId, revision: number): Promise<void> {
    await tx.run('UPDATE device_progress SET retaken_revision = $2 WHERE device_id = $1', [id, revision]);
  }

  /** Slugs of its networks that somebody waits for. */
  async movingNetworks(tx: Tx, id: DeviceId): Promise<string[]> {
    const rows = await tx.sql<{ slug: string }>(
      `SELECT DISTINCT n.slug FROM attachment a JOIN network n ON n.id = a.network_id WHERE a.device_id = $1 AND n.state IN ('PROVISIONING', 'DEPROVISIONING') ORDER BY n.slug`,
      [id],
    );
    return rows.map(({ slug }) => slug);
  }

  /** By which address, and where it was said by which port, each device is reached. */
  async managementPaths(tx: Tx, fabricId: FabricId): Promise<Map<DeviceId, ManagementPath>> {
    const rows = await tx.sql<ManagementPath & { id: DeviceId }>(
      `SELECT id, coalesce(facts->'management'->>'address', management_address) AS address, facts->'management'->>'port' AS port FROM device WHERE fabric_id = $1`,
      [fabricId],
    );
    return new Map(rows.map(({ id, ...path }) => [id, path]));
  }

  /** Also those on their way out: a plan that takes one away asks a person. */
  async protectedNetworks(tx: Tx, fabricId: FabricId): Promise<Set<string>> {
    const rows = await tx.sql<{ slug: string }>(`SELECT slug FROM network WHERE fabric_id = $1 AND facts @> '{"isProtected": true}'`, [
      fabricId,
    ]);
    return new Set(rows.map((row) => row.slug));
  }

  async fabrics(tx: Tx): Promise<FabricId[]> {
    return (await tx.sql<{ id: FabricId }>('SELECT id FROM fabric ORDER BY id')).map((row) => row.id);
  }
}
