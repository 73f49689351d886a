// A hundred switches that answer over eAPI: what it costs to look at all of them, on the two cores that also simulate them.
import type { INestApplicationContext } from '@nestjs/common';
import { AddressingService } from '#contexts/addressing';
import { DriftCollector, DriftService, PlannerService } from '#contexts/deployment';
import { type FabricInventory, InventoryService } from '#contexts/fabric';
import { PoolAdminService } from '#contexts/numbering';
import { TenancyService } from '#contexts/tenancy';
import { Database, systemScope, type Tx } from '#platform';
import { factoryConfig } from '../../apps/lab/src/eos-simulator/factory-config.js';
import { type EosSimulator, startEosSimulator } from '../../apps/lab/src/eos-simulator/index.js';
import { loadFabric } from '../../apps/lab/src/fabrics/load-fabric.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startContexts } from '../support/drift-world.js';
import { sentStatements } from '../support/sent-statements.js';

const COUNT = 100;
const USER = { username: 'trame', password: 'lab' };

let database: TestDatabase;
let app: INestApplicationContext;
const switches: EosSimulator[] = [];

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 }); // On a busy machine a hundred switches take their time to start.

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startContexts(database.url);
  const services = {
    db: app.get(Database),
    inventory: app.get(InventoryService),
    pools: app.get(PoolAdminService),
    addressing: app.get(AddressingService),
    tenancy: app.get(TenancyService),
  };
  await loadFabric(services, hundredLeafs());
  const plan = await app.get(PlannerService).propose('test');
  if (!plan) throw new Error('nothing to plan');
  const started = plan.items.map(({ slug, artefacts }) =>
    startEosSimulator({
      hostname: slug,
      users: [USER],
      ethernetPorts: 1,
      initialConfig: factoryConfig({ hostname: slug }).replace('no ip routing\n!\nend\n', artefacts.map(({ content }) => content).join('')),
    }),
  );
  switches.push(...(await Promise.all(started)));
  await inSystem(async (tx) => {
    // As if each had been pushed to an hour ago.
    await tx.run(
      `INSERT INTO device_state (device_id, verified_digest, verified_artefacts, verified_intent)
       SELECT device_id, desired_digest, artefacts, intent FROM plan_item WHERE plan_id = $1`,
      [plan.id],
    );
    for (const [index, { slug }] of plan.items.entries()) {
      const { port, spkiSha256 } = switches[index] as EosSimulator;
      await tx.run('UPDATE device SET management_port = $2, tls_spki_sha256 = $3 WHERE slug = $1', [slug, port, [spkiSha256]]);
    }
  });
});
afterAll(async () => {
  await app?.close();
  await Promise.all(switches.map((one) => one.close()));
  await database?.drop();
});

const inSystem = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => app.get(Database).inTransaction(systemScope('test'), work);
const due = (slug: string | null = null) =>
  inSystem((tx) =>
    tx.run(
      'UPDATE drift_report r SET next_collect_at = clock_timestamp() FROM device d WHERE d.id = r.device_id AND ($1::text IS NULL OR d.slug = $1)',
      [slug],
    ),
  );
const verdicts = () =>
  inSystem((tx) => tx.sql<{ verdict: string; n: number }>('SELECT verdict, count(*)::int AS n FROM drift_report GROUP BY 1'));

describe('a hundred switches', () => {
  it('are looked at in a small part of the time between two looks; the one that was edited by hand is found in the next', async () => {
    const collector = app.get(DriftCollector);
    await collector.collectDue(); // Makes their rows, with times of their own.
    await due();
    const before = process.cpuUsage();
    const statements = await sentStatements(async () => {
      expect(await collector.collectDue()).toBe(COUNT);
    });
    const { user, system } = process.cpuUsage(before);
    // Two cores have 480 s between two rounds; what the switches themselves take is in it.
    expect((user + system) / 1e6).toBeLessThan(30);
    expect(statements.length / COUNT).toBeLessThan(12);
    expect(await verdicts()).toEqual([{ verdict: 'CLEAN', n: COUNT }]);
    expect(switches.flatMap(({ journal }) => journal.pushes)).toEqual([]);

    const edited = await editByHand(41);
    await due(edited);
    expect(await collector.collectDue()).toBe(1);
    const dirty = await app.get(DriftService).reports('test', { first: 10, after: null }, true);
    expect(dirty).toMatchObject([{ slug: edited, items: [{ kind: 'FOREIGN_IN_OWNED_SECTION', observed: 'maximum-paths 4' }] }]);
  });
});

/** Typed and saved: the switch comes up with it. */
async function editByHand(index: number): Promise<string> {
  const before = switches[index];
  if (!before) throw new Error('no such switch');
  const initialConfig = before.device.startupConfig().replace(/^(router bgp \d+)$/m, '$1\n   maximum-paths 4');
  await before.close();
  const after = await startEosSimulator({ hostname: 'edited', users: [USER], ethernetPorts: 1, initialConfig });
  switches[index] = after;
  const [device] = await inSystem((tx) =>
    tx.sql<{ slug: string }>('UPDATE device SET management_port = $2, tls_spki_sha256 = $3 WHERE management_port = $1 RETURNING slug', [
      before.port,
      after.port,
      [after.spkiSha256],
    ]),
  );
  return device?.slug ?? '';
}

function hundredLeafs(): FabricInventory {
  return {
    fabric: {
      slug: 'hundred',
      name: 'Hundred',
      asnScheme: 'IBGP',
      rtAdministrator: 65_053,
      vtepPool: '172.16.3.0/24',
      anycastGatewayMac: '00:1c:73:00:00:03',
    },
    sites: [{ slug: 'lab', name: 'Lab' }],
    devices: Array.from({ length: COUNT }, (_, index) => ({
      slug: `leaf${index + 1}`,
      hostname: `leaf${index + 1}`,
      site: 'lab',
      platform: 'ARISTA_EOS' as const,
      managementAddress: '127.0.0.1',
      managementPort: 443,
      username: USER.username,
      secret: USER.password,
      tlsSpkiSha256: [],
      vtep: { address: `172.16.3.${index + 1}`, routerId: `172.16.3.${index + 1}`, asn: 65_053 },
      ports: [{ name: 'Ethernet1', isEdge: true }],
    })),
    links: [],
    sessions: [],
    vlanDomains: [],
  };
}
