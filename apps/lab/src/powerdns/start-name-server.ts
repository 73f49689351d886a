import type { LabDns } from './lab-dns.js';
import { missingForPowerDns, pdnsRelease } from './missing-for-powerdns.js';
import { startSimulatedPowerDns } from './simulated/start-simulated-powerdns.js';
import { startPowerDns } from './start-powerdns.js';

/** The real pdns_server where it can run, otherwise the simulated one. */
export function startNameServer(options: { directory: string; zones: readonly string[] }): Promise<LabDns> {
  return missingForPowerDns().length === 0 ? startPowerDns(options) : startSimulatedPowerDns({ zones: options.zones });
}

/** Which one that is, for titles and reports: `PowerDNS 4.9.17` or `the simulated PowerDNS`. */
export function nameServerHere(): string {
  return missingForPowerDns().length === 0 ? `PowerDNS ${pdnsRelease()}` : 'the simulated PowerDNS';
}
