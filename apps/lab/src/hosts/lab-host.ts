/** A hypervisor of the lab: a node with FRR daemons, ifupdown2 and a real sshd with its own host key. */
import type { LabNode, LabNodeOptions } from './lab-node.js';
import { SshdProxy, startSshd } from './sshd-proxy.js';

export interface LabHostOptions extends LabNodeOptions {
  /** Public keys that may log in as root, one `ssh-ed25519 AAAA…` each. */
  readonly authorizedKeys: readonly string[];
  /** First /etc/frr/frr.conf; default: hostname only. */
  readonly frrConfig?: string;
}

export class LabHost {
  private readonly ways: SshdProxy[] = [];

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

  /**
   * A way in that goes over cables: sshd listens in the host, and each connection to the port comes from `via`. Whoever takes the address away cuts it.
   * @param address of the host, as `via` reaches it.
   */
  async reachedFrom(via: LabNode, address: string): Promise<SshdProxy> {
    if (this.ways.length === 0) await startSshd(this.node);
    const way = await SshdProxy.over(via, address, this.sshHostKey);
    this.ways.push(way);
    return way;
  }

  /** Cuts the SSH connections under way; what they started on the host goes on. */
  dropConnections(): void {
    for (const way of [this.ssh, ...this.ways]) way.dropConnections();
  }

  /** From now on connections are refused. */
  async closeSsh(): Promise<void> {
    await Promise.all([this.ssh, ...this.ways].map((way) => way.close()));
  }
}
