/** phpIPAM in process: its REST API over HTTPS on 127.0.0.1, with a certificate of its own. */
import type { Faults } from '../line/faults.js';
import { Ipam, type IpamOptions } from './ipam.js';
import { type Fatal, type Gateway, IpamServer } from './ipam-server.js';

export type { IpamApp, IpamOptions, IpamRelease } from './ipam.js';
export type { Row } from './ipam-database.js';

export interface PhpIpamSimulator {
  /** Without a path: `https://127.0.0.1:40123`. */
  readonly url: string;
  readonly spkiSha256: string;
  /** What is kept behind the API, for looking at it, and for what people do in the web interface. */
  readonly ipam: Ipam;
  readonly faults: Faults;
  /** Requests that PHP does not survive, until they are taken out. */
  readonly fatals: Fatal[];
  /** What something in front answers in place of phpIPAM, until it is taken out. */
  readonly gateways: Gateway[];
  readonly requests: string[];
  /** How many were under way at once. */
  readonly peakInFlight: number;
  /** @returns the URL of the same installation without TLS. */
  openPlain(): Promise<string>;
  close(): Promise<void>;
}

export async function startPhpIpamSimulator(options: IpamOptions): Promise<PhpIpamSimulator> {
  const ipam = new Ipam(options);
  const server = new IpamServer(ipam);
  await server.connect();
  const { line } = server;
  return {
    url: `https://127.0.0.1:${line.port}`,
    spkiSha256: line.spkiSha256,
    ipam,
    faults: line.faults,
    fatals: server.fatals,
    gateways: server.gateways,
    requests: server.requests,
    get peakInFlight() {
      return server.peakInFlight;
    },
    openPlain: async () => `http://127.0.0.1:${await server.connectPlain()}`,
    close: () => server.close(),
  };
}
