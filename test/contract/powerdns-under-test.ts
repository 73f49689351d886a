/**
 * The name servers that the contract runs against: the simulator in each of its releases, and the pdns_server of this machine, or the one that
 * TRAME_PDNS_SERVER names, where it can run. What one lets pass or refuses, the others do, too, but where a release is asked for.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  type LabDns,
  missingForPowerDns,
  pdnsRelease,
  SIMULATED_RELEASES,
  startPowerDns,
  startSimulatedPowerDns,
} from '../../apps/lab/src/powerdns/index.js';

export interface ServerUnderTest {
  /** Stands in the name of each suite: what passed says against what. */
  readonly title: string;
  /** `4.9.17`; empty where no pdns_server can run. */
  readonly release: string;
  start(zones: readonly string[]): Promise<{ readonly dns: LabDns; readonly end: () => Promise<void> }>;
}

export const simulated: readonly ServerUnderTest[] = SIMULATED_RELEASES.map((release) => ({
  title: `a simulated PowerDNS ${release}`,
  release,
  async start(zones) {
    const dns = await startSimulatedPowerDns({ zones, release });
    return { dns, end: () => dns.stop() };
  },
}));

const release = missingForPowerDns().length === 0 ? pdnsRelease() : '';
export const real: ServerUnderTest = {
  title: `the real pdns_server ${release}`.trim(),
  release,
  async start(zones) {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'trame-pdns-'));
    const dns = await startPowerDns({ directory, zones });
    const end = async (): Promise<void> => {
      await dns.stop();
      await rm(directory, { recursive: true });
    };
    return { dns, end };
  },
};
