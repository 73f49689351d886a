import { type DeviceConnection, type DeviceTarget, type DeviceTransport, keepingSecrets, WireSecrets } from '#contexts/deployment/ports';
import { HostConnection } from './host-connection.js';
import { type HostTimeouts, PushClient } from './push-client.js';

const DEFAULT_TIMEOUTS: HostTimeouts = { connectMs: 10_000, readMs: 60_000, changeMs: 240_000, overallMs: 900_000 };

/** Pushes to Debian hosts (ifupdown2, FRR) over SSH. Stateless: one `open` is one push. */
export class SshHostTransport implements DeviceTransport {
  private readonly timeouts: HostTimeouts;

  constructor(timeouts: Partial<HostTimeouts> = {}) {
    this.timeouts = { ...DEFAULT_TIMEOUTS, ...timeouts };
  }

  /** @throws TransportError UNREACHABLE | WRONG_HOST_KEY | AUTHENTICATION_FAILED | ABORTED */
  async open(target: DeviceTarget, signal: AbortSignal): Promise<DeviceConnection> {
    const client = new PushClient(target, this.timeouts, AbortSignal.any([signal, AbortSignal.timeout(this.timeouts.overallMs)]));
    await client.reconnect();
    return keepingSecrets(new HostConnection(target.slug, client), new WireSecrets(target));
  }
}
