import { Injectable } from '@nestjs/common';
import { AuditService } from '#contexts/events';
import { type Network, TenancyService } from '#contexts/tenancy';
import { DomainError, type NetworkId } from '#engines/kernel';
import { Database, type Scope, systemScope } from '#platform';
import type { StoredProof } from './domain/network-proof.js';
import { ProofStore } from './store/proof.store.js';

@Injectable()
export class NetworkProofService {
  constructor(
    private readonly db: Database,
    private readonly tenancy: TenancyService,
    private readonly store: ProofStore,
    private readonly audit: AuditService,
  ) {}

  /** What is known by now; of a network that the scope does not see: nothing. */
  ofNetworks(scope: Scope, ids: readonly NetworkId[]): Promise<{ proofs: readonly StoredProof[]; lookedAt: ReadonlyMap<NetworkId, Date> }> {
    return this.db.inTransaction(scope, async (tx) => ({
      proofs: await this.store.ofNetworks(tx, ids),
      lookedAt: await this.store.lookedAt(tx, ids),
    }));
  }

  /**
   * Asks for a look: at once for the operator, for a customer half a minute after the last one. A worker takes it within seconds, unless the
   * network is on its way out. @returns when it was asked for, too: a look that began before does not answer it. @throws DomainError NOT_FOUND; INVALID_STATE: it is no more.
   */
  async request(scope: Scope, id: NetworkId): Promise<{ network: Network; askedAt: Date }> {
    const network = await this.db.inTransaction(scope, (tx) => this.tenancy.network(tx, id));
    if (network.state === 'RETIRED')
      throw new DomainError('INVALID_STATE', 'the network is retired: no device carries it any more', { state: network.state });
    const askedAt = await this.db.inTransaction(systemScope(scope.actor), async (tx) => {
      const now = await this.store.now(tx);
      if (!(await this.store.wantNetwork(tx, id, scope.kind === 'system'))) return now;
      await this.audit.append(tx, {
        tenantId: network.tenantId,
        action: 'network.verification_requested',
        subjectKind: 'network',
        subjectId: id,
      });
      return now;
    });
    return { network, askedAt };
  }
}
