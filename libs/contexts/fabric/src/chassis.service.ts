import { Injectable } from '@nestjs/common';
import { AuditService } from '#contexts/events';
import { type DeviceId, invalidValue, Mac } from '#engines/kernel';
import type { Tx } from '#platform';
import type { Chassis, ChassisRecord } from './domain/chassis.js';
import { FabricService } from './fabric.service.js';

/** Which box a device is. A person says so; what a box says of itself is kept as a proposal and trusted by nobody. */
@Injectable()
export class ChassisService {
  constructor(
    private readonly fabric: FabricService,
    private readonly audit: AuditService,
  ) {}

  async records(tx: Tx, deviceIds: readonly DeviceId[]): Promise<Map<DeviceId, ChassisRecord>> {
    const rows = await tx.sql<ChassisRecord & { id: DeviceId }>(
      `SELECT id, serial_number AS "serialNumber", system_mac::text AS "systemMac", seen_serial_number AS "seenSerialNumber",
          seen_system_mac AS "seenSystemMac", seen_identity_at AS "seenAt" FROM device WHERE id = ANY($1)`,
      [deviceIds],
    );
    return new Map(rows.map(({ id, ...record }) => [id, record]));
  }

  /** What answered at the address of a device. Nothing is compared with it. */
  async observe(tx: Tx, deviceId: DeviceId, { serialNumber, systemMac }: Chassis): Promise<void> {
    await tx.run(
      `UPDATE device SET seen_serial_number = nullif($2, ''), seen_system_mac = nullif($3, ''), seen_identity_at = clock_timestamp()
        WHERE id = $1 AND (seen_identity_at IS NULL OR (coalesce(seen_serial_number, ''), coalesce(seen_system_mac, '')) <> ($2, $3))`,
      [deviceId, serialNumber, systemMac],
    );
  }

  /** From now on a box with another one is refused. @param identity null for what is not compared. @throws DomainError NOT_FOUND | INVALID_VALUE. */
  async set(
    tx: Tx,
    deviceId: DeviceId,
    identity: { readonly serialNumber: string | null; readonly systemMac: string | null },
  ): Promise<void> {
    const device = await this.fabric.device(tx, deviceId);
    const said = parseChassis(device.platform, identity);
    await tx.run(
      'UPDATE device SET serial_number = $2, system_mac = $3::macaddr, version = version + 1, updated_at = now() WHERE id = $1',
      [deviceId, said.serialNumber, said.systemMac],
    );
    await this.audit.append(tx, {
      tenantId: null,
      action: 'device.identity_set',
      subjectKind: 'device',
      subjectId: deviceId,
      detail: { device: device.slug, ...said },
    });
  }
}

/** @throws DomainError INVALID_VALUE: not one, or of a host, which its SSH key proves. */
export function parseChassis(
  platform: string,
  { serialNumber, systemMac }: { readonly serialNumber?: string | null | undefined; readonly systemMac?: string | null | undefined },
): { readonly serialNumber: string | null; readonly systemMac: string | null } {
  if (platform !== 'ARISTA_EOS' && (serialNumber ?? systemMac ?? null) !== null)
    throw invalidValue('chassis', platform, 'ARISTA_EOS: a host is proven by its SSH host key');
  if (serialNumber && !/^[!-~]{1,64}$/.test(serialNumber))
    throw invalidValue('serial number', serialNumber, '1 to 64 printable characters without blanks');
  return { serialNumber: serialNumber ?? null, systemMac: systemMac ? Mac.parse(systemMac) : null };
}
