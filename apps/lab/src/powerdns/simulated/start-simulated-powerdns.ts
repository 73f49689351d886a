import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { LAB_NAMESERVER, type LabDns } from '../lab-dns.js';
import { answerQuestion } from './answer-question.js';
import { DnsListener } from './dns-listener.js';
import type { SimulatedRelease } from './release-rules.js';
import { SimulatedApi } from './simulated-api.js';

/**
 * Stands in for pdns_server where its packages are missing: the calls that Trame makes, with the refusals that pdns_server of that release has
 * for them, and a name server that serves what was written. One contract test runs against both. It keeps its zones in memory only.
 */
export async function startSimulatedPowerDns(options: {
  zones: readonly string[];
  apiKey?: string;
  release?: SimulatedRelease;
}): Promise<LabDns> {
  const apiKey = options.apiKey ?? randomBytes(16).toString('hex');
  const api = new SimulatedApi(apiKey, options.release ?? '4.7.3');
  for (const zone of options.zones) api.createZone(`${zone}.`, [LAB_NAMESERVER]);
  const dns = await DnsListener.start((question) => answerQuestion(question, [...api.zones.values()]));
  const server = http.createServer((request, response) => api.handle(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await Promise.all([dns.stop(), new Promise((closed) => server.close(closed))]);
  };
  return {
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey,
    dnsPort: dns.port,
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}
