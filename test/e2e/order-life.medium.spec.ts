// The life of an order as a portal sees it: GraphQL over HTTP, events over a WebSocket, and the worker's part in this process.
import { encodeId } from '#engines/kernel';
import { type ApiWorld, createApiWorld } from '../support/api-world.js';
import { LiveQuery } from '../support/live-query.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world?.close());

interface Payload {
  readonly order: {
    readonly id: string;
    readonly state: string;
    readonly network: { readonly id: string; readonly vni: number } | null;
  } | null;
  readonly replayed: boolean | null;
  readonly errors: readonly { readonly __typename: string; readonly code: string; readonly currentVersion?: number }[];
}

const PAYLOAD =
  '{ order { id state network { id vni } } replayed errors { __typename code message path ... on VersionConflictError { currentVersion } } }';
const PROVISION = `mutation ($input: ProvisionNetworkInput!) { provisionNetwork(input: $input) ${PAYLOAD} }`;
const DEPROVISION = `mutation ($input: DeprovisionNetworkInput!) { deprovisionNetwork(input: $input) ${PAYLOAD} }`;
const EVENTS = `subscription ($id: ID!, $after: String) {
  orderEvents(id: $id, after: $after) { cursor type step stepState message order { id state } }
}`;

const provision = (over: Readonly<Record<string, unknown>> = {}): Promise<Payload> =>
  world.ask(world.customer, PROVISION, { input: world.orderInput(over) });
const deprovision = (over: Readonly<Record<string, unknown>>): Promise<Payload> =>
  world.ask(world.customer, DEPROVISION, { input: { tenant: encodeId('tenant', world.tenantId), ...over } });
const accepted = (payload: Payload): NonNullable<Payload['order']> => {
  expect(payload.errors).toEqual([]);
  return payload.order as NonNullable<Payload['order']>;
};
const device = (slug: string): string => encodeId('device', world.deviceIds.get(slug) as string);

