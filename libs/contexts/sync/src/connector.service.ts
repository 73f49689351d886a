import { Injectable } from '@nestjs/common';
import { AuditService, type OperatorAct, OperatorActs, OutboxService } from '#contexts/events';
import { FabricService } from '#contexts/fabric';
import { DomainError, type FabricId, invalidValue, notFound, type Slug, type SyncTargetId } from '#engines/kernel';
import { atPath, Database, Envelope, newId, type Secret, systemScope, type Tx } from '#platform';
import { checkConnector } from './check-connector.js';
import { type Connector, CONNECTOR_KINDS, type ConnectorSettings, type NewConnector } from './domain/connector.js';
import type { PageOf } from './domain/sync-run.js';
import { connectorSecretContext } from './runner/foreign-inventories.js';
import { type ConnectorRow, ConnectorStore } from './store/connector.store.js';
import { SyncHookService } from './sync-hook.service.js';

const DEFAULTS = {
  enabled: true,
  mode: 'OBSERVE',
  adoption: 'PROPOSE',
  onRemoteGone: 'RECREATE',
  graceSeconds: 86_400,
  scanEverySeconds: 86_400,
  tlsPins: [],
  authority: {},
  settings: {},
  zones: [],
  ttlSeconds: 300,
} as const;

/** Which systems are kept right, how they are reached, and whose word counts there. Nothing here speaks to them. */
@Injectable()
export class ConnectorService {
  constructor(
    private readonly db: Database,
    private readonly envelope: Envelope,
    private readonly connectors: ConnectorStore,
    private readonly fabric: FabricService,
    private readonly audit: AuditService,
    private readonly outbox: OutboxService,
    private readonly acts: OperatorActs,
    private readonly hooks: SyncHookService,
  ) {}

  /** It begins in OBSERVE unless another mode is said. @throws DomainError INVALID_VALUE | ALREADY_EXISTS | IDEMPOTENCY_KEY_REUSED. */
  async create(input: NewConnector, actor: string, act: OperatorAct | null = null): Promise<Connector> {
    return this.changed(actor, async (tx) => {
      const id = await this.acts.once(tx, act, () => this.insert(tx, input));
      return (await this.connectors.byId(tx, id)) as Connector;
    });
  }

  /** The same in a transaction of whoever loads a whole fabric. @throws DomainError INVALID_VALUE | ALREADY_EXISTS; `facts.path` is what of it was refused. */
  createWithin(tx: Tx, input: Omit<NewConnector, 'hookSecret'>): Promise<SyncTargetId> {
    return this.insert(tx, input);
  }

  /** @throws DomainError NOT_FOUND | VERSION_CONFLICT | INVALID_VALUE | ALREADY_EXISTS. */
  async update(id: SyncTargetId, ifVersion: number, change: ConnectorSettings, actor: string): Promise<Connector> {
    return this.changed(actor, async (tx) => {
      const before = await this.connectors.lock(tx, id);
      const currentVersion = (await this.connectors.byId(tx, id))?.version;
      if (!before || currentVersion === undefined) throw notFound('syncTarget', id);
      if (currentVersion !== ifVersion)
        throw new DomainError('VERSION_CONFLICT', `the connector is at version ${currentVersion}`, { currentVersion });
      const { secret, hookSecret, ...settings } = change;
      // Whoever may change an address does not thereby learn what was entrusted to the one before.
      if (secret === undefined && settings.url !== undefined && originOf(settings.url) !== originOf(before.url))
        throw invalidValue('secret', 'absent', 'the secret as well, when the connector goes to another server');
      const after = { ...before, ...checkConnector(before.kind, defined(settings)), ...this.sealed(id, secret) } as ConnectorRow;
      // Two that met before this was refused can be changed in all else: a key that is known to others does not wait for that.
      if (isElsewhere(before, after)) await this.connectors.checkZones(tx, after);
      await this.connectors.update(tx, after, isReadAnew(before, after, secret));
      await this.hear(tx, after, hookSecret);
      await this.told(tx, 'connector.updated', after);
      return (await this.connectors.byId(tx, id)) as Connector;
    });
  }

