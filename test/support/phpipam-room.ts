// phpIPAM of the lab and its adapter, side by side, for tests of what the one makes of the other.
import { PhpIpamInventory, type PhpIpamOptions, parsePhpIpamSettings } from '#adapters/phpipam';
import type { ForeignObject, ForeignWrite, InventoryKind, WriteOutcome } from '#contexts/sync/ports';
import type { Fields } from '#engines/reconcile';
import { type IpamOptions, type PhpIpamSimulator, startPhpIpamSimulator } from '../../apps/lab/src/phpipam-simulator/index.js';

export const MARK = 'custom_trame_id';
export const APP = { id: 'trame', code: 'a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5', security: 'ssl_code', permissions: 2 } as const;
export const USER = { name: 'trame', password: 'Sesame:2026' };
export const TABLES = ['subnets', 'ipaddresses', 'vlans', 'vrf', 'customers', 'vlanDomains'] as const;
export const LEGACY: Partial<IpamOptions> = { release: '1.5.2', php: '7.4' };
export const TIMING = { readMs: 3_000, writeMs: 3_000, againMs: 5 };

let open: PhpIpamSimulator[] = [];
/** After each test. */
export async function closeWorlds(): Promise<void> {
  for (const simulator of open) await simulator.close();
  open = [];
}

export const { signal } = new AbortController();
export const ref = (kind: string, id: string | number) => ({ kind, id: `~${id}` });
export const doneOf = (outcome: WriteOutcome | undefined): ForeignObject => {
  if (outcome === undefined || !('done' in outcome) || outcome.done === null) throw new Error(`not done: ${JSON.stringify(outcome)}`);
  return outcome.done;
};

export class World {
  private constructor(
    readonly simulator: PhpIpamSimulator,
    readonly inventory: PhpIpamInventory,
    readonly section: number,
  ) {}

  static async start(options: Partial<IpamOptions> = {}, more: Partial<PhpIpamOptions> = {}): Promise<World> {
    const simulator = await startPhpIpamSimulator({ apps: [{ ...APP }], ...options });
    open = [...open, simulator];
    for (const table of TABLES) simulator.ipam.database.addCustomField(table, MARK);
    const section = simulator.ipam.typed('sections', { name: 'Customers' });
    simulator.ipam.typed('sections', { name: 'Lab' });
    return new World(simulator, World.inventory(simulator, more), section);
  }

  static inventory(simulator: PhpIpamSimulator, more: Partial<PhpIpamOptions> = {}): PhpIpamInventory {
    const settings = parsePhpIpamSettings({ app: 'trame', sections: ['Customers'] });
    const tls = { pinnedSpkiSha256: [simulator.spkiSha256] };
    return new PhpIpamInventory({ name: 'ipam', url: simulator.url, secret: APP.code, settings, tls, timing: TIMING, ...more });
  }

  get database() {
    return this.simulator.ipam.database;
  }

  async write(kind: InventoryKind, ...writes: ForeignWrite[]): Promise<readonly WriteOutcome[]> {
    return this.inventory.write(kind, writes, signal);
  }

  async create(kind: InventoryKind, mark: string, fields: Fields): Promise<ForeignObject> {
    const [outcome] = await this.write(kind, { verb: 'CREATE', mark, fields });
    return doneOf(outcome);
  }

  /** All pages, one behind the other. */
  async scan(kind: InventoryKind): Promise<{ readonly objects: readonly ForeignObject[]; readonly pages: number }> {
    const objects: ForeignObject[] = [];
    let pages = 0;
    for (let after: string | null = null; ; pages++) {
      const page = await this.inventory.scan(kind, after, signal);
      objects.push(...page.objects);
      if (page.next === null) return { objects, pages: pages + 1 };
      after = page.next;
    }
  }

  /** Requests that came since, without their query. */
  asked(since = 0): string[] {
    return this.simulator.requests.slice(since).map((request) => request.replace(/\?.*/, ''));
  }
}
