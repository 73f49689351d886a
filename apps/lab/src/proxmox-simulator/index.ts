/** A cluster of Proxmox VE in process: its API over HTTPS on 127.0.0.1, with a certificate of its own. */
import type { Faults } from '../eos-simulator/faults.js';
import { type ClusterOptions, PveCluster } from './pve-cluster.js';
import { PveServer, type PveToken } from './pve-server.js';

export interface ProxmoxSimulatorOptions extends ClusterOptions {
  readonly tokens: readonly PveToken[];
  /** Default true. */
  readonly hasWordsInBody?: boolean;
}

export interface ProxmoxSimulator {
  readonly address: '127.0.0.1';
  readonly port: number;
  readonly spkiSha256: string;
  readonly faults: Faults;
  /** `METHOD path`, as they came. */
  readonly requests: string[];
  /** The cluster behind the API, for looking at it without asking it. */
  readonly cluster: PveCluster;
  changeCertificate(): void;
  disconnect(): Promise<void>;
  connect(): Promise<void>;
  close(): Promise<void>;
}

export async function startProxmoxSimulator({
  tokens,
  hasWordsInBody = true,
  ...options
}: ProxmoxSimulatorOptions): Promise<ProxmoxSimulator> {
  const cluster = new PveCluster(options);
  const server = new PveServer(cluster, tokens, hasWordsInBody);
  await server.connect(0);
  return {
    address: '127.0.0.1',
    port: server.port,
    get spkiSha256() {
      return server.spkiSha256;
    },
    faults: server.faults,
    requests: server.requests,
    cluster,
    changeCertificate: () => server.changeCertificate(),
    disconnect: () => server.disconnect(),
    connect: () => server.connect(),
    close: () => server.disconnect(),
  };
}