  /** @throws DomainError NOT_FOUND. */
  async byId(id: SyncTargetId): Promise<Connector> {
    const connector = await this.db.inTransaction(systemScope('sync'), (tx) => this.connectors.byId(tx, id));
    if (!connector) throw notFound('syncTarget', id);
    return connector;
  }

  /** @throws DomainError NOT_FOUND. */
  async bySlug(slug: Slug): Promise<Connector> {
    return this.db.inTransaction(systemScope('sync'), async (tx) => {
      const id = await this.connectors.idBySlug(tx, slug, CONNECTOR_KINDS);
      if (!id) throw notFound('syncTarget', slug);
      return (await this.connectors.byId(tx, id)) as Connector;
    });
  }

  /** In the order in which they were made. */
  list(page: PageOf<SyncTargetId>): Promise<Connector[]> {
    return this.db.inTransaction(systemScope('sync'), (tx) => this.connectors.page(tx, page));
  }

  private async changed(actor: string, work: (tx: Tx) => Promise<Connector>): Promise<Connector> {
    const connector = await this.db.inTransaction(systemScope(actor), work);
    this.hooks.forget();
    return connector;
  }

  private async insert(tx: Tx, { secret, hookSecret, ...input }: NewConnector): Promise<SyncTargetId> {
    const id = newId<SyncTargetId>();
    const settings = checkConnector(input.kind, { ...defined(input), settings: input.settings ?? {} });
    const row: ConnectorRow = {
      ...DEFAULTS,
      ...settings,
      id,
      kind: input.kind,
      fabricId: input.kind === 'POWERDNS' ? (input.fabricId ?? (await this.onlyFabric(tx))) : null,
      sealedSecret: this.envelope.seal(connectorSecretContext(id), secret),
    } as ConnectorRow;
    await this.connectors.checkZones(tx, row);
    await this.connectors.insert(tx, row);
    await this.hear(tx, row, hookSecret);
    await this.told(tx, 'connector.created', row);
    return id;
  }

  private async hear(tx: Tx, { id, kind }: ConnectorRow, secret: Secret | undefined): Promise<void> {
    if (secret === undefined) return;
    if (kind !== 'NETBOX')
      atPath(['hookSecret'], () => {
        throw invalidValue('secret of webhooks of', kind, 'NETBOX');
      });
    await this.hooks.setSecret(tx, id, secret);
  }

  private async onlyFabric(tx: Tx): Promise<FabricId> {
    const [fabricId, ...others] = await this.fabric.fabrics(tx);
    if (fabricId === undefined || others.length > 0) throw invalidValue('fabric', 'absent', 'the fabric whose names the server shall hold');
    return fabricId;
  }

  private sealed(id: SyncTargetId, secret: Secret | undefined): { sealedSecret?: Buffer } {
    return secret === undefined ? {} : { sealedSecret: this.envelope.seal(connectorSecretContext(id), secret) };
  }

  private async told(tx: Tx, action: string, { id, sealedSecret: _secret, ...detail }: ConnectorRow): Promise<void> {
    await this.audit.append(tx, { tenantId: null, action, subjectKind: 'syncTarget', subjectId: id, detail });
    await this.outbox.append(tx, 'sync.wanted', id);
  }
}

const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : url);

/** What is absent and what is undefined are the same. */
const defined = <T extends object>(of: T): T => Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)) as T;

/** Another system, another view of it, or one that nobody looked at for a while: what was known of it counts for nothing. */
const isElsewhere = (before: ConnectorRow, after: ConnectorRow): boolean =>
  (after.enabled && !before.enabled) ||
  before.url !== after.url ||
  before.fabricId !== after.fabricId ||
  after.zones.some((zone) => !before.zones.includes(zone));

const isReadAnew = (before: ConnectorRow, after: ConnectorRow, secret: Secret | undefined): boolean =>
  secret !== undefined ||
  before.url !== after.url ||
  (after.enabled && !before.enabled) ||
  (before.mode === 'OBSERVE' && after.mode === 'WRITE') ||
  (['adoption', 'onRemoteGone', 'authority', 'settings'] as const).some(
    (key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]),
  );
