import { type DeviceConnection, type DeviceTarget, type DeviceTransport, keepingSecrets, WireSecrets } from '#contexts/deployment/ports';
import { type HostTimeouts, PushClient } from '../push-client.js';
import { GatewayConnection } from './gateway-connection.js';
import { GATEWAY } from './gateway-program.js';

const DEFAULT_TIMEOUTS: HostTimeouts = { connectMs: 10_000, readMs: 60_000, changeMs: 300_000, overallMs: 900_000 };

/** Pushes the vxlan(4) and bridge(4) interfaces of OpenBSD gateways over SSH, as root. Stateless: one `open` is one push. */
export class OpenBsdTransport implements DeviceTransport {
  private readonly timeouts: HostTimeouts;

  constructor(timeouts: Partial<HostTimeouts> = {}) {
    this.timeouts = { ...DEFAULT_TIMEOUTS, ...timeouts };
  }

  /** @throws TransportError UNREACHABLE | WRONG_HOST_KEY | AUTHENTICATION_FAILED | ABORTED */
  async open(target: DeviceTarget, signal: AbortSignal): Promise<DeviceConnection> {
    const within = AbortSignal.any([signal, AbortSignal.timeout(this.timeouts.overallMs)]);
    const client = new PushClient(target, this.timeouts, within, GATEWAY);
    await client.reconnect();
    return keepingSecrets(new GatewayConnection(target.slug, client), new WireSecrets(target));
  }
}
