import { EAPI_USER } from '../../chaos/leaf-under-test.js';
import type { EosSimulator } from '../../eos-simulator/index.js';
import type { DeviceEndpoint } from '../../fabrics/demo-inventory.js';
import type { SimulatedHost } from '../../simulated-host/index.js';

/** A simulated device that tells when it was written to. */
export interface BenchedDevice {
  readonly endpoint: DeviceEndpoint;
  /** Nobody gets through, until `heal`. */
  refuse(): Promise<void>;
  heal(): Promise<void>;
  /** Requests that changed something of it, whatever came of them. @param from milliseconds of the epoch. */
  writesSince(from: number): number;
  close(): Promise<void>;
}

const HOST_WRITES: ReadonlySet<string> = new Set(['stage', 'apply', 'confirm', 'revert', 'recover', 'timer']);

export class BenchedHost implements BenchedDevice {
  constructor(
    private readonly host: SimulatedHost,
    private readonly privateKey: string,
  ) {}

  get endpoint(): DeviceEndpoint {
    const { sshAddress, sshPort, sshHostKey } = this.host;
    return { address: sshAddress, port: sshPort, username: 'root', secret: this.privateKey, sshHostKeys: [sshHostKey] };
  }

  async refuse(): Promise<void> {
    this.host.setReachability('refuses');
    this.host.dropConnections();
  }

  async heal(): Promise<void> {
    this.host.setReachability('normal');
  }

  writesSince(from: number): number {
    const isOurs = this.host.journal.all().filter(({ device, startedAt }) => device === this.host.slug && startedAt >= from);
    return isOurs.filter(({ verb }) => HOST_WRITES.has(verb)).length;
  }

  close(): Promise<void> {
    return this.host.close();
  }
}

export class BenchedLeaf implements BenchedDevice {
  constructor(
    readonly slug: string,
    private readonly leaf: EosSimulator,
  ) {}

  get endpoint(): DeviceEndpoint {
    const { address, port, spkiSha256 } = this.leaf;
    return { address, port, username: EAPI_USER.username, secret: EAPI_USER.password, tlsSpkiSha256: [spkiSha256] };
  }

  refuse(): Promise<void> {
    return this.leaf.disconnect();
  }

  heal(): Promise<void> {
    return this.leaf.connect();
  }

  writesSince(from: number): number {
    const { requests } = this.leaf.device.journal;
    return requests.filter(
      ({ startedAt, commands }) => startedAt >= from && commands.some((command) => /^(?:configure|write|copy)\b/.test(command)),
    ).length;
  }

  close(): Promise<void> {
    return this.leaf.close();
  }
}
