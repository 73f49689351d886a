/** Pushes to a Proxmox VE cluster through its API: lock, pending objects, trial, apply, proof on every node. */
import { type DeviceConnection, type DeviceTarget, type DeviceTransport, keepingSecrets, WireSecrets } from '#contexts/deployment/ports';
import { DEFAULT_PVE_TIMING, PveClient, type PveTiming } from './pve-client.js';
import { ProxmoxConnection } from './proxmox-connection.js';
import { asPush, pushFailure } from './push-failure.js';
import { SdnApi } from './sdn-api.js';

export interface ProxmoxTiming extends PveTiming {
  /** How long nodes may take to reload their network. */
  readonly applyMs: number;
  /** A write that was not answered may still be under way: how long its absence must last to be believed. */
  readonly settleMs: number;
  /** How long taking back may go on after the push was called off: only whoever ends the process knows how long it still has. */
  readonly undoMs: number;
}

const DEFAULT_TIMING: Omit<ProxmoxTiming, 'undoMs'> = { ...DEFAULT_PVE_TIMING, applyMs: 120_000, settleMs: 5_000 };

/** The lock of the SDN came with it; what is older cannot keep two writers apart. */
const OLDEST = 9;

/** Stateless: one `open` is one push. */
export class ProxmoxTransport implements DeviceTransport {
  private readonly timing: ProxmoxTiming;

  constructor(timing: Partial<ProxmoxTiming> & Pick<ProxmoxTiming, 'undoMs'>) {
    this.timing = { ...DEFAULT_TIMING, ...timing };
  }

  /** @throws TransportError UNREACHABLE | WRONG_HOST_KEY | AUTHENTICATION_FAILED | CONFIG_REFUSED (release) | ABORTED */
  async open(target: DeviceTarget, signal: AbortSignal): Promise<DeviceConnection> {
    if (target.tlsSpkiSha256.length === 0) {
      const detail = 'no certificate pin is recorded for it; read one on a node (SHA-256 of the SPKI, base64)';
      throw pushFailure(target.slug, 'WRONG_HOST_KEY', detail);
    }
    const client = new PveClient(
      {
        name: `pve:${target.slug}`,
        address: target.address,
        port: target.port,
        tokenId: target.username,
        // As a file has it, with the end of its line.
        secret: target.secret.trim(),
        tlsSpkiSha256: target.tlsSpkiSha256,
      },
      this.timing,
      signal,
    );
    const api = new SdnApi(client);
    const { release, cluster } = await asPush(target.slug, async () => ({ release: await api.version(), cluster: await api.cluster() }));
    if (Number.parseInt(release, 10) < OLDEST)
      throw pushFailure(
        target.slug,
        'CONFIG_REFUSED',
        `Proxmox VE ${release} has no lock of the SDN, without which two writers overwrite each other: upgrade to 9.0 or later, or declare its hosts as DEBIAN_FRR`,
      );
    const connection = new ProxmoxConnection(release, {
      device: target.slug,
      api,
      signal,
      cluster: cluster.name,
      applyMs: this.timing.applyMs,
      settleMs: this.timing.settleMs,
      undoMs: this.timing.undoMs,
      owner: target.fabricId ?? null,
    });
    return keepingSecrets(connection, new WireSecrets(target));
  }
}
