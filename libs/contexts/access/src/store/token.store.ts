import { Injectable } from '@nestjs/common';
import type { TenantId } from '#engines/kernel';
import type { Tx } from '#platform';

export interface TokenRow {
  readonly id: string;
  readonly name: string;
  /** Null: a token of the operator, for all tenants. */
  readonly tenantId: TenantId | null;
  readonly scopes: readonly string[];
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

export interface StoredToken extends TokenRow {
  readonly secretHash: Buffer;
  readonly pepperVersion: number;
}

interface TokenRecord {
  id: string;
  name: string;
  tenant_id: TenantId | null;
  scopes: string[];
  secret_hash: Buffer;
  pepper_version: number;
  created_by: string;
  created_at: Date;
  expires_at: Date;
  last_used_at: Date | null;
  revoked_at: Date | null;
}

const COLUMNS = 'id, name, tenant_id, scopes, secret_hash, pepper_version, created_by, created_at, expires_at, last_used_at, revoked_at';

const toToken = (row: TokenRecord): StoredToken => ({
  id: row.id,
  name: row.name,
  tenantId: row.tenant_id,
  scopes: row.scopes,
  secretHash: row.secret_hash,
  pepperVersion: row.pepper_version,
  createdBy: row.created_by,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  lastUsedAt: row.last_used_at,
  revokedAt: row.revoked_at,
});

@Injectable()
export class TokenStore {
  async insert(
    tx: Tx,
    token: Pick<StoredToken, 'id' | 'name' | 'tenantId' | 'scopes' | 'secretHash' | 'pepperVersion' | 'expiresAt'>,
  ): Promise<TokenRow> {
    const row = await tx.one<TokenRecord>(
      `INSERT INTO api_token (id, name, tenant_id, scopes, secret_hash, pepper_version, created_by, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ${COLUMNS}`,
      [token.id, token.name, token.tenantId, token.scopes, token.secretHash, token.pepperVersion, tx.scope.actor, token.expiresAt],
    );
    return toToken(row as TokenRecord);
  }

  async byId(tx: Tx, id: string): Promise<StoredToken | undefined> {
    const row = await tx.one<TokenRecord>(`SELECT ${COLUMNS} FROM api_token WHERE id = $1`, [id]);
    return row && toToken(row);
  }

  async countOperatorTokens(tx: Tx, now: Date): Promise<number> {
    const row = await tx.one<{ n: string }>(
      'SELECT count(*) AS n FROM api_token WHERE tenant_id IS NULL AND revoked_at IS NULL AND expires_at > $1',
      [now],
    );
    return Number(row?.n);
  }

  /** Not more than once a minute: a token that is used a thousand times a second costs one write. */
  async touch(tx: Tx, id: string, now: Date): Promise<void> {
    await tx.run(
      `UPDATE api_token SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $2::timestamptz - interval '1 minute')`,
      [id, now],
    );
  }

  /** @returns false when there is no such token, or it was revoked before. */
  async revoke(tx: Tx, id: string, now: Date): Promise<boolean> {
    return (await tx.run('UPDATE api_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL', [id, now])) === 1;
  }
}
