// Orders, faults and rollbacks with a cluster of Proxmox among the devices: what the rollout does, it does to the cluster's API.
import { ProxmoxTransport } from '#adapters/proxmox';
import { DriftCollector, DriftService, RollbackService, RolloutService } from '#contexts/deployment';
import { NetworkRecalls, OrderReconciler } from '#contexts/provisioning';
import { Asn, type DeviceId, Ip, Vni } from '#engines/kernel';
import type { Artefact } from '#engines/rendering';
import { systemScope } from '#platform';
import { type ProxmoxSimulator, startProxmoxSimulator } from '../../apps/lab/src/proxmox-simulator/index.js';
import { createWorld, type World } from '../support/world.js';

const TOKEN = {
  id: 'trame@pve!deploy',
  secret: 'a secret',
  privileges: ['SDN.Allocate', 'SDN.Audit', 'Sys.Audit', 'Pool.Allocate', 'Pool.Audit'],
};
const TARGET = { slug: 'par2', username: TOKEN.id, secret: TOKEN.secret, sshHostKeys: [] };
const TIMING = { pollMs: 10, patienceMs: 300, applyMs: 3_000, settleMs: 100, undoMs: 5_000 };

let simulator: ProxmoxSimulator;
let world: World;
beforeEach(async () => {
  simulator = await startProxmoxSimulator({ name: 'par2', nodes: ['node1', 'node2'], tokens: [TOKEN], reloadMs: 1 });
  world = await createWorld({
    pve: new ProxmoxTransport(TIMING),
    fabric: (demo) => ({
      ...demo,
      devices: [
        ...demo.devices,
        {
          slug: 'par2',
          hostname: 'par2',
          site: 'par1',
          platform: 'PROXMOX',
          managementAddress: simulator.address,
          managementPort: simulator.port,
          username: TOKEN.id,
          secret: TOKEN.secret,
          tlsSpkiSha256: [simulator.spkiSha256],
          vtep: { address: '172.16.1.61', routerId: '172.16.1.61', asn: 65_051 },
          ports: [],
          proxmox: {
            cluster: 'par2',
            nodes: [
              { name: 'node1', vtep: Ip.parse('172.16.1.61') },
              { name: 'node2', vtep: Ip.parse('172.16.1.62') },
            ],
            zone: 'trame',
            evpn: { controller: 'trame', asn: Asn.parse(65_051), peers: [Ip.parse('172.16.1.1')], vrfVni: Vni.parse(29_999) },
          },
        },
      ],
    }),
  });
});
afterEach(async () => {
  await world.close();
  await simulator.close();
});

const onCluster = () => [
  ...world.order().attachments,
  { deviceId: world.deviceIds.get('par2') as DeviceId, port: null, tagging: 'BRIDGE_ONLY' as const, vlan: null },
];
const running = (): readonly string[] => [...simulator.cluster.running.vnets.values()].map(({ alias }) => String(alias));
const attempts = () =>
  world.db.inTransaction(systemScope('spec'), (tx) =>
    tx.sql<{ outcome: string; detail: string | null; diff: string | null }>(
      'SELECT outcome, detail, diff FROM push_attempt WHERE device_id = $1 ORDER BY fence',
      [world.deviceIds.get('par2')],
    ),
  );

