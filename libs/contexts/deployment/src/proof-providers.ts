import type { Provider } from '@nestjs/common';
import { ProofResolver } from './api/proof.resolver.js';
import { NetworkProofService } from './network-proof.service.js';
import { NetworkVerifier } from './network-verifier.js';
import { ProofJob } from './proof-job.js';
import { ProofStore } from './store/proof.store.js';

/** What the module needs to look at networks. A process without transports knows what was seen; only one with transports looks. */
export const proofProviders: Provider[] = [ProofStore, NetworkVerifier, NetworkProofService, ProofJob, ProofResolver];
export const proofExports = [NetworkVerifier];
