import { encodeId } from '#engines/kernel';
import { follow, orderMessage, orderNetwork } from '../../apps/lab/src/demo/journey.js';
import { type JourneyWorld, startJourney } from './journey.js';
import { type Elsewhere, expectGoneElsewhere, expectKnownElsewhere, lookElsewhere } from './journey-elsewhere.js';

interface Verification {
  readonly state: string;
  readonly lookedAt: string | null;
  readonly devices: readonly {
    readonly device: string;
    readonly checks: readonly { readonly question: string; readonly state: string; readonly expected: string; readonly seen: string }[];
  }[];
}

/** A guest that each device hears of from another one. */
const GUEST_MAC: Readonly<Record<string, string>> = { pve1: 'bc:24:11:8f:74:b7', pve2: 'bc:24:11:8f:74:b6', test: 'bc:24:11:8f:74:b6' };

const failuresOf = ({ devices }: Verification): string[] =>
  devices.flatMap(({ device, checks }) => checks.flatMap(({ question, state }) => (state === 'FAILED' ? [`${device} ${question}`] : [])));

/** As the operator, whom nothing keeps waiting. */
async function lookAtNetwork({ client, world }: JourneyWorld, externalRef: string): Promise<Verification> {
  const document = `query ($externalRef: String) { network(externalRef: $externalRef) { id verification { state lookedAt devices { device checks { question state expected seen } } } } }`;
  const known = async () =>
    (await client.graphql<{ network: { id: string; verification: Verification } }>(world.operatorToken, document, { externalRef })).network;
  const { id } = await known();
  const asked = 'mutation ($id: ID!) { verifyNetwork(id: $id) { askedAt errors { code } } }';
  const { verifyNetwork } = await client.graphql<{ verifyNetwork: { askedAt: string } }>(world.operatorToken, asked, { id });
  return vi.waitFor(
    async () => {
      const now = (await known()).verification;
      expect(Date.parse(now.lookedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(verifyNetwork.askedAt));
      return now;
    },
    { timeout: 60_000, interval: 300 },
  );
}

async function deprovision({ client, world }: JourneyWorld, externalRef: string): Promise<void> {
  const { network } = await client.graphql<{ network: { id: string; version: number } }>(
    world.tenantToken,
    'query ($externalRef: String) { network(externalRef: $externalRef) { id version } }',
    { externalRef },
  );
  const input = {
    idempotencyKey: `end-${externalRef}`,
    tenant: encodeId('tenant', world.tenantId),
    network: network.id,
    ifVersion: network.version,
  };
  const document = 'mutation ($input: DeprovisionNetworkInput!) { deprovisionNetwork(input: $input) { errors { code message } } }';
  await client.graphql(world.tenantToken, document, { input });
}

/** What a customer and an operator see of one order, from the signed webhook to a ping and back to identical bytes. */
export function journeySuite(missing: readonly string[], { isLong = false }: { readonly isLong?: boolean } = {}): void {
  const isReal = missing.length === 0;
  const told: string[] = [];
  const say = (line: string): void => void told.push(line);
  let journey: JourneyWorld;
  let before: ReadonlyMap<string, string>;
  let elsewhere: Elsewhere;

  beforeAll(async () => {
    journey = await startJourney(missing);
    before = await journey.devices.configurations();
    elsewhere = await lookElsewhere(journey);
  });
  afterAll(() => journey?.close());

  it('an order that is sent twice goes live once, is verified, guests reach each other, and DNS, NetBox and FRR know of it', async () => {
    const result = await orderNetwork(journey.client, journey.world, journey.devices, journey.lookUp, 'ORD-1', say);
    expect(result, told.join('\n')).toMatchObject({
      order: 'ACTIVE',
      ping: missing.length === 0 ? true : null,
      allocations: {
        vni: 10_000,
        vlan: 100,
        prefix: '10.20.0.0/24',
        routeTarget: '65051:10000',
        addresses: ['10.20.0.1', '10.20.0.10', '10.20.0.11', '10.20.0.12'],
      },
      devices: ['pve1', 'pve2', 'test'].map((device) => ({ device, stage: 'VERIFIED' })),
    });
    expect(result.dns).toHaveLength(8);
    expect(result.dns).toContainEqual({ name: '11.0.20.10.in-addr.arpa', type: 'PTR', value: 'vm2.acme-web-10000.cust.example' });
    const { networks } = await journey.client.graphql<{ networks: { nodes: unknown[] } }>(
      journey.world.tenantToken,
      '{ networks(first: 10) { nodes { id } } }',
    );
    expect(networks.nodes).toHaveLength(1);
    await expectKnownElsewhere(journey, elsewhere);
  });

  // Real hosts notice what a hand has broken when their timers end: two minutes.
  it.runIf(!isReal || isLong)(
    'the network is verified at every end, by RD and route target, guests and packet size; what a hand breaks is named and where',
    async () => {
      const first = await lookAtNetwork(journey, 'ORD-1');
      expect(first, JSON.stringify(first, null, 1)).toMatchObject({ state: 'OK' });
      expect(first.devices.map(({ device }) => device)).toEqual(['pve1', 'pve2', 'test']);
      for (const { device, checks } of first.devices) {
        const of = (question: string) => checks.find((check) => check.question === question);
        for (const question of ['VNI', 'REMOTE_VTEPS', 'ROUTES', 'PATH_MTU', 'SESSIONS'])
          expect({ device, question, state: of(question)?.state }).toEqual({ device, question, state: 'OK' });
        const far = device === 'pve1' ? '172\\.16\\.1\\.52' : '172\\.16\\.1\\.51';
        expect(of('ROUTES')?.expected).toMatch(new RegExp(`route of ${far}: (?:rd )?${far}:\\d+ (?:target|with) 65051:10000`));
        expect(of('PATH_MTU')?.expected).toContain('answers to 1500 octets in one piece');
        if (missing.length === 0)
          expect(of('MACS')).toMatchObject({ state: 'OK', expected: expect.stringContaining(GUEST_MAC[device] ?? '') as string });
      }
      if (missing.length > 0) return; // Nobody can lay hands on what is not there.
      const hosts = journey.devices.nodes;
      await hosts.get('pve2')?.run(['ip', 'link', 'set', 'ens19', 'mtu', '1400']);
      const narrow = await lookAtNetwork(journey, 'ORD-1');
      expect(failuresOf(narrow)).toContain('pve2 PATH_MTU');
      expect(failuresOf(narrow)).not.toContain('pve1 VNI');
      await hosts.get('pve2')?.run(['ip', 'link', 'set', 'ens19', 'mtu', '1500']);
      await hosts.get('pve2')?.run(['ip', 'link', 'set', 'vxlan10000', 'nomaster']);
      await hosts.get('pve2')?.run(['ip', 'link', 'set', 'vxlan10000', 'down']);
      const cut = await lookAtNetwork(journey, 'ORD-1');
      expect(failuresOf(cut)).toEqual(expect.arrayContaining(['pve2 VNI', 'pve1 REMOTE_VTEPS', 'pve1 ROUTES', 'test ROUTES']));
      expect(failuresOf(cut)).not.toContain('pve1 VNI');
      await hosts.get('pve2')?.run(['ip', 'link', 'set', 'vxlan10000', 'master', 'vnet10000', 'up']);
      expect(failuresOf(await lookAtNetwork(journey, 'ORD-1'))).toEqual([]);
    },
  );

  it('the same order number under a new message id is the same order', async () => {
    expect(await journey.client.webhook('portal', journey.world.portalSecret, 'msg_again', orderMessage('ORD-1'))).toBe(202);
    const { orders } = await journey.client.graphql<{ orders: { nodes: { externalRef: string }[] } }>(
      journey.world.tenantToken,
      '{ orders(first: 10) { nodes { externalRef } } }',
    );
    expect(orders.nodes).toEqual([{ externalRef: 'ORD-1' }]);
  });

  it('removal leaves every device byte-identical, DNS and NetBox with what is of others, and the numbers in quarantine', async () => {
    await deprovision(journey, 'ORD-1');
    expect(await follow(journey.client, journey.world.tenantToken, 'ORD-1', 'DEPROVISION', say), told.join('\n')).toBe('RETIRED');
    expect(await journey.devices.configurations()).toEqual(before);
    await expectGoneElsewhere(journey, elsewhere);
    const { numberPool } = await journey.client.graphql<{ numberPool: { used: string } }>(
      journey.world.operatorToken,
      '{ numberPool(slug: "cust-vni") { used } }',
    );
    expect(numberPool.used).toBe('1');
    // The number and the prefix rest: the next order gets others.
    const message = orderMessage('ORD-2') as { data: { subnets: { hosts: unknown[] }[] } };
    for (const subnet of message.data.subnets) subnet.hosts = [];
    await journey.client.webhook('portal', journey.world.portalSecret, 'msg_ORD-2', message);
    expect(await follow(journey.client, journey.world.tenantToken, 'ORD-2', 'PROVISION', say), told.join('\n')).toBe('ACTIVE');
    const { network } = await journey.client.graphql<{ network: { vni: number; subnets: { cidr: string }[] } }>(
      journey.world.tenantToken,
      '{ network(externalRef: "ORD-2") { vni subnets { cidr } } }',
    );
    expect(network).toEqual({ vni: 10_001, subnets: [{ cidr: '10.20.1.0/24' }] });
  });
  // On simulated devices the same is shown elsewhere, and faster.
  it.runIf(isReal && isLong)(
    'what a plan brought goes when it is taken back, and what it removed comes back: devices to the byte, numbers and names',
    async () => {
      const { client, world, devices, lookUp } = journey;
      const newestPlan = async (): Promise<string> =>
        (await client.graphql<{ plans: { id: string }[] }>(world.operatorToken, '{ plans(first: 1) { id } }')).plans[0]?.id as string;
      const rollBack = async (id: string): Promise<string> => {
        const document =
          'mutation ($id: ID!) { rollbackPlan(id: $id, reason: "customers complain") { plan { id } errors { code message } } }';
        type Answer = { rollbackPlan: { plan: { id: string } } };
        return (await client.graphql<Answer>(world.operatorToken, document, { id })).rollbackPlan.plan.id;
      };
      const vniOf = async (reference: string): Promise<number> =>
        (
          await client.graphql<{ network: { vni: number } }>(
            world.tenantToken,
            'query ($ref: String!) { network(externalRef: $ref) { vni } }',
            {
              ref: reference,
            },
          )
        ).network.vni;
      const withSecond = await devices.configurations();
      const message = orderMessage('ORD-3') as { data: { name: string; subnets: { hosts: unknown[] }[]; attachments: unknown[] } };
      message.data.name = 'Third';
      for (const subnet of message.data.subnets) subnet.hosts = [{ name: 'vm9', mac: 'bc:24:11:8f:74:99' }];
      message.data.attachments = [{ device: 'pve1' }, { device: 'pve2' }];
      await client.webhook('portal', world.portalSecret, 'msg_ORD-3', message);
      expect(await follow(client, world.tenantToken, 'ORD-3', 'PROVISION', say), told.join('\n')).toBe('ACTIVE');
      const name = `vm9.third-${await vniOf('ORD-3')}.cust.example`;
      await vi.waitFor(async () => expect(await lookUp(name, 'A')).toEqual(['10.20.2.2']), { timeout: 15_000, interval: 100 });
      const [withThird, vni] = [await devices.configurations(), await vniOf('ORD-3')];
      expect(withThird).not.toEqual(withSecond);

      const removal = await rollBack(await newestPlan());
      expect(await follow(client, world.tenantToken, 'ORD-3', 'DEPROVISION', say), told.join('\n')).toBe('RETIRED');
      expect(await devices.configurations()).toEqual(withSecond);
      await vi.waitFor(async () => expect(await lookUp(name, 'A')).toEqual([]), { timeout: 15_000, interval: 100 });

      await rollBack(removal);
      expect(await follow(client, world.tenantToken, 'ORD-3', 'RESTORE', say), told.join('\n')).toBe('ACTIVE');
      expect(await devices.configurations()).toEqual(withThird);
      expect(await vniOf('ORD-3')).toBe(vni);
      await vi.waitFor(async () => expect(await lookUp(name, 'A')).toEqual(['10.20.2.2']), { timeout: 15_000, interval: 100 });
    },
  );
}