describe('a network on a cluster of Proxmox', () => {
  it('is ordered, carried by every node, and the attempt says what each node was to change', async () => {
    expect(await world.settle(await world.provision({ attachments: onCluster() }))).toBe('ACTIVE');
    expect(running()).toEqual([expect.stringMatching(/^trame /)]);
    expect(simulator.cluster.running.controllers.get('trame')).toMatchObject({ asn: 65_051, peers: '172.16.1.1' });
    expect(simulator.cluster.nodes.map(({ version }) => version)).toEqual([simulator.cluster.version, simulator.cluster.version]);
    const last = (await attempts()).at(-1);
    expect(last).toMatchObject({ outcome: 'CONFIRMED' });
    expect(last?.diff).toContain('+ vnet v1');
    expect(last?.diff).toContain('node2 interfaces-diff');
    expect(simulator.cluster.pools.get('trame')).toMatch(/^trame: revision \d+, fence \d+, done, fabric \S+$/);
    expect(simulator.cluster.lockToken).toBeNull();
  });

  it('that a node cannot take is taken back from all, with the words of that node, and the order fails', async () => {
    const [, node2] = simulator.cluster.nodes;
    if (!node2) throw new Error('no second node');
    node2.reload = ({ vnets }) => (vnets.size > 0 ? { error: 'error: another interface has that number' } : 'ok');
    const order = await world.provision({ attachments: onCluster() });
    expect(await world.settle(order, ['FAILED_COMPENSATED', 'FAILED_STUCK'])).toMatch(/^FAILED/);
    expect(running()).toEqual([]);
    expect((await attempts()).some(({ detail }) => detail?.includes('node2'))).toBe(true);
    expect(simulator.cluster.lockToken).toBeNull();
  });

  it('that an execution left in force when it died is taken back by the next one, to what was confirmed last', async () => {
    expect(await world.settle(await world.provision({ attachments: onCluster() }))).toBe('ACTIVE');
    const [first] = running();
    const [row] = await world.db.inTransaction(systemScope('spec'), (tx) =>
      tx.sql<{ fence: number; artefacts: readonly Artefact[] }>(
        `SELECT fence::float8 AS fence, s.verified_artefacts AS artefacts
           FROM push_attempt a JOIN device_state s USING (device_id) WHERE device_id = $1 ORDER BY fence DESC LIMIT 1`,
        [world.deviceIds.get('par2')],
      ),
    );
    if (!row) throw new Error('it was never pushed');
    const dead = { planId: 'dead', revision: 1, fence: row.fence };
    const stray = row.artefacts.map((artefact) => ({ ...artefact, content: artefact.content.replaceAll('"trame ', '"trame stray-') }));
    const target = { ...TARGET, address: simulator.address, port: simulator.port, tlsSpkiSha256: [simulator.spkiSha256] };
    const connection = await new ProxmoxTransport(TIMING).open(target, new AbortController().signal);
    await connection.stage(dead, stray, []);
    await connection.apply(dead, 60);
    expect(running()[0]).toMatch(/^trame stray-/);

    // Until the next push comes, and where none comes any more, a person is told.
    const parId = world.deviceIds.get('par2') as DeviceId;
    expect(await world.app.get(DriftCollector).collect(parId)).toBe('DRIFT');
    const [report] = (await world.app.get(DriftService).reports('alice', { first: 100, after: null }, true)).filter(
      ({ deviceId }) => deviceId === parId,
    );
    expect(JSON.stringify(report)).toContain('has put in force what nobody confirmed');

    simulator.requests.length = 0;
    expect(await world.settle(await world.provision({ attachments: onCluster() }))).toBe('ACTIVE');
    expect(running()).toHaveLength(2);
    expect(running()).toContain(first);
    // Twice in force: what was confirmed last, then what is wanted.
    expect(simulator.requests.filter((request) => request === 'PUT /cluster/sdn')).toHaveLength(2);
    expect(simulator.cluster.lockToken).toBeNull();
  });

  it('goes by a rollback of the plan that brought it: the earlier revision is applied again', { timeout: 150_000 }, async () => {
    expect(await world.settle(await world.provision({ attachments: onCluster() }))).toBe('ACTIVE');
    const first = running();
    expect(await world.settle(await world.provision({ attachments: onCluster() }))).toBe('ACTIVE');
    expect(running()).toHaveLength(2);
    const [plan] = await world.app.get(RolloutService).latest(1);
    if (!plan) throw new Error('there is no plan');
    await world.app.get(RollbackService).rollBack(plan.id, 'alice', { digest: null, devices: null, reason: 'customers complain' });
    for (const deadline = performance.now() + 60_000; running().length > 1 && performance.now() < deadline; ) {
      await world.converge();
      await world.app.get(NetworkRecalls).run();
      await world.app.get(OrderReconciler).advanceOpen();
    }
    expect(running()).toEqual(first);
    expect(simulator.cluster.lockToken).toBeNull();
  });
});
