import { Inject, Injectable } from '@nestjs/common';
import { FabricService, SecretService } from '#contexts/fabric';
import { type DeviceId, DomainError, type FabricId } from '#engines/kernel';
import type { Artefact } from '#engines/rendering';
import { Database, LOGGER, type Logger, systemScope } from '#platform';
import { type DeviceConnection, type DeviceTransport, secretNames } from './ports/index.js';

export const DEVICE_TRANSPORTS = Symbol('DeviceTransports');
/** By how a device is reached; OpenBSD is reached as Debian hosts are, and spoken to otherwise. */
export type DeviceTransports = ReadonlyMap<'SSH' | 'EAPI' | 'PVE' | 'OPENBSD', DeviceTransport>;
/** Versions by name of the secrets that a connection completes texts with. */
export type SentSecrets = Readonly<Record<string, number>>;

export interface Destination {
  readonly fabricId: FabricId;
  readonly deviceId: DeviceId;
  /** What will be sent or compared: the secrets that it names are opened. */
  readonly artefacts: readonly Artefact[];
}

const SCOPE = systemScope('connector');

/** Opens connections to devices: how one is reached, what proves it, and its secrets are read each time, just before. */
@Injectable()
export class DeviceConnector {
  constructor(
    private readonly db: Database,
    private readonly fabric: FabricService,
    private readonly secrets: SecretService,
    @Inject(DEVICE_TRANSPORTS) private readonly transports: DeviceTransports,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** Closed whatever happens. @throws TransportError where the device is not reached, and what `work` throws. */
  async withConnection<T>(
    { fabricId, deviceId, artefacts }: Destination,
    signal: AbortSignal,
    work: (connection: DeviceConnection, secrets: SentSecrets) => Promise<T>,
  ): Promise<T> {
    const names = [...new Set(artefacts.flatMap(({ content }) => secretNames(content)))];
    const { access, opened } = await this.db.inTransaction(SCOPE, async (tx) => ({
      access: await this.fabric.access(tx, deviceId),
      opened: await this.secrets.open(tx, fabricId, names),
    }));
    const way = access.platform === 'OPENBSD' ? 'OPENBSD' : access.transport;
    const transport = this.transports.get(way);
    if (!transport) throw new DomainError('INTERNAL', `there is no transport ${way}`, { transport: way });
    const connection = await transport.open(
      {
        slug: access.slug,
        address: access.managementAddress,
        port: access.managementPort,
        username: access.username,
        secret: access.secret.reveal(),
        sshHostKeys: access.sshHostKeys,
        tlsSpkiSha256: access.tlsSpkiSha256,
        ...(access.serialNumber !== null && { serialNumber: access.serialNumber }),
        ...(access.systemMac !== null && { systemMac: access.systemMac }),
        ...(access.managed === 'FULL' && { managed: 'FULL' }),
        fabricId,
        secrets: { names: [...opened.keys()], resolve: (name) => opened.get(name)?.secret.reveal() },
      },
      signal,
    );
    try {
      return await work(connection, Object.fromEntries([...opened].map(([name, { version }]) => [name, version])));
    } finally {
      await connection.close().catch((error: unknown) => this.log.warn('device.close_failed', { device: access.slug, error }));
    }
  }
}
