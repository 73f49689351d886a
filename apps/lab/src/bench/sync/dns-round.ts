/** Ten thousand names in a name server: the real one where its packages are, otherwise the simulated one. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { nameServerHere, startNameServer } from '../../powerdns/index.js';
import { startCountingProxy } from './counting-proxy.js';
import type { SyncSubject } from './sync-subject.js';

export interface DnsFigures {
  /** Addresses and reverse names, one record each. */
  readonly dnsRecords: number;
  /** `PowerDNS 4.9.17`, or that it is simulated. */
  readonly dnsServer: string;
  readonly dnsPatchesFirst: number;
  readonly dnsSeconds: number;
  /** Of a run that finds nothing to do: requests that write, and seconds. */
  readonly dnsPatches: number;
  readonly dnsNoopSeconds: number;
}

const ZONES = ['bench.example', '10.in-addr.arpa'];

export async function dnsRound(subject: SyncSubject, names: number): Promise<DnsFigures> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'trame-bench-dns-'));
  const dns = await startNameServer({ directory, zones: ZONES });
  const proxy = await startCountingProxy(dns.apiUrl);
  try {
    await subject.name(names);
    const targetId = await subject.connectDns(proxy.url, dns.apiKey, ZONES);
    const first = await subject.publish(targetId);
    const dnsPatchesFirst = proxy.take('PATCH');
    await subject.lookAgain(targetId);
    const noop = await subject.publish(targetId);
    const dnsPatches = proxy.take('PATCH');
    if (noop.changes > 0) throw new Error(`${noop.changes} changes where nothing had changed`);
    return {
      dnsRecords: first.changes,
      dnsServer: nameServerHere(),
      dnsPatchesFirst,
      dnsSeconds: first.seconds,
      dnsPatches,
      dnsNoopSeconds: noop.seconds,
    };
  } finally {
    await proxy.close();
    await dns.stop();
    await rm(directory, { recursive: true });
  }
}
