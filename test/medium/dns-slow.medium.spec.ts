/** Several name servers, of which one takes connections and does not answer: nobody else waits for it, and a worker that stops calls it off. */
import { type LabDns, resolve, startSimulatedPowerDns } from '../../apps/lab/src/powerdns/index.js';
import { hookedPowerDns } from '../support/dns-connector.js';
import { eventually } from '../support/eventually.js';
import { createInventoryWorld, type InventoryWorld } from '../support/inventory-world.js';
import { AddressAllocationService } from '#contexts/addressing';
import { JOB_HANDLERS, type JobHandler } from '#contexts/events';
import { ConnectorService, SyncModule, SyncService } from '#contexts/sync';
import { Cidr, Fqdn, IdempotencyKey, type Ip, type SubnetId } from '#engines/kernel';
import { Secret, systemScope } from '#platform';

let dns: LabDns;
let world: InventoryWorld;
let subnetId: SubnetId;
/** Nobody is answered about the zones of that server before. */
let answered: Promise<void>;
let answer: () => void = () => undefined;
const hold = (): void => {
  answered = new Promise<void>((resolved) => {
    answer = resolved;
  });
};
let asked = 0;

beforeAll(async () => {
  dns = await startSimulatedPowerDns({ zones: ['slow.example', 'slower.example', 'fast.example'] });
  hold();
  const server = hookedPowerDns({
    beforeRead: async (zone) => {
      if (zone === 'fast.example') return;
      asked += 1;
      await answered;
    },
  });
  world = await createInventoryWorld([], [SyncModule.with(server)]);
  const network = await world.network('web', 100);
  subnetId = (await world.subnet(network, { cidr: Cidr.parse('10.20.5.0/24') })).id;
  await world.asSystem((tx) => tx.run(`UPDATE network SET state = 'ACTIVE' WHERE id = $1`, [network.id]));
  for (const [slug, zones] of [
    ['slow', ['slow.example', 'slower.example']],
    ['fast', ['fast.example']],
  ] as const) {
    const input = { kind: 'POWERDNS', slug, url: dns.apiUrl, mode: 'WRITE', zones } as const;
    await world.app.get(ConnectorService).create({ ...input, secret: new Secret(dns.apiKey), fabricId: world.fabricId }, 'operator');
  }
});
afterAll(async () => {
  answer();
  await world?.close();
  await dns?.stop();
});

async function name(fqdn: string): Promise<Ip | undefined> {
  const request = { subnetId, tenantId: world.tenantId, key: IdempotencyKey.parse(fqdn), dnsName: Fqdn.parse(fqdn) };
  return (await world.app.get(AddressAllocationService).allocate(systemScope('spec'), request)).allocations[0]?.address;
}
/** A worker was told that there is something to do, and comes by. */
const attend = (signal = AbortSignal.timeout(20_000)): Promise<void> =>
  world.app.get<JobHandler>(JOB_HANDLERS['sync.wanted'], { strict: false }).run('', signal);
const isServed = (fqdn: string, address: Ip | undefined): Promise<unknown> =>
  eventually(
    () => resolve(dns.dnsPort, fqdn, 'A'),
    (found) => found.includes(address ?? ''),
  );

it('a name server that does not answer holds up no other one, and is at it once', async () => {
  const late = await name('one.slow.example');
  const first = await name('one.fast.example');
  await attend();
  await isServed('one.fast.example', first);
  const second = await name('two.fast.example');
  await attend();
  await isServed('two.fast.example', second);
  expect(asked).toBe(1);
  answer();
  await world.app.get(SyncService).runDue();
  await isServed('one.slow.example', late);
});

it('a worker that stands down calls off what it does there, and whoever comes next does it at once', async () => {
  await world.app.get(SyncService).ended();
  hold();
  asked = 0;
  const late = await name('two.slow.example');
  const standsDown = new AbortController();
  await attend(standsDown.signal);
  expect(asked).toBe(1);
  standsDown.abort(new Error('the database belongs to another release'));
  answer();
  await world.app.get(SyncService).ended();
  expect(asked).toBe(1); // The other zone was not asked for.
  expect(await resolve(dns.dnsPort, 'two.slow.example', 'A')).toEqual([]);
  expect(await world.asSystem((tx) => tx.sql(`SELECT failures FROM sync_target WHERE slug = 'slow'`))).toEqual([{ failures: 0 }]);
  await world.app.get(SyncService).runDue();
  await isServed('two.slow.example', late);
});
