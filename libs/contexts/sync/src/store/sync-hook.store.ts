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

  /** Of those that are switched on and have such a secret. They are as many as there are systems. */
  all(tx: Tx, kind: InventoryConnectorKind): Promise<{ id: SyncTargetId; slug: string; sealed: Buffer }[]> {
    return tx.sql(
      'SELECT id, slug, sealed_hook_secret AS sealed FROM sync_target WHERE kind = $1 AND enabled AND sealed_hook_secret IS NOT NULL',
      [kind],
    );
  }
}
