/** Pushes to Arista EOS through eAPI: configuration session, commit timer, proof by reading over new connections. */
import {
  type DeviceConnection,
  type DeviceTarget,
  type DeviceTransport,
  keepingSecrets,
  TransportError,
  eosSecretCode,
  WireSecrets,
} from '#contexts/deployment/ports';
import { EapiClient, type EapiTimeouts } from './eapi-client.js';
import { EosConnection } from './eos-connection.js';
import { pushFailure } from './push-failure.js';
import { type SwitchIdentity, SwitchReader } from './switch-reader.js';

export interface EosTiming extends EapiTimeouts {
  /** How long a switch that does not answer is asked again before it counts as unreachable. */
  readonly patienceMs: number;
  /** A commit that was not answered may still be under way in the switch: how long its absence must last to be believed. */
  readonly settleMs: number;
  /** EOS answers an abort when it has rolled back; a slow agent shows the old configuration this much later at most. */
  readonly rollbackMs: number;
  /** How long after its commit timer has run out a switch may take to answer again. */
  readonly afterTimerMs: number;
}

const DEFAULT_TIMING: EosTiming = {
  requestMs: 30_000,
  commitMs: 90_000,
  patienceMs: 10_000,
  settleMs: 5_000,
  rollbackMs: 15_000,
  afterTimerMs: 30_000,
};

/** Stateless: one `open` is one push. */
export class EosTransport implements DeviceTransport {
  private readonly timing: EosTiming;

  constructor(timing: Partial<EosTiming> = {}) {
    this.timing = { ...DEFAULT_TIMING, ...timing };
  }

  /** @throws TransportError UNREACHABLE | WRONG_HOST_KEY | WRONG_DEVICE | AUTHENTICATION_FAILED | ABORTED */
  async open(target: DeviceTarget, signal: AbortSignal): Promise<DeviceConnection> {
    if (target.tlsSpkiSha256.length === 0) {
      const detail = 'no certificate pin is recorded for it; read one on its console (SHA-256 of the SPKI, base64)';
      throw new TransportError('WRONG_HOST_KEY', `${target.slug}: ${detail}`, { device: target.slug, detail });
    }
    const client = new EapiClient(target, this.timing, signal);
    const reader = new SwitchReader(client, target.slug, signal, this.timing.patienceMs);
    const identity = await reader.identity();
    refuseWrongBox(target, identity);
    const connection = new EosConnection(identity, {
      device: target.slug,
      client,
      reader,
      signal,
      isFullyManaged: target.managed === 'FULL',
      settleMs: this.timing.settleMs,
      rollbackMs: this.timing.rollbackMs,
      afterTimerMs: this.timing.afterTimerMs,
    });
    return keepingSecrets(connection, new WireSecrets(target, eosSecretCode));
  }
}

/** An address that was given to another box, or a box in the wrong rack: the configuration of one is never put on the other. */
function refuseWrongBox(target: DeviceTarget, found: SwitchIdentity): void {
  const mac = (text: string): string => text.toLowerCase().replace(/[^0-9a-f]/g, '');
  const wrong: string[] = [];
  if (target.serialNumber !== undefined && target.serialNumber.trim().toUpperCase() !== found.serialNumber.trim().toUpperCase())
    wrong.push(`serial number ${found.serialNumber || 'none'} instead of ${target.serialNumber}`);
  if (target.systemMac !== undefined && mac(target.systemMac) !== mac(found.systemMac))
    wrong.push(`system MAC ${found.systemMac || 'none'} instead of ${target.systemMac}`);
  if (wrong.length > 0) throw pushFailure(target.slug, 'WRONG_DEVICE', `another box answers at its address: ${wrong.join(', ')}`);
}
