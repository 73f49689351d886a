import type { LabDns } from './lab-dns.js';
import { missingForPowerDns, pdnsRelease } from './missing-for-powerdns.js';
import { knowsRecordChanges } from './release.js';
import { startSimulatedPowerDns } from './simulated/start-simulated-powerdns.js';
import { startPowerDns } from './start-powerdns.js';

interface Wanted {
  /** One that knows changes of single records, which that of Debian 12 does not. */
  readonly recordChanges?: boolean;
}

/** The real pdns_server where it can run and knows what is wanted, otherwise the simulated one. */
export function startNameServer(options: { directory: string; zones: readonly string[] } & Wanted): Promise<LabDns> {
  if (isReal(options)) return startPowerDns(options);
  return startSimulatedPowerDns({ zones: options.zones, release: simulatedRelease(options) });
}

/** Which one that is, for titles and reports: `PowerDNS 4.9.17` or `the simulated PowerDNS 5.1.5`. */
export function nameServerHere(wanted: Wanted = {}): string {
  return isReal(wanted) ? `PowerDNS ${pdnsRelease()}` : `the simulated PowerDNS ${simulatedRelease(wanted)}`;
}

const isReal = ({ recordChanges = false }: Wanted): boolean =>
  missingForPowerDns().length === 0 && (!recordChanges || knowsRecordChanges(pdnsRelease()));
const simulatedRelease = ({ recordChanges = false }: Wanted) => (recordChanges ? '5.1.5' : '4.7.3');
