import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AuditService, OutboxService } from '#contexts/events';
import { type DeviceId, DomainError, type FabricId, notFound } from '#engines/kernel';
import { Envelope, newId, type Secret, SealedColumns, type Tx } from '#platform';
import { FabricService } from './fabric.service.js';
import { credentialContext } from './domain/credential-context.js';

/** What may be told of a secret: everything but itself. */
export interface StoredSecret {
  readonly name: string;
  readonly fabricId: FabricId;
  /** 1 when it was set first. */
  readonly version: number;
  readonly setAt: Date;
  readonly setBy: string;
}

export interface NewCredential {
  /** The present one where it is not given. */
  readonly username: string | null;
  /** SSH: private key in OpenSSH format. eAPI: password. */
  readonly secret: Secret;
}

const NAME = /^[A-Za-z0-9._-]{1,64}$/;
/** RFC 2385 leaves the length open; Linux and FRR take 80 octets. A blank would end the word in which EOS and FRR look for it. */
const VALUE = /^[!-~]{1,80}$/;
const USERNAME = /^[A-Za-z_][A-Za-z0-9._-]{0,63}$/;
const TOKEN_ID = /^[^\s:/@!]{1,64}@[A-Za-z][\w.-]{1,31}![A-Za-z][\w.-]{1,63}$/;
const LONGEST_KEY = 16_384;

const STORED = `SELECT name, fabric_id AS "fabricId", version, set_at AS "setAt", set_by AS "setBy" FROM secret`;
const context = (id: string): string => `secret/${id}`;

/** Secrets that artefacts name and credentials of devices: set, listed, opened just before a push; never read back. */
@Injectable()
export class SecretService implements OnModuleInit {
  constructor(
    private readonly envelope: Envelope,
    private readonly columns: SealedColumns,
    private readonly fabric: FabricService,
    private readonly audit: AuditService,
    private readonly outbox: OutboxService,
  ) {}

  onModuleInit(): void {
    this.columns.add({ table: 'secret', key: 'id', column: 'sealed', context });
    this.columns.add({
      table: 'device_credential',
      key: 'device_id',
      column: 'sealed',
      context: (id) => credentialContext(id as DeviceId),
    });
  }

  /** Devices whose configuration names it are pushed to. The same value again changes nothing. @throws DomainError INVALID_VALUE | NOT_FOUND. */
  async set(tx: Tx, fabricId: FabricId, name: string, value: Secret): Promise<StoredSecret> {
    refuseUnless(NAME.test(name), 'name', '1 to 64 letters, digits, dots, dashes and underscores');
    refuseUnless(VALUE.test(value.reveal()), 'value', '1 to 80 printable ASCII characters without blanks');
    await this.fabric.settings(tx, fabricId);
    const known = await tx.one<{ id: string; sealed: Buffer }>(
      'SELECT id, sealed FROM secret WHERE fabric_id = $1 AND name = $2 FOR UPDATE',
      [fabricId, name],
    );
    if (known && this.envelope.open(context(known.id), known.sealed).reveal() === value.reveal()) return this.stored(tx, fabricId, name);
    const id = known?.id ?? newId<string>();
    const sealed = this.envelope.seal(context(id), value);
    const isDone = await (known
      ? tx.run('UPDATE secret SET sealed = $2, set_by = $3, version = version + 1, set_at = clock_timestamp() WHERE id = $1', [
          id,
          sealed,
          tx.scope.actor,
        ])
      : tx.run(
          `INSERT INTO secret (id, fabric_id, name, sealed, set_by) VALUES ($1, $2, $3, $4, $5) ON CONFLICT ON CONSTRAINT secret_name_unique DO NOTHING`,
          [id, fabricId, name, sealed, tx.scope.actor],
        ));
    // Somebody set it first at the same moment, and has committed by now: what is sealed is bound to that row.
    if (isDone === 0) return this.set(tx, fabricId, name, value);
    const stored = await this.stored(tx, fabricId, name);
    await this.audit.append(tx, {
      tenantId: null,
      action: 'secret.set',
      subjectKind: 'fabric',
      subjectId: fabricId,
      detail: { name, version: stored.version },
    });
    await this.outbox.append(tx, 'fabric.changed', fabricId);
    await this.fabric.raiseRevision(tx, fabricId);
    return stored;
  }

