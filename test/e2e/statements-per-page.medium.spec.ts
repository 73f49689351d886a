// What a page of a portal costs: as many statements for fifty networks as for one.
import { encodeId } from '#engines/kernel';
import { type ApiWorld, createApiWorld } from '../support/api-world.js';
import { sentStatements } from '../support/sent-statements.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world?.close());

const MOST = 12;
const NETWORK = `id slug name vni state exportTargets subnets { cidr gateway { address } addresses { address mac dnsName } }
  attachments { port vlan tagging device { slug kind site vtepAddress progress { stage verifiedRevision lastError } } }`;
const PAGES = {
  networks: `{ networks(first: 50) { pageInfo { hasNextPage endCursor } nodes { ${NETWORK} } } }`,
  orders: `{ orders(first: 50) { pageInfo { hasNextPage endCursor } edges { cursor node { id state steps { name state } network { ${NETWORK} } } } } }`,
  portal: `{ tenants { nodes { slug } } numberPools { slug free } prefixPools { slug } orders(first: 50) { nodes { state steps { name } network { slug } } }
    networks(first: 50) { nodes { ${NETWORK} } } }`,
};

async function order(count: number): Promise<void> {
  const document = 'mutation ($input: ProvisionNetworkInput!) { provisionNetwork(input: $input) { errors { code message } } }';
  for (let serial = 0; serial < count; serial++) {
    const prefixPool = encodeId('prefixPool', world.prefixPoolId);
    const subnets = [{ prefixPool, length: 29, zone: 'cust.example', hosts: [{ name: 'a' }, { name: 'b' }] }];
    expect(await world.ask(world.customer, document, { input: world.orderInput({ subnets }) })).toEqual({ errors: [] });
  }
}

/** As the first request of a token: who it is has to be read, too. */
async function statementsOf(page: keyof typeof PAGES): Promise<{ readonly statements: string[]; readonly rows: number }> {
  const token = await world.newToken(world.tenantId);
  let rows = 0;
  const statements = await sentStatements(async () => {
    const { data, errors } = await world.graphql(token, PAGES[page]);
    expect(errors).toEqual([]);
    rows = JSON.stringify(data).split('"exportTargets"').length - 1;
  });
  return { statements: statements.sort(), rows };
}

describe('a page of a portal', () => {
  it(`takes at most ${MOST} statements, and none more for fifty networks than for one`, async () => {
    await order(1);
    const one = new Map<string, string[]>();
    for (const page of ['networks', 'orders', 'portal'] as const) {
      const { statements, rows } = await statementsOf(page);
      expect(rows, page).toBe(1);
      expect(
        statements.some((text) => text.includes('FROM ip_address')),
        page,
      ).toBe(true); // It is they that are counted.
      one.set(page, statements);
    }
    await order(49);
    for (const page of ['networks', 'orders', 'portal'] as const) {
      const { statements, rows } = await statementsOf(page);
      expect(rows, page).toBe(50);
      expect(statements, page).toEqual(one.get(page));
      if (page !== 'portal') expect(statements.length, `${page}:\n${statements.join('\n')}`).toBeLessThanOrEqual(MOST);
      expect(new Set(statements).size, page).toBe(statements.length);
    }
  });
});
