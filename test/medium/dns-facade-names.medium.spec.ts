/**
 * Product H3, step 3, in seconds: what Proxmox allocates at the façade's door a name server answers forward and back, and no more when the
 * guest is gone. The name server is the real one where it is installed; `test/long/proxmox-names` has the processes, too.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { AccessModule, TokenService } from '#contexts/access';
import { AddressingService } from '#contexts/addressing';
import { FacadeModule, FacadeService, NetBoxDoor } from '#contexts/facade';
import { SyncModule, SyncService } from '#contexts/sync';
import { Cidr, Fqdn } from '#engines/kernel';
import { createLogger } from '#platform';
import { netboxRoutes } from '../../apps/api/src/netbox/netbox-routes.js';
import { type LabDns, nameServerHere, resolve, startNameServer } from '../../apps/lab/src/powerdns/index.js';
import { connectDns, powerDnsServer } from '../support/dns-connector.js';
import { createInventoryWorld, type InventoryWorld } from '../support/inventory-world.js';
import { ProxmoxPlugin } from './facade/proxmox-plugin.js';

const ZONES = ['cust.example', '10.in-addr.arpa'];
const MAC = 'da:65:8f:18:9b:6f';

let directory: string;
let dns: LabDns;
let world: InventoryWorld;
let api: FastifyInstance;
let pve: ProxmoxPlugin;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trame-facade-names-'));
  dns = await startNameServer({ directory, zones: ZONES });
  world = await createInventoryWorld([], [SyncModule.with(powerDnsServer), { module: AccessModule }, { module: FacadeModule }]);
  await connectDns(world, dns, ZONES);
  api = Fastify();
  const get = <Service>(service: new (...dependencies: never[]) => Service): Service => world.app.get(service, { strict: false });
  const log = createLogger('silent', { process: 'spec' });
  await api.register(netboxRoutes({ tokens: get(TokenService), facades: get(FacadeService), door: get(NetBoxDoor), log }));
  pve = new ProxmoxPlugin(`${await api.listen({ host: '127.0.0.1', port: 0 })}/netbox/api`, await door());
});
afterAll(async () => {
  await api?.close();
  await world?.close();
  await dns?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** A VRF with addresses of its own, and who comes in for it. @returns the token. */
async function door(): Promise<string> {
  const { fabricId, tenantId } = world;
  const { id: vrfId } = await world.vrf('vrf-a');
  await world.asSystem(async (tx) => {
    const addressing = world.app.get(AddressingService);
    const spaceId = await addressing.createSpace(tx, { fabricId, slug: 'vrf-a', name: 'vrf-a' });
    const lengths = { minLength: 8, defaultLength: 24, maxLength: 30 };
    const pool = { spaceId, slug: 'vrf-a', name: 'vrf-a', cidr: Cidr.parse('10.0.0.0/8'), ...lengths, quarantineSeconds: 3600 };
    await addressing.createPrefixPool(tx, pool);
  });
  const dnsZone = Fqdn.parse('vrf-a.cust.example');
  const facades = world.app.get(FacadeService, { strict: false });
  return facades.create({ slug: 'vrf-a', tenantId, vrfId, poolSlugs: ['vrf-a'], dnsZone, actor: 'test' });
}

const answered = async (name: string, address: string) => {
  await world.app.get(SyncService).runDue();
  const reverse = `${address.split('.').reverse().join('.')}.in-addr.arpa`;
  return { a: await resolve(dns.dnsPort, name, 'A'), ptr: await resolve(dns.dnsPort, reverse, 'PTR') };
};

describe(`a guest of Proxmox, asked of ${nameServerHere()}`, () => {
  it('has a name forward and back from its allocation to its end, also where it was renamed; a neighbour keeps its own', async () => {
    await pve.addSubnet('10.0.0.0/24');
    await pve.addIp({ ip: '10.0.0.1', length: 24, isGateway: true });
    const address = await pve.addNextFreeIp('10.0.0.0/24', MAC, 'web');
    await pve.addIp({ ip: '10.0.0.20', length: 24, mac: 'da:65:8f:18:9b:70', hostname: 'db' });
    expect(await answered('web.vrf-a.cust.example', address)).toEqual({ a: ['10.0.0.2'], ptr: ['web.vrf-a.cust.example'] });

    await pve.updateIp({ ip: address, length: 24, mac: MAC, hostname: 'shop' });
    expect(await answered('shop.vrf-a.cust.example', address)).toEqual({ a: ['10.0.0.2'], ptr: ['shop.vrf-a.cust.example'] });
    expect((await answered('web.vrf-a.cust.example', address)).a).toEqual([]);

    expect(await pve.delIp(address)).toBe(true);
    expect(await answered('shop.vrf-a.cust.example', address)).toEqual({ a: [], ptr: [] });
    expect(await answered('db.vrf-a.cust.example', '10.0.0.20')).toEqual({ a: ['10.0.0.20'], ptr: ['db.vrf-a.cust.example'] });
  });
});
