/**
 * The cluster that the Proxmox contract runs against: the simulator, and instead of it a real one where TRAME_PVE_URL, TRAME_PVE_TOKEN
 * (`user@realm!token=secret`) and TRAME_PVE_SPKI say where one is. It needs Proxmox VE 9.1 and an SDN without anything of ours, and one file
 * after the other: `--no-file-parallelism`.
 */
import { createHash } from 'node:crypto';
import { ProxmoxTransport, PveClient, SdnApi } from '#adapters/proxmox';
import type { DeviceConnection, DeviceTarget, PushIdentity } from '#contexts/deployment/ports';
import { type Artefact, SDN_PATH, type SdnDocument, sdnText } from '#engines/rendering';
import { type ProxmoxSimulator, type ProxmoxSimulatorOptions, startProxmoxSimulator } from '../../apps/lab/src/proxmox-simulator/index.js';

const { TRAME_PVE_URL, TRAME_PVE_TOKEN = '', TRAME_PVE_SPKI = '' } = process.env;
export const isRealCluster = TRAME_PVE_URL !== undefined;
/** Stands in the name of each suite: what passed says against what. */
export const against = isRealCluster ? `the cluster at ${TRAME_PVE_URL}` : 'the simulator';

export const TOKEN = {
  id: 'trame@pve!deploy',
  secret: '6f0e2a0c-4f4b-4b52-9a35-0d4c7d4f9f11',
  privileges: ['SDN.Allocate', 'SDN.Audit', 'Sys.Audit', 'Pool.Allocate', 'Pool.Audit'],
};
const TIMING = { requestMs: 20_000, patienceMs: 300, pollMs: 10, applyMs: 1_500, settleMs: 100, undoMs: 5_000 };
const REAL_TIMING = { requestMs: 30_000, patienceMs: 5_000, pollMs: 500, applyMs: 60_000, settleMs: 5_000, undoMs: 9_000 };

export class ClusterUnderTest {
  private constructor(
    readonly target: DeviceTarget,
    readonly name: string,
    readonly nodes: readonly string[],
    private readonly simulated: ProxmoxSimulator | null,
  ) {}

  static async start(options: Partial<ProxmoxSimulatorOptions> = {}): Promise<ClusterUnderTest> {
    if (TRAME_PVE_URL !== undefined) {
      base = Date.now();
      const url = new URL(TRAME_PVE_URL);
      const [id = '', secret = ''] = TRAME_PVE_TOKEN.split('=');
      const target = targetOf(url.hostname.replace(/^\[|\]$/g, ''), Number(url.port || 8006), id, secret, TRAME_PVE_SPKI);
      const { name, nodes } = await apiOf(target).cluster();
      return new ClusterUnderTest(
        target,
        name,
        nodes.map((node) => node.name),
        null,
      );
    }
    const simulator = await startProxmoxSimulator({ name: 'par1', nodes: ['node1', 'node2'], tokens: [TOKEN], ...options });
    const [token = TOKEN] = options.tokens ?? [TOKEN];
    const { cluster } = simulator;
    const nodes = cluster.nodes.map((node) => node.name);
    return new ClusterUnderTest(
      targetOf(simulator.address, simulator.port, token.id, token.secret, simulator.spkiSha256),
      nodes.length === 1 ? String(nodes[0]) : cluster.name,
      nodes,
      simulator,
    );
  }

  /** For tests that only a simulator can serve. */
  get simulator(): ProxmoxSimulator {
    if (this.simulated === null) throw new Error('this test needs the simulator');
    return this.simulated;
  }

  get api(): SdnApi {
    return apiOf(this.target);
  }

  open(
    signal: AbortSignal = new AbortController().signal,
    target: Partial<DeviceTarget> = {},
    timing: { readonly requestMs?: number } = {},
  ): Promise<DeviceConnection> {
    return new ProxmoxTransport({ ...(isRealCluster ? REAL_TIMING : TIMING), ...timing }).open({ ...this.target, ...target }, signal);
  }

  /** Networks in one VXLAN zone over all nodes, by their numbers. */
  artefact(...numbers: readonly number[]): Artefact {
    const nodes = this.nodes.join(',');
    const peers = this.nodes.map((_node, at) => `192.0.2.${at + 1}`).join(',');
    const document: SdnDocument = {
      cluster: this.name,
      needs: {},
      controllers: {},
      zones: numbers.length === 0 ? {} : { trame: { nodes, peers, type: 'vxlan' } },
      vnets: Object.fromEntries(numbers.map((vni) => [`v${vni}`, { alias: `trame net-${vni}`, tag: String(vni), zone: 'trame' }])),
      subnets: {},
    };
    return artefactOf(sdnText(document));
  }

  /** The whole course of a push, as the pusher makes it. */
  async push(
    push: PushIdentity,
    artefact: Artefact,
    confirmed: readonly Artefact[] = [],
    target: Partial<DeviceTarget> = {},
  ): Promise<'NOOP' | 'CONFIRMED'> {
    const connection = await this.open(undefined, target);
    const { pending } = await connection.inspect([SDN_PATH]);
    if (pending) await connection.recover(push, confirmed);
    if ((await connection.stage(push, [artefact], confirmed)).isNoop) return 'NOOP';
    try {
      await connection.apply(push, 60);
      const report = await connection.verify(push, [artefact], { vnis: [], neighbors: [] }, 2_000);
      if (!report.ok) throw new Error(JSON.stringify(report.checks));
      await connection.confirm(push);
    } catch (error) {
      await connection.revert(push);
      throw error;
    }
    return 'CONFIRMED';
  }

  /** What the cluster has of ours, in the form of an artefact. */
  async actual(): Promise<string | null> {
    return (await (await this.open()).inspect([SDN_PATH])).actual.get(SDN_PATH) ?? null;
  }

  async close(): Promise<void> {
    await this.simulated?.close();
  }
}

/** A real cluster keeps its mark from one test to the next, and refuses a lower fence and an earlier revision. */
let base = 0;
export const push = (fence: number, revision = 40 + fence): PushIdentity => ({
  planId: 'plan',
  revision: base + revision,
  fence: base + fence,
});

export const artefactOf = (content: string): Artefact => ({
  device: 'par1',
  path: SDN_PATH,
  format: 'pve-sdn',
  mode: 0o644,
  owner: 'root',
  content,
  sha256: createHash('sha256').update(content).digest('hex'),
});

const targetOf = (address: string, port: number, username: string, secret: string, pin: string): DeviceTarget => ({
  slug: 'par1',
  address,
  port,
  username,
  secret,
  sshHostKeys: [],
  tlsSpkiSha256: [pin],
});

function apiOf({ address, port, username, secret, tlsSpkiSha256 }: DeviceTarget): SdnApi {
  const target = { name: 'contract', address, port, tokenId: username, secret, tlsSpkiSha256 };
  return new SdnApi(new PveClient(target, isRealCluster ? REAL_TIMING : TIMING, new AbortController().signal));
}
