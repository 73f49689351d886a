/** A hypervisor of the lab: a node with FRR daemons, ifupdown2 and a real sshd with its own host key. */
import type { LabNode } from './lab-node.js';
import { SshdProxy } from './sshd-proxy.js';

export interface LabHostOptions {
  /** Public keys that may log in as root, one `ssh-ed25519 AAAA…` each. */
  readonly authorizedKeys: readonly string[];
  /** First /etc/frr/frr.conf; default: hostname only. */
  readonly frrConfig?: string;
}

export class LabHost {
  private constructor(
    readonly node: LabNode,
    private readonly ssh: SshdProxy,
  ) {}

  static async start(node: LabNode, options: LabHostOptions): Promise<LabHost> {
    const [ssh] = await Promise.all([SshdProxy.start(node, options.authorizedKeys), node.startFrr(options.frrConfig)]);
    return new LabHost(node, ssh);
  }

  get name(): string {
    return this.node.name;
  }

  readonly sshAddress = '127.0.0.1';

  get sshPort(): number {
    return this.ssh.port;
  }

  /** `ssh-ed25519 AAAA…`, what a service has to pin. */
  get sshHostKey(): string {
    return this.ssh.hostKey;
  }

  /** Cuts the SSH connections under way; what they started on the host goes on. */
  dropConnections(): void {
    this.ssh.dropConnections();
  }

  /** From now on connections are refused. */
  closeSsh(): Promise<void> {
    return this.ssh.close();
  }
}