describe('an ordered network', () => {
  it('shows its numbers, prefixes, addresses and places when it is live', async () => {
    const subnet = {
      prefixPool: encodeId('prefixPool', world.prefixPoolId),
      zone: 'cust.example',
      hosts: [{ name: 'www', mac: 'BC-24-11-8F-74-B6', address: '10.20.0.10' }, { name: 'db' }],
    };
    const attachments = [
      { device: device('pve1'), tagging: 'BRIDGE_ONLY' },
      { device: device('test'), port: 'Ethernet2', tagging: 'UNTAGGED' },
    ];
    const order = accepted(await provision({ name: 'Été', externalRef: 'ORD-7', subnets: [subnet], attachments }));
    expect(order.state).toBe('RUNNING');
    expect(await world.settlePublic(order.id)).toBe('ACTIVE');
    const network = await world.ask(
      world.customer,
      `query ($id: ID!) { order(id: $id) { state customerMessage failure { code } steps { name state }
        network { name slug state mtu externalRef vni eviId importTargets exportTargets
          subnets { cidr dnsZone gateway { address mode } addresses { address role mac dnsName } }
          attachments { port vlan tagging device { slug kind vtepAddress progress { stage } } } } } }`,
      { id: order.id },
    );
    expect(network).toEqual({
      state: 'ACTIVE',
      customerMessage: 'Your network is live.',
      failure: null,
      steps: ['accepted', 'allocated', 'planned', 'device:pve1', 'device:test', 'verified', 'active'].map((name) => ({
        name,
        state: 'DONE',
      })),
      network: {
        name: 'Été',
        slug: 'e-te-10000',
        state: 'ACTIVE',
        mtu: 1450,
        externalRef: 'ORD-7',
        vni: 10_000,
        eviId: 10_000,
        importTargets: ['65051:10000'],
        exportTargets: ['65051:10000'],
        subnets: [
          {
            cidr: '10.20.0.0/24',
            dnsZone: 'cust.example',
            gateway: { address: '10.20.0.1', mode: 'EXTERNAL_FIREWALL' },
            addresses: [
              { address: '10.20.0.1', role: 'GATEWAY', mac: null, dnsName: 'gw.e-te-10000.cust.example' },
              { address: '10.20.0.2', role: 'HOST', mac: null, dnsName: 'db.e-te-10000.cust.example' },
              { address: '10.20.0.10', role: 'HOST', mac: 'bc:24:11:8f:74:b6', dnsName: 'www.e-te-10000.cust.example' },
            ],
          },
        ],
        attachments: [
          {
            port: null,
            vlan: null,
            tagging: 'BRIDGE_ONLY',
            device: { slug: 'pve1', kind: 'DEBIAN_FRR', vtepAddress: '172.16.1.51', progress: { stage: 'VERIFIED' } },
          },
          {
            port: 'Ethernet2',
            vlan: 100,
            tagging: 'UNTAGGED',
            device: { slug: 'test', kind: 'ARISTA_EOS', vtepAddress: '172.16.1.1', progress: { stage: 'VERIFIED' } },
          },
        ],
      },
    });
    for (const by of ['vni: 10000', 'externalRef: "ORD-7"'])
      expect(await world.ask(world.customer, `{ network(${by}) { slug } }`)).toEqual({ slug: 'e-te-10000' });
  });

  it('is removed by the version that was seen, and by no older one', async () => {
    const order = accepted(await provision());
    await world.settlePublic(order.id);
    const network = order.network as NonNullable<typeof order.network>;
    const { version } = await world.ask<{ version: number }>(world.customer, 'query ($id: ID!) { network(id: $id) { version } }', {
      id: network.id,
    });
    const stale = await deprovision({ idempotencyKey: 'bye-1', network: network.id, ifVersion: version - 1 });
    expect(stale).toMatchObject({
      order: null,
      replayed: null,
      errors: [{ __typename: 'VersionConflictError', code: 'VERSION_CONFLICT', currentVersion: version }],
    });
    const removal = accepted(await deprovision({ idempotencyKey: 'bye-2', network: network.id, ifVersion: version }));
    expect(await world.settlePublic(removal.id)).toBe('RETIRED');
    expect(await world.ask(world.customer, `{ network(vni: ${network.vni}) { id } }`)).toBeNull();
    const { nodes } = await world.ask<{ nodes: { id: string }[] }>(world.customer, '{ networks(first: 100) { nodes { id } } }');
    expect(nodes.map(({ id }) => id)).not.toContain(network.id);
    const again = await deprovision({ idempotencyKey: 'bye-2', network: network.id, ifVersion: version });
    expect(again).toMatchObject({ replayed: true, order: { id: removal.id, state: 'RETIRED' } });
    const late = await deprovision({ idempotencyKey: 'bye-3', network: network.id, ifVersion: version + 2 });
    expect(late).toMatchObject({ order: null, errors: [{ __typename: 'InvalidStateError', code: 'INVALID_STATE' }] });
  });
});

describe('an idempotency key', () => {
  it('stands for one order, however often it is sent, at once or later', async () => {
    const input = world.orderInput();
    const answers = await Promise.all(Array.from({ length: 6 }, () => world.ask<Payload>(world.customer, PROVISION, { input })));
    expect(answers.filter((answer) => answer.replayed === false)).toHaveLength(1);
    expect(new Set(answers.map((answer) => accepted(answer).id)).size).toBe(1);
    expect(await world.settlePublic(accepted(answers[0] as Payload).id)).toBe('ACTIVE');
    expect(await world.ask<Payload>(world.customer, PROVISION, { input })).toMatchObject({ replayed: true, order: { state: 'ACTIVE' } });
    const { nodes } = await world.ask<{ nodes: { externalRef: string }[] }>(
      world.customer,
      '{ networks(first: 100) { nodes { externalRef } } }',
    );
    expect(nodes.filter(({ externalRef }) => externalRef === input['externalRef'])).toHaveLength(1);
  });

  it('refuses another order under it, and leaves the first as it was', async () => {
    const input = world.orderInput();
    const first = accepted(await world.ask<Payload>(world.customer, PROVISION, { input }));
    const networks = await world.count('network');
    const second = await world.ask<Payload>(world.customer, PROVISION, { input: { ...input, name: 'another' } });
    expect(second).toMatchObject({
      order: null,
      replayed: null,
      errors: [{ __typename: 'IdempotencyError', code: 'IDEMPOTENCY_KEY_REUSED' }],
    });
    expect(await world.count('network')).toBe(networks);
    expect(await world.settlePublic(first.id)).toBe('ACTIVE');
  });

  it('belongs to its customer: another one may use the same', async () => {
    const other = await world.newTenant('other', 'Other');
    const input = world.orderInput();
    const first = accepted(await world.ask<Payload>(world.customer, PROVISION, { input }));
    const second = await world.ask<Payload>(other.token, PROVISION, { input: { ...input, tenant: encodeId('tenant', other.tenantId) } });
    expect(second.replayed).toBe(false);
    expect(accepted(second).id).not.toBe(first.id);
    for (const order of [first, accepted(second)]) expect(await world.settlePublic(order.id)).toBe('ACTIVE');
  });
});

