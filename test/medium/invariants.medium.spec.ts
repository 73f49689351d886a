import { type Invariant, InvariantInspector, InvariantRegistry, type Violation } from '#contexts/events';
import { TenancyService } from '#contexts/tenancy';
import { Label } from '#engines/kernel';
import { newId, systemScope } from '#platform';
import { createWorld, type World } from '../support/world.js';

let world: World;
let inspector: InvariantInspector;
let invariants: readonly Invariant[];

beforeAll(async () => {
  world = await createWorld({ quarantineSeconds: 3600 });
  inspector = world.app.get(InvariantInspector, { strict: false });
  invariants = world.app.get(InvariantRegistry, { strict: false }).all();
});
afterAll(() => world.close());

const sql = <Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
  world.db.inTransaction(systemScope('test'), (tx) => tx.sql<Row>(text, values));

async function found(): Promise<Record<string, readonly Violation[]>> {
  const broken: Record<string, readonly Violation[]> = {};
  for (const invariant of invariants) {
    const { violations } = await inspector.inspect(invariant, 'test');
    if (violations.length > 0) broken[invariant.name] = violations;
  }
  return broken;
}

/** Found as exactly this, not repairable, and gone when it is taken back. */
async function expectOnly(name: string, violation: { id: string | undefined; what: RegExp }, undo: () => Promise<unknown>): Promise<void> {
  expect(await found()).toEqual({ [name]: [{ id: violation.id, what: expect.stringMatching(violation.what) as string }] });
  expect(invariants.find((invariant) => invariant.name === name)?.repair).toBeUndefined();
  await undo();
  expect(await found()).toEqual({});
}

const poolOf = async (kind: string): Promise<string> =>
  (await sql<{ id: string }>('SELECT id FROM number_pool WHERE kind = $1 ORDER BY slug LIMIT 1', [kind]))[0]?.id as string;
const take = async (poolId: string, holder: string): Promise<{ id: string; value: string }> => {
  const id = newId<string>();
  const [row] = await sql<{ value: string }>(
    `SELECT value FROM number_take($1, $2, $3, '', $4, 1, false, false, NULL, NULL, $5, NULL, NULL)`,
    [poolId, world.tenantId, newId(), [id], holder],
  );
  return { id, value: row?.value as string };
};
const giveBack = (id: string) => sql('SELECT number_release($1, NULL, true)', [id]);

describe('what always holds in a database that is used', () => {
  it('holds at every moment of the lives of networks', async () => {
    expect(invariants.length).toBeGreaterThan(30);
    const orders = [await world.provision(), await world.provision(), await world.provision()];
    const looking = (async () => {
      for (let looks = 0; looks < 4; looks++) expect(await found()).toEqual({});
    })();
    for (const order of orders) expect(await world.settle(order)).toBe('ACTIVE');
    await looking;
    expect(await found()).toEqual({});
  });

  it('is found broken when a network, VRF or mapping does not have what it holds', async () => {
    for (const [holder, kind, name] of [
      ['network', 'VNI', 'tenancy.numbers-used'],
      ['vrf', 'L3VNI', 'tenancy.numbers-used'],
      ['vlan_mapping', 'VLAN', 'fabric.vlans-used'],
    ] as const) {
      const pool = await poolOf(kind);
      const { id } = await take(pool, holder);
      await expectOnly(name, { id: pool, what: new RegExp(`is held by a ${holder} and no ${holder} has it$`) }, () => giveBack(id));
    }
  });

  it('is found broken when a network uses a number that rests, or that is not its own', async () => {
    const [network] = await sql<{ id: string; vni: number; allocation: string }>(
      `SELECT id, vni, vni_allocation_id AS allocation FROM network WHERE state <> 'RETIRED' ORDER BY id LIMIT 1`,
    );
    await sql(`UPDATE number_allocation SET state = 'QUARANTINED', reusable_at = now() + interval '1 hour' WHERE id = $1`, [
      network?.allocation,
    ]);
    await expectOnly('tenancy.networks-numbered', { id: network?.id, what: /^vni \d+ is an allocation that is QUARANTINED/ }, () =>
      sql(`UPDATE number_allocation SET state = 'BOUND', reusable_at = NULL WHERE id = $1`, [network?.allocation]),
    );
    await sql(`UPDATE number_allocation SET holder_kind = 'external' WHERE id = $1`, [network?.allocation]);
    await expectOnly('tenancy.networks-numbered', { id: network?.id, what: /^vni \d+ is held as external/ }, () =>
      sql(`UPDATE number_allocation SET holder_kind = 'network' WHERE id = $1`, [network?.allocation]),
    );
    await sql('UPDATE network SET vni = 12345 WHERE id = $1', [network?.id]);
    await expectOnly(
      'tenancy.networks-numbered',
      { id: network?.id, what: new RegExp(`^vni 12345 is an allocation of ${network?.vni} `) },
      () => sql('UPDATE network SET vni = $2 WHERE id = $1', [network?.id, network?.vni]),
    );
  });

  it('is found broken when a VRF or a VLAN mapping has another number than it says', async () => {
    const vrf = await world.db.inTransaction(systemScope('test'), async (tx) =>
      world.app.get(TenancyService).createVrf(tx, {
        tenantId: world.tenantId,
        fabricId: world.fabricId,
        rtAdministrator: 65051,
        l3vniPoolId: (await poolOf('L3VNI')) as never,
        eviPoolId: (await poolOf('EVI')) as never,
        slug: 'blue',
        name: Label.parse('Blue'),
        key: 'blue',
      }),
    );
    expect(await found()).toEqual({});
    await sql('UPDATE vrf SET evi_id = 65000 WHERE id = $1', [vrf.id]);
    await expectOnly('tenancy.vrfs-numbered', { id: vrf.id, what: /^evi_id 65000 is an allocation of \d+/ }, () =>
      sql('UPDATE vrf SET evi_id = (SELECT value FROM number_allocation WHERE id = vrf.evi_allocation_id) WHERE id = $1', [vrf.id]),
    );
    const [domain] = await sql<{ id: string; pool: string }>(
      `SELECT s.vlan_domain_id AS id, p.id AS pool FROM number_pool p JOIN number_space s ON s.id = p.space_id WHERE p.kind = 'VLAN' ORDER BY p.slug LIMIT 1`,
    );
    const vlan = await take(domain?.pool as string, 'vlan_mapping');
    await sql(
      `INSERT INTO vlan_mapping (id, tenant_id, network_id, vlan_domain_id, vlan_allocation_id, vlan)
         SELECT $1, tenant_id, id, $2, $3, $4 FROM network WHERE state <> 'RETIRED' ORDER BY id LIMIT 1`,
      [newId(), domain?.id, vlan.id, vlan.value],
    );
    expect(await found()).toEqual({});
    await sql('UPDATE vlan_mapping SET vlan = 999 WHERE vlan_allocation_id = $1', [vlan.id]);
    await expectOnly(
      'fabric.mappings-numbered',
      { id: domain?.id, what: new RegExp(`^VLAN 999 of the network .* is an allocation of ${vlan.value} `) },
      () => sql('UPDATE vlan_mapping SET vlan = $2 WHERE vlan_allocation_id = $1', [vlan.id, vlan.value]),
    );
    await sql('DELETE FROM vlan_mapping WHERE vlan_allocation_id = $1', [vlan.id]);
    await giveBack(vlan.id);
    expect(await found()).toEqual({});
  });
});
