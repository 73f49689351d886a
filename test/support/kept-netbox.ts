/** A NetBox that an installation keeps right, with things of others in it. */
import type { TrameClient } from '../../apps/lab/src/demo/trame-client.js';
import { KEPT_PATHS } from '../../apps/lab/src/chaos/sync/netbox-colleague.js';
import { type NetBoxSimulator, startNetBoxSimulator } from '../../apps/lab/src/netbox-simulator/index.js';
import { eventually } from './eventually.js';

const MARK = 'trame_id';
const SETTINGS = { device: { role: 'leaf', deviceType: 'vtep', site: 'par1' }, rir: 'private', createMissing: true };
const CREATE = `mutation ($input: CreateConnectorInput!) { createConnector(input: $input) { connector { id } errors { code message path } } }`;
const START = `mutation ($input: StartSyncInput!) { startSync(input: $input) { run { id } errors { code message } } }`;
const RUN = `query ($id: ID!) { syncRun(id: $id) { id state digest guards error counts { read created updated deleted unchanged conflicts skipped } } }`;

export interface SeenRun {
  readonly id: string;
  readonly state: string;
  readonly digest: string;
  readonly guards: readonly string[];
  readonly error: string | null;
  readonly counts: Readonly<Record<string, number>>;
}

export interface KeptObject {
  readonly path: string;
  readonly id: number;
  readonly mark: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export class KeptNetBox {
  private constructor(
    readonly simulator: NetBoxSimulator,
    /** `syt_…` */
    readonly connector: string,
    private readonly client: TrameClient,
    private readonly token: string,
  ) {}

  /** Everything that Trame has is there when this returns. @param token of the operator. */
  static async connect(client: TrameClient, token: string, over: object = {}): Promise<KeptNetBox> {
    const simulator = await startNetBoxSimulator();
    try {
      const { seed } = simulator.state;
      const [vrf] = seed('ipam/vrfs', [{ name: 'of others', rd: '65051:1' }]);
      seed('ipam/prefixes', [{ prefix: '192.0.2.0/24' }, { prefix: '10.20.0.0/24', vrf: vrf ?? 0 }]);
      // Within what Trame is about to allocate, and named as a guest of its customer.
      seed('ipam/ip-addresses', [{ address: '10.20.0.200/24', dns_name: 'vm1.acme-web-10000.cust.example', description: 'a printer' }]);
      seed('ipam/vlans', [{ vid: 100, name: 'of others' }]);
      seed('vpn/l2vpns', [{ name: 'of others', slug: 'of-others', type: 'vxlan-evpn', identifier: 9999 }]);
      const input = {
        kind: 'NETBOX',
        slug: 'netbox',
        url: simulator.url,
        secret: simulator.token,
        mode: 'WRITE',
        settings: SETTINGS,
        ...over,
      };
      const { createConnector } = await client.graphql<{ createConnector: { connector: { id: string } } }>(token, CREATE, { input });
      const kept = new KeptNetBox(simulator, createConnector.connector.id, client, token);
      await eventually(
        () => kept.lastRun(),
        (run) => run !== null && run.state !== 'RUNNING',
        30_000,
      );
      return kept;
    } catch (error) {
      await simulator.close();
      throw error;
    }
  }

  /** Every object with our mark. */
  ours(): KeptObject[] {
    return this.all().flatMap(({ path, id, values, custom }) => {
      const mark = custom[MARK];
      return typeof mark === 'string' && mark !== '' ? [{ path, id, mark, values }] : [];
    });
  }

  /** Every object without it, as text to compare. */
  ofOthers(): string[] {
    return this.all()
      .filter(({ custom }) => (custom[MARK] ?? '') === '')
      .map((object) => JSON.stringify(object));
  }

  async lastRun(): Promise<SeenRun | null> {
    const { connector } = await this.client.graphql<{ connector: { lastRun: { id: string } | null } }>(
      this.token,
      'query ($id: ID) { connector(id: $id) { lastRun { id } } }',
      { id: this.connector },
    );
    return connector.lastRun && this.run(connector.lastRun.id);
  }

  async run(id: string): Promise<SeenRun> {
    return (await this.client.graphql<{ syncRun: SeenRun }>(this.token, RUN, { id })).syncRun;
  }

  /** A person asks for a complete run. @returns it when it has ended. */
  async sync(over: object = {}, withinMs = 60_000): Promise<SeenRun> {
    const input = { connector: this.connector, ...over };
    const { startSync } = await this.client.graphql<{ startSync: { run: { id: string } } }>(this.token, START, { input });
    return eventually(
      () => this.run(startSync.run.id),
      ({ state }) => state !== 'RUNNING',
      withinMs,
    );
  }

  close(): Promise<void> {
    return this.simulator.close();
  }

  private all() {
    return KEPT_PATHS.flatMap((path) => this.simulator.state.objects(path).map((object) => ({ path, ...object })));
  }
}
