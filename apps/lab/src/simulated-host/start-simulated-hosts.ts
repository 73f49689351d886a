import { SimulatedFabric } from '../simulated-fabric.js';
import { PushJournal } from './push-journal.js';
import { SimulatedHost } from './simulated-host.js';

export interface SimulatedHostsOptions {
  readonly hosts: readonly { readonly slug: string; readonly hostname?: string; readonly port?: number }[];
  /** Public keys that may log in to every host. */
  readonly authorizedKeys: readonly string[];
  /** Shared with other simulated devices of the process; default: a fabric of these hosts alone. */
  readonly fabric?: SimulatedFabric;
  /** Receives one line of JSON per verb (`JournalEntry`). */
  readonly journalFile?: string;
  readonly applyMs?: number;
}

export interface SimulatedHosts {
  readonly hosts: ReadonlyMap<string, SimulatedHost>;
  readonly fabric: SimulatedFabric;
  readonly journal: PushJournal;
  close(): Promise<void>;
}

/** Starts hosts on 127.0.0.1; each has its own port and host key. They live until `close()` or the end of the process. */
export async function startSimulatedHosts(options: SimulatedHostsOptions): Promise<SimulatedHosts> {
  const fabric = options.fabric ?? new SimulatedFabric();
  const journal = new PushJournal(options.journalFile ?? null);
  const started = await Promise.all(
    options.hosts.map((host) =>
      SimulatedHost.start({ ...host, authorizedKeys: options.authorizedKeys, fabric, journal, applyMs: options.applyMs ?? 0 }),
    ),
  );
  return {
    hosts: new Map(started.map((host) => [host.slug, host])),
    fabric,
    journal,
    close: async () => {
      await Promise.all(started.map((host) => host.close()));
    },
  };
}
