import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Tx } from '#platform';

/** Which Trame this is. A copy of its database is the same one: only one of the two may have its connectors switched on. */
@Injectable()
export class SyncInstallationStore {
  /** Eight hexadecimal digits, the same ones for ever; made when it is asked for first. */
  async id(tx: Tx): Promise<string> {
    const known = await this.known(tx);
    if (known !== undefined) return known;
    await tx.run('INSERT INTO sync_installation (id) VALUES ($1) ON CONFLICT (is_only) DO NOTHING', [randomUUID().slice(0, 8)]);
    return (await this.known(tx)) as string;
  }

  private async known(tx: Tx): Promise<string | undefined> {
    return (await tx.one<{ id: string }>('SELECT id FROM sync_installation'))?.id;
  }
}
