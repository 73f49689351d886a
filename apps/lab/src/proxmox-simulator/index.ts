/** A cluster of Proxmox VE in process: its API over HTTPS on 127.0.0.1, with a certificate of its own. */
import type { Faults } from '../line/faults.js';
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
  await server.line.connect(0);
  return {
    address: '127.0.0.1',
    port: server.line.port,
    get spkiSha256() {
      return server.line.spkiSha256;
    },
    faults: server.line.faults,
    requests: server.requests,
    cluster,
    changeCertificate: () => server.line.changeCertificate(),
    disconnect: () => server.line.disconnect(),
    connect: () => server.line.connect(),
    close: () => server.line.disconnect(),
  };
}
