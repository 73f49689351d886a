/** `--proxmox URL`: the SDN of a cluster through its API, as if somebody had copied it from a node. Nothing is written there. */
import { InvalidArgumentError } from 'commander';
import { DEFAULT_PVE_TIMING, PveClient, readCluster, SdnApi } from '#adapters/proxmox';
import type { ImportedFile } from '#engines/onboarding';
import { readSecret } from '../../read-secret.js';

export interface ProxmoxToRead {
  readonly url: URL;
  /** Holds `user@realm!token=secret`. */
  readonly tokenFile: string;
  /** SHA-256 of the SPKI, base64: of every node that may answer. */
  readonly pins: readonly string[];
}

export interface ReadProxmox {
  readonly file: ImportedFile;
  /** What runs otherwise than its files say. */
  readonly pending: readonly string[];
  readonly own: number;
}

const PORT = 8006;
/** Of thousands of VNets, each asked for its subnets twice. */
const WITHIN_MS = 300_000;

export async function readProxmox({ url, tokenFile, pins }: ProxmoxToRead): Promise<ReadProxmox> {
  const token = (await readSecret(tokenFile)).trim();
  const [, tokenId, secret] = /^([^=\s]+![^=\s]+)=(\S+)$/.exec(token) ?? [];
  if (tokenId === undefined || secret === undefined) throw new Error(`${tokenFile} holds no token: user@realm!name=secret is accepted`);
  const client = new PveClient(
    {
      name: `pve:${url.hostname}`,
      address: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || PORT),
      tokenId,
      secret,
      tlsSpkiSha256: pins,
    },
    DEFAULT_PVE_TIMING,
    AbortSignal.timeout(WITHIN_MS),
  );
  const { name, config, pending, own } = await readCluster(new SdnApi(client));
  return { file: { device: name, name: '.running-config', text: config }, pending, own };
}

export function clusterUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'https:' && url.username === '' && url.pathname === '/' && url.search === '') return url;
  throw new InvalidArgumentError('https://NODE:8006 is accepted');
}
