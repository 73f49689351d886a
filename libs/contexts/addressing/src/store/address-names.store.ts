import { Injectable } from '@nestjs/common';
import type { Fqdn, IpAddressId, TenantId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { AllocationState } from '../domain/allocation.js';

export interface AddressNames {
  readonly id: IpAddressId;
  readonly tenantId: TenantId;
  readonly state: AllocationState;
  readonly dnsName: Fqdn | null;
  readonly aliases: readonly Fqdn[];
}

const NAMES = `SELECT id, tenant_id AS "tenantId", state, dns_name AS "dnsName", coalesce(dns_aliases, '{}') AS aliases FROM ip_address`;

@Injectable()
export class AddressNamesStore {
  async names(tx: Tx, ids: readonly IpAddressId[]): Promise<AddressNames[]> {
    return tx.sql<AddressNames>(`${NAMES} WHERE id = ANY($1)`, [ids]);
  }

  /** Locked: who releases it meanwhile has done so, or waits. */
  async locked(tx: Tx, id: IpAddressId): Promise<AddressNames | undefined> {
    return tx.one<AddressNames>(`${NAMES} WHERE id = $1 FOR UPDATE`, [id]);
  }

  async setAliases(tx: Tx, id: IpAddressId, aliases: readonly Fqdn[]): Promise<void> {
    await tx.run('UPDATE ip_address SET dns_aliases = $2, updated_at = now() WHERE id = $1', [id, aliases.length === 0 ? null : aliases]);
  }
}