  list(tx: Tx): Promise<StoredSecret[]> {
    return tx.sql<StoredSecret>(`${STORED} ORDER BY fabric_id, name`);
  }

  /** By name: which secrets there are, and which of their values is the present one. */
  async versions(tx: Tx, fabricId: FabricId): Promise<ReadonlyMap<string, number>> {
    const rows = await tx.sql<{ name: string; version: number }>('SELECT name, version FROM secret WHERE fabric_id = $1', [fabricId]);
    return new Map(rows.map(({ name, version }) => [name, version]));
  }

  /** Only just before a push. Names without a secret are missing in the answer. @throws DomainError SECRET_UNREADABLE. */
  async open(
    tx: Tx,
    fabricId: FabricId,
    names: readonly string[],
  ): Promise<ReadonlyMap<string, { readonly version: number; readonly secret: Secret }>> {
    const rows = await tx.sql<{ id: string; name: string; version: number; sealed: Buffer }>(
      'SELECT id, name, version, sealed FROM secret WHERE fabric_id = $1 AND name = ANY($2)',
      [fabricId, names],
    );
    return new Map(rows.map(({ id, name, version, sealed }) => [name, { version, secret: this.envelope.open(context(id), sealed) }]));
  }

  /** The next connection uses it. @throws DomainError NOT_FOUND | INVALID_VALUE | INVALID_STATE (nobody connects to it). */
  async setCredential(tx: Tx, deviceId: DeviceId, { username, secret }: NewCredential): Promise<void> {
    const device = await tx.one<{ transport: 'SSH' | 'EAPI' | 'PVE' | 'NONE'; slug: string }>(
      'SELECT transport, slug FROM device WHERE id = $1 FOR UPDATE',
      [deviceId],
    );
    if (!device) throw notFound('device', deviceId);
    if (device.transport === 'NONE')
      throw new DomainError('INVALID_STATE', `nobody connects to ${device.slug}: it needs no credential`, { device: device.slug });
    if (device.transport === 'PVE')
      refuseUnless(username === null || TOKEN_ID.test(username), 'username', 'user@realm!token, as Proxmox shows it,');
    else refuseUnless(username === null || USERNAME.test(username), 'username', '1 to 64 letters, digits, dots, dashes and underscores');
    if (device.transport === 'SSH') {
      const isKey = /^-----BEGIN (?:OPENSSH|RSA|EC) PRIVATE KEY-----\n/.test(secret.reveal()) && secret.reveal().length <= LONGEST_KEY;
      refuseUnless(isKey, 'sshPrivateKey', 'a private key as ssh-keygen writes it, without a passphrase');
    } else {
      refuseUnless(/^[ -~]{1,128}$/.test(secret.reveal()), 'password', '1 to 128 printable ASCII characters');
    }
    if (username !== null) await tx.run('UPDATE device SET username = $2, updated_at = now() WHERE id = $1', [deviceId, username]);
    await tx.run(
      `INSERT INTO device_credential (device_id, sealed) VALUES ($1, $2)
       ON CONFLICT ON CONSTRAINT device_credential_pkey DO UPDATE SET sealed = $2, set_at = clock_timestamp()`,
      [deviceId, this.envelope.seal(credentialContext(deviceId), secret)],
    );
    await this.audit.append(tx, {
      tenantId: null,
      action: 'device.credential_set',
      subjectKind: 'device',
      subjectId: deviceId,
      detail: username === null ? {} : { username },
    });
  }

  private async stored(tx: Tx, fabricId: FabricId, name: string): Promise<StoredSecret> {
    return (await tx.one<StoredSecret>(`${STORED} WHERE fabric_id = $1 AND name = $2`, [fabricId, name])) as StoredSecret;
  }
}

/** The value is in no error. */
function refuseUnless(isGood: boolean, field: string, accepted: string): void {
  if (!isGood) throw new DomainError('INVALID_VALUE', `the ${field} is not one: ${accepted} are accepted`, { path: [field], accepted });
}
