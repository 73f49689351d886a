import { AuditService } from '#contexts/events';
import type { RecordToken } from '#contexts/access';
import { digest } from '#engines/kernel';

const audit = new AuditService();

/** Who made or ended which token, with what it may; its secret is nowhere. */
export const recordToken =
  (action: 'token.created' | 'token.revoked'): RecordToken =>
  (tx, { id, name, tenantId, scopes, expiresAt }) =>
    audit.append(tx, {
      tenantId,
      action,
      subjectKind: 'token',
      subjectId: subjectOf(id),
      detail: { token: id, name, scopes, expiresAt: expiresAt.toISOString() },
    });

/** Subjects are UUIDs (RFC 9562, version 8); a token's id is none. */
function subjectOf(id: string): string {
  const hex = digest(id);
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
}
