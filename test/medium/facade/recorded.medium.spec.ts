// What Proxmox' own tests recorded of its NetBox plugin: our player sends the same, and the façade answers each of them. The folder is other people's
// and not part of this repository: TRAME_CASES names it.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describeWith } from '../../support/describe-with.js';
import { createFacadeWorld, type FacadeWorld } from './facade-world.js';
import { ProxmoxPlugin } from './proxmox-plugin.js';

interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly body: Readonly<Record<string, unknown>> | null;
}

const cases = process.env['TRAME_CASES'];
describeWith({ missing: cases ? [] : ['the folder of cases in TRAME_CASES'] }, 'recorded requests of Proxmox', () => {
  let facade: FacadeWorld;
  beforeAll(async () => {
    facade = await createFacadeWorld();
  });
  afterAll(() => facade?.world.close());

  const recorded = (name: string): Recorded =>
    JSON.parse(readFileSync(path.join(cases ?? '', 'pve-http/ipams/netbox', `${name}.json`), 'utf8')) as Recorded;
  const pathOf = ({ url }: Recorded): string => new URL(url).pathname.replace(/^\/api/, '');

  it('are those that the player sends, but for numbers of objects', async () => {
    const pve = new ProxmoxPlugin(facade.url, facade.b.token);
    await pve.addSubnet('10.0.0.0/24');
    await pve.addIp({ ip: '10.0.0.1', length: 24, isGateway: true, hostname: 'myhostname' });
    await pve.addNextFreeIp('10.0.0.0/24', 'da:65:8f:18:9b:6f', 'myhostname');
    await pve.delIp('10.0.0.1');
    const bare = (line: string): string => line.replace(/\/\d+\//, '/#/');
    const sent = pve.sent.map(bare);
    for (const name of ['add_subnet', 'add_ip', 'add_next_freeip', 'del_ip']) {
      const { method, ...said } = recorded(name);
      expect(sent, name).toContain(bare(`${method} ${pathOf({ method, ...said })}`));
    }
  });

  it('are answered, each with the object that it is about', async () => {
    const send = async (name: string, at = (text: string): string => text): Promise<Readonly<Record<string, unknown>>> => {
      const said = recorded(name);
      const headers = { authorization: `token ${facade.a.token}`, 'content-type': 'application/json; charset=UTF-8' };
      const request = { method: said.method, headers, ...(said.body !== null && { body: JSON.stringify(said.body) }) };
      const response = await fetch(`${facade.url}${at(pathOf(said))}`, request);
      const text = await response.text();
      expect([name, response.ok, text]).toEqual([name, true, text]);
      return text === '' ? {} : (JSON.parse(text) as Readonly<Record<string, unknown>>);
    };
    const prefix = await send('add_subnet');
    expect(prefix).toMatchObject({ prefix: '10.0.0.0/24', vrf: { name: 'vrf-a' } });
    const gateway = await send('add_ip');
    expect(gateway).toMatchObject({ address: '10.0.0.1/24', description: 'gateway' });
    const guest = await send('add_next_freeip', (text) => text.replace('/1/', `/${String(prefix['id'])}/`));
    expect(guest).toMatchObject({ address: '10.0.0.2/24', description: 'mac:da:65:8f:18:9b:6f' });
    await send('del_ip', (text) => text.replace('/1/', `/${String(guest['id'])}/`));
    const left = await facade.rows<{ address: string }>(
      `SELECT host(a.address) AS address FROM ip_address a JOIN subnet s ON s.id = a.subnet_id WHERE s.vrf_id = $1 AND a.state <> 'QUARANTINED'`,
      [facade.a.vrfId],
    );
    expect(left).toEqual([{ address: '10.0.0.1' }]);
  });
});