describe('events of an order', () => {
  interface OrderEvent {
    readonly cursor: string;
    readonly type: string;
    readonly step: string | null;
    readonly stepState: string | null;
    readonly order: { readonly id: string; readonly state: string };
  }
  const follow = (id: string, after: string | null = null): LiveQuery<OrderEvent> =>
    new LiveQuery(world.apiUrl, world.customer, EVENTS, { id, after });
  const isLast = (event: OrderEvent): boolean => event.type === 'order.active';

  it('come while it is built, each step as it moves', async () => {
    const order = accepted(await provision());
    const live = follow(order.id);
    await live.until((event) => event.type === 'order.allocated');
    expect(live.events).toHaveLength(1); // It was open before anything else had happened.
    await world.settlePublic(order.id);
    expect(await live.until(isLast)).toMatchObject({ order: { id: order.id, state: 'ACTIVE' } });
    await live.stop();
    const done = live.events.filter(({ stepState }) => stepState === 'DONE').map(({ step }) => step);
    expect(done).toEqual(['planned', 'device:pve1', 'device:pve2', 'verified']);
  });

  it('go on after any of them without a gap and without a repetition', async () => {
    const order = accepted(await provision());
    const before = follow(order.id);
    const seen = await before.until((event) => event.type === 'order.allocated');
    await before.stop(); // The connection is gone while the network is built.
    await world.settlePublic(order.id);
    const whole = follow(order.id);
    await whole.until(isLast);
    await whole.stop();
    const rest = follow(order.id, seen.cursor);
    await rest.until(isLast);
    await rest.stop();
    expect([...before.events, ...rest.events].map(({ cursor }) => cursor)).toEqual(whole.events.map(({ cursor }) => cursor));
    expect(new Set(whole.events.map(({ cursor }) => cursor)).size).toBe(whole.events.length);
    for (const [index, { cursor }] of whole.events.slice(0, -1).entries()) {
      const resumed = follow(order.id, cursor);
      await resumed.until(isLast);
      await resumed.stop();
      expect(resumed.events.map((event) => event.cursor)).toEqual(whole.events.slice(index + 1).map((event) => event.cursor));
    }
  });

  it('are refused without a token, for a garbage cursor, and for an order that is not there', async () => {
    const order = accepted(await provision());
    const stranger = new LiveQuery(world.apiUrl, 'trame_live_nobody', EVENTS, { id: order.id });
    expect(await stranger.closed).toBe(4403);
    const garbage = follow(order.id, 'yesterday');
    expect(await garbage.refused).toMatchObject([{ extensions: { code: 'BAD_REQUEST', reason: 'INVALID_VALUE' } }]);
    await garbage.stop();
    const unknown = follow(encodeId('order', '01890000-0000-7000-8000-000000000000'));
    expect(await unknown.refused).toMatchObject([{ extensions: { code: 'BAD_REQUEST', reason: 'NOT_FOUND' } }]);
    await unknown.stop();
    expect(await world.settlePublic(order.id)).toBe('ACTIVE');
  });
});

describe('one document', () => {
  it('means the same each time it is sent: what an order leaves out has its default', async () => {
    const document = `${PROVISION} # sent four times`;
    for (let time = 1; time <= 4; time++) {
      const order = accepted(await world.ask<Payload>(world.customer, document, { input: world.orderInput() }));
      expect(await world.settlePublic(order.id), `time ${time}`).toBe('ACTIVE');
    }
  });

  it('with two operations runs the one that is named', async () => {
    const query = 'query One { numberPools { slug } } query Two { prefixPools { slug } }';
    for (let time = 1; time <= 3; time++) {
      for (const [operationName, field] of [
        ['One', 'numberPools'],
        ['Two', 'prefixPools'],
      ] as const) {
        const response = await world.post(world.customer, JSON.stringify({ query, operationName }));
        expect(Object.keys(response.data ?? {}), `${operationName}, time ${time}`).toEqual([field]);
      }
    }
  });
});
