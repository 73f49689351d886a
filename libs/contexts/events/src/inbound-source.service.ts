import { randomBytes } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DomainError, type Slug, type TenantId } from '#engines/kernel';
import { Envelope, newId, SealedColumns, Secret, type Tx, violatedConstraint } from '#platform';
import { AuditService } from './audit.service.js';
import { type InboundSourceRow, InboundSourceStore } from './store/inbound-source.store.js';

/** Who may send us webhooks: one source per portal and tenant, each with its own secret. */
@Injectable()
export class InboundSourceService implements OnModuleInit {
  constructor(
    private readonly store: InboundSourceStore,
    private readonly envelope: Envelope,
    private readonly columns: SealedColumns,
    private readonly audit: AuditService,
  ) {}

  onModuleInit(): void {
    this.columns.add({ table: 'inbound_source', key: 'id', column: 'sealed_secrets', isList: true, context });
  }

  /** @returns the secret in the sender's form (`whsec_…`); it can be read this once. @throws DomainError ALREADY_EXISTS. */
  async create(tx: Tx, source: { slug: Slug; tenantId: TenantId }): Promise<{ id: string; secret: Secret }> {
    const id = newId<string>();
    const secret = newSecret();
    try {
      await this.store.insert(tx, { id, ...source, sealedSecrets: [this.seal(id, secret)] });
    } catch (error) {
      if (violatedConstraint(error) !== 'inbound_source_slug_unique') throw error;
      throw new DomainError('ALREADY_EXISTS', `there is a source ${source.slug} already`, { slug: source.slug }, { cause: error });
    }
    await this.record(tx, 'source.created', { id, ...source });
    return { id, secret };
  }

  /** The secret before stays good until the next rotation: the sender changes over when it can. @throws DomainError NOT_FOUND. */
  async rotateSecret(tx: Tx, slug: Slug): Promise<Secret> {
    const source = await this.store.lockBySlug(tx, slug);
    if (!source) throw new DomainError('NOT_FOUND', `there is no source ${slug}`, { slug });
    const secret = newSecret();
    await this.store.setSecrets(tx, source.id, [this.seal(source.id, secret), ...source.sealedSecrets.slice(0, 1)]);
    await this.record(tx, 'source.secret-rotated', source);
    return secret;
  }

  secretsOf(source: InboundSourceRow): Secret[] {
    return source.sealedSecrets.map((sealed) => this.envelope.open(context(source.id), sealed));
  }

  private record(tx: Tx, action: string, { id, slug, tenantId }: Pick<InboundSourceRow, 'id' | 'slug' | 'tenantId'>): Promise<void> {
    return this.audit.append(tx, { tenantId, action, subjectKind: 'source', subjectId: id, detail: { slug } });
  }

  private seal(id: string, secret: Secret): Buffer {
    return this.envelope.seal(context(id), secret);
  }
}

const context = (id: string): string => `inbound_source/${id}/secret`;
const newSecret = (): Secret => new Secret(`whsec_${randomBytes(32).toString('base64')}`);
