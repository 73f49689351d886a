import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fabricEntities } from '#contexts/fabric';
import { systemScope } from '#platform';
import { describeWith } from '../../../../../test/support/describe-with.js';
import { commandInProcess } from '../../../../../test/support/command-in-process.js';
import { type OpenDatabase, openTestDatabase } from '../../../../../test/support/open-database.js';
import { addImport } from '../import.command.js';
import { addPortal } from '../portal.command.js';
import { addFabric } from './fabric.command.js';

const main = path.resolve('dist/apps/cli/src/main.js');
const missing = fs.existsSync(main) ? [] : ['a build (npm run build)'];
const KEY = Buffer.alloc(32, 3).toString('base64');

/** The document that the how-to shows: what people copy is what is tested. */
const shown = (): Record<string, unknown> => {
  const page = fs.readFileSync(path.resolve('docs/how-to/load-a-fabric.md'), 'utf8');
  return JSON.parse(/```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '') as Record<string, unknown>;
};

describeWith({ missing }, 'trame fabric', () => {
  let opened: OpenDatabase;
  let directory: string;

  beforeEach(async () => {
    opened = await openTestDatabase(fabricEntities);
    directory = fs.mkdtempSync(path.join(tmpdir(), 'trame-fabric-'));
    fs.writeFileSync(path.join(directory, 'leaf1.password'), 'a password');
    fs.writeFileSync(path.join(directory, 'pve1.key'), 'a key');
    fs.writeFileSync(path.join(directory, 'powerdns.key'), 'an API key\n');
  });
  afterEach(async () => {
    await opened.close();
    fs.rmSync(directory, { recursive: true });
  });

  const settings = () => ({ LOG_LEVEL: 'silent', DATABASE_URL: opened.url, TRAME_KEK: KEY, TRAME_TOKEN_PEPPER: KEY });
  const trame = (...args: readonly string[]) => commandInProcess([addFabric, addPortal], args, settings());
  const run = (...args: readonly string[]) => trame('fabric', ...args);
  /** The program itself. */
  async function program(...args: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
    const child = spawn(process.execPath, [main, ...args], {
      env: { PATH: process.env['PATH'], ...settings(), LOG_LEVEL: 'warn' },
    });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, out, err };
  }
  function saved(document: object): string {
    const file = path.join(directory, 'fabric.json');
    fs.writeFileSync(file, JSON.stringify(document));
    return file;
  }
  const fabrics = (): Promise<string[]> =>
    opened.db.inTransaction(systemScope('spec'), async (tx) =>
      (await tx.sql<{ slug: string }>('SELECT slug FROM fabric')).map(({ slug }) => slug),
    );

  it('loads what the how-to shows, and renders it with the facts of each device', async () => {
    expect(await program('fabric', 'load', saved(shown()))).toMatchObject({
      code: 0,
      out: 'loaded: fabric par, 2 devices, 0 findings\n',
      err: '',
    });
    const rendered = await run('render', 'pve1', '--out', directory);
    expect(rendered).toMatchObject({ code: 0, err: '' });
    const interfaces = fs.readFileSync(path.join(directory, 'pve1/etc/network/interfaces.d/trame'), 'utf8');
    expect(interfaces).toContain('bond-mode 802.3ad');
    expect(interfaces).toContain('bridge-vlan-aware yes');
    expect(fs.readFileSync(path.join(directory, 'pve1/etc/frr/frr.conf'), 'utf8')).toContain('neighbor 192.168.100.0 remote-as 65051');
    expect((await trame('portal', 'create', 'shop', '--tenant', 'acme')).out).toMatch(/^whsec_/);
    expect(await trame('portal', 'create', 'shop', '--tenant', 'acme')).toMatchObject({
      code: 1,
      err: 'ALREADY_EXISTS: there is a source shop already\n',
    });
    expect((await trame('portal', 'rotate', 'shop')).out).toMatch(/^whsec_/);
    expect((await run('render', 'leaf1', '--data', '--out', directory)).code).toBe(0);
    expect(JSON.parse(fs.readFileSync(path.join(directory, 'leaf1/host_vars/leaf1.json'), 'utf8'))).toMatchObject({
      trame_bgp: { asn: 65_051 },
    });
    expect((await program('fabric', 'render', 'nobody')).err).toBe('NOT_FOUND: there is no device nobody\n');
  });

  it('says who writes to a device from now on', async () => {
    expect((await run('load', saved(shown()))).code).toBe(0);
    expect((await run('manage', 'pve1', '--mode', 'observe')).out).toBe('pve1: OBSERVE\n');
    expect((await run('manage', 'pve1', '--mode', 'FULL')).err).toContain('it is OBSERVE or SECTION');
  });

  it('takes over what a cluster has, without a device of it: its numbers are nobody else’s', async () => {
    const sdn = {
      version: 1,
      zones: {
        ids: {
          dc: { type: 'evpn', controller: 'ctl', 'vrf-vxlan': 5000, dns: 'pdns', dnszone: 'guests.example' },
          old: { type: 'vxlan', peers: '192.0.2.1,192.0.2.2' },
        },
      },
      vnets: { ids: { web: { type: 'vnet', zone: 'dc', tag: 5001 }, legacy: { type: 'vnet', zone: 'old', tag: 700 } } },
      subnets: { ids: { 'dc-10.40.0.0-24': { type: 'subnet', vnet: 'web', gateway: '10.40.0.1', dnszoneprefix: 'dmz' } } },
      controllers: { ids: { ctl: { type: 'evpn', asn: 65_051, peers: '192.0.2.1,192.0.2.2' } } },
    };
    fs.writeFileSync(path.join(directory, '.running-config'), JSON.stringify(sdn));
    const file = path.join(directory, 'imported.json');
    const read = ['import', 'config', '--device', `par1=${directory}/.running-config`, '--write-fabric', file];
    expect(await commandInProcess([addImport], read, settings())).toMatchObject({ code: 0, err: '' });
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replaceAll(/"FILL IN: [^"]*"/g, '"172.16.9.0/24"'));
    expect(await run('load', file)).toMatchObject({ code: 0, err: '' });
    const rows = (text: string) => opened.db.inTransaction(systemScope('spec'), (tx) => tx.sql(text));
    expect(await rows('SELECT vni, state FROM network ORDER BY vni')).toEqual([
      { vni: 700, state: 'ACTIVE' },
      { vni: 5001, state: 'ACTIVE' },
    ]);
    expect(await rows('SELECT l3vni FROM vrf')).toEqual([{ l3vni: 5000 }]);
    expect(await rows('SELECT dns_zone AS zone, dns_zone_prefix AS prefix FROM subnet')).toEqual([
      { zone: 'guests.example', prefix: 'dmz' },
    ]);
    expect(await rows('SELECT FROM device')).toEqual([]);
    expect(
      await rows(`SELECT DISTINCT value::int FROM number_allocation WHERE state = 'BOUND' AND value IN (700, 5000, 5001) ORDER BY value`),
    ).toHaveLength(3);
  });

  it('refuses a prefix of names without their zone, by its place', async () => {
    const subnet = { cidr: '10.40.0.0/24', addressSpace: 'customers', gatewayMode: 'NONE', dnsZonePrefix: 'dmz' };
    const { code, err } = await run('load', saved({ ...shown(), networks: [{ subnets: [subnet] }] }));
    expect([code, err]).toEqual([1, expect.stringContaining('networks.0.subnets.0.dnsZonePrefix: a prefix only with a dnsZone beside it')]);
  });

  it('keeps nothing on a trial, and a second time refuses what is there', async () => {
    const file = saved(shown());
    expect((await run('load', file, '--dry-run')).out).toBe('would be loaded: fabric par, 2 devices, 0 findings\n');
    expect(await fabrics()).toEqual([]);
    expect((await run('load', file)).code).toBe(0);
    expect((await run('load', file)).code).toBe(1);
    expect(await fabrics()).toEqual(['par']);
  });

  it('refuses as a whole what the checks refuse, with the sentence', async () => {
    const document = shown();
    const [link] = document['links'] as { ends: { address: string }[] }[];
    if (link?.ends[1]) link.ends[1].address = '192.168.7.7';
    const { code, out, err } = await run('load', saved(document));
    expect({ code, out }).toEqual({ code: 5, out: expect.stringMatching(/^not loaded: nothing was kept/) as string });
    expect(err).toMatch(/^ERROR [A-Z_]+ links/m);
    expect(await fabrics()).toEqual([]);
  });

  it('has a name server written to where the document says so, and only shown everything where it says nothing', async () => {
    const document = shown();
    const [{ mode, ...server }] = document['nameServers'] as [{ mode: string; slug: string }];
    expect(mode).toBe('WRITE');
    const silent = { ...server, slug: 'silent', zones: ['silent.example'] };
    expect(await run('load', saved({ ...document, nameServers: [{ ...server, mode }, silent] }))).toMatchObject({ code: 0, err: '' });
    const modes = await opened.db.inTransaction(systemScope('spec'), (tx) => tx.sql('SELECT slug, mode FROM sync_target ORDER BY slug'));
    expect(modes).toEqual([
      { slug: 'powerdns', mode: 'WRITE' },
      { slug: 'silent', mode: 'OBSERVE' },
    ]);
    const wrong = await run('load', saved({ ...document, nameServers: [{ ...server, mode: 'READ' }] }));
    expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('nameServers.0.mode') });
  });

  it('refuses a name server whose address goes on into its API, with the one that is meant', async () => {
    const document = shown();
    const [server] = document['nameServers'] as { url: string }[];
    expect(server?.url).toBe('http://127.0.0.1:8081');
    const long = [{ ...server, url: `${server?.url}/api/v1/servers/localhost` }];
    const { code, err } = await run('load', saved({ ...document, nameServers: long }));
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(
        /nameServers\.0\.url: .*without \/api\/v1\/servers\/localhost, which is added here: http:\/\/127\.0\.0\.1:8081/,
      ),
    ]);
    expect(await fabrics()).toEqual([]);
  });

  it('refuses a second name server for a zone of the first, as everywhere, and says where it stands', async () => {
    const document = shown();
    const [server] = document['nameServers'] as [{ slug: string; url: string; zones: string[] }];
    const load = (second: object) => run('load', saved({ ...document, nameServers: [server, { ...server, slug: 'second', ...second }] }));
    const refused = 'ALREADY_EXISTS: nameServers.1.zones: the connector powerdns keeps the names of this fabric in cust.example at';
    const sameServer = { url: 'http://127.0.0.1:8081/', zones: ['more.example', 'cust.example'] };
    expect(await load(sameServer)).toMatchObject({ code: 1, err: expect.stringContaining(refused) });
    expect(await load({ slug: server.slug, zones: ['more.example'] })).toMatchObject({
      code: 1,
      err: 'ALREADY_EXISTS: nameServers.1.slug: there is a connector powerdns already\n',
    });
    expect(await fabrics()).toEqual([]);
    expect(await load({ url: 'http://127.0.0.1:8082' })).toMatchObject({ code: 0, err: '' });
  });

  it('names every place that it cannot read, and what would have been accepted', async () => {
    const document = shown();
    Object.assign((document['devices'] as object[])[1] ?? {}, {
      host: { bonds: [{ name: 'a-name-that-is-too-long', mode: 'lacp', members: [] }] },
      speed: 1,
    });
    const { code, err } = await run('load', saved(document));
    expect(code).toBe(1);
    expect(err).toContain('INVALID_VALUE');
    expect(err).toContain('devices.1.host.bonds.0.name');
    expect(err).toContain('1 to 15 of letters');
    expect(err).toContain('balance-alb');
    expect(err).toContain('speed');
    expect(await fabrics()).toEqual([]);
  });
});
