import { Injectable } from '@nestjs/common';
import type { SyncTargetId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { InventoryConnectorKind } from '../domain/connector.js';

/** What the webhooks of a connector are signed with. */
@Injectable()
export class SyncHookStore {
  async set(tx: Tx, id: SyncTargetId, sealed: Buffer): Promise<void> {
    await tx.run('UPDATE sync_target SET sealed_hook_secret = $2 WHERE id = $1', [id, sealed]);
  }

  /** Of one that is switched on and has such a secret. */
  bySlug(tx: Tx, slug: string, kind: InventoryConnectorKind): Promise<{ id: SyncTargetId; sealed: Buffer } | undefined> {
    return tx.one<{ id: SyncTargetId; sealed: Buffer }>(
      'SELECT id, sealed_hook_secret AS sealed FROM sync_target WHERE slug = $1 AND kind = $2 AND enabled AND sealed_hook_secret IS NOT NULL',
      [slug, kind],
    );
  }
}
