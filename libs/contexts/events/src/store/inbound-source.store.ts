import { Injectable } from '@nestjs/common';
import type { TenantId } from '#engines/kernel';
import type { Tx } from '#platform';

export interface InboundSourceRow {
  readonly id: string;
  readonly slug: string;
  readonly tenantId: TenantId;
  readonly sealedSecrets: readonly Buffer[];
}

interface SourceRecord {
  id: string;
  slug: string;
  tenant_id: TenantId;
  sealed_secrets: Buffer[];
}

const toSource = (row: SourceRecord): InboundSourceRow => ({
  id: row.id,
  slug: row.slug,
  tenantId: row.tenant_id,
  sealedSecrets: row.sealed_secrets,
});

@Injectable()
export class InboundSourceStore {
  /** @returns undefined for a source that is switched off, as for one that never was. */
  async enabledBySlug(tx: Tx, slug: string): Promise<InboundSourceRow | undefined> {
    const row = await tx.one<SourceRecord>('SELECT id, slug, tenant_id, sealed_secrets FROM inbound_source WHERE slug = $1 AND enabled', [
      slug,
    ]);
    return row && toSource(row);
  }

  async lockBySlug(tx: Tx, slug: string): Promise<InboundSourceRow | undefined> {
    const row = await tx.one<SourceRecord>('SELECT id, slug, tenant_id, sealed_secrets FROM inbound_source WHERE slug = $1 FOR UPDATE', [
      slug,
    ]);
    return row && toSource(row);
  }

  async insert(tx: Tx, source: InboundSourceRow): Promise<void> {
    await tx.run('INSERT INTO inbound_source (id, slug, tenant_id, sealed_secrets) VALUES ($1, $2, $3, $4::bytea[])', [
      source.id,
      source.slug,
      source.tenantId,
      source.sealedSecrets,
    ]);
  }

  async setSecrets(tx: Tx, id: string, sealed: readonly Buffer[]): Promise<void> {
    await tx.run('UPDATE inbound_source SET sealed_secrets = $2::bytea[] WHERE id = $1', [id, sealed]);
  }
}
