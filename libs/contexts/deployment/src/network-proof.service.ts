import { Injectable } from '@nestjs/common';
import { AuditService } from '#contexts/events';
import { type Network, TenancyService } from '#contexts/tenancy';
import type { NetworkId } from '#engines/kernel';
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

  /** Asks for a look; a worker takes it within seconds, unless the network is on its way out. @throws DomainError NOT_FOUND. */
  async request(scope: Scope, id: NetworkId): Promise<Network> {
    const network = await this.db.inTransaction(scope, (tx) => this.tenancy.network(tx, id));
    await this.db.inTransaction(systemScope(scope.actor), async (tx) => {
      await this.store.wantNetwork(tx, id);
      await this.audit.append(tx, {
        tenantId: network.tenantId,
        action: 'network.verification_requested',
        subjectKind: 'network',
        subjectId: id,
      });
    });
    return network;
  }
}
