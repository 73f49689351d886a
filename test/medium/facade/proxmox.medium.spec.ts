// Proxmox SDN takes subnets and addresses from us as it is: product H3, steps 1 to 3.
import { createFacadeWorld, type FacadeWorld } from './facade-world.js';
import { ProxmoxPlugin } from './proxmox-plugin.js';

let facade: FacadeWorld;
let pve: ProxmoxPlugin;
let other: ProxmoxPlugin;
beforeAll(async () => {
  facade = await createFacadeWorld();
  pve = new ProxmoxPlugin(facade.url, facade.a.token);
  other = new ProxmoxPlugin(facade.url, facade.b.token);
  // What is around it, and what begins with it: a real NetBox would have answered with these.
  for (const cidr of ['10.64.0.0/16', '10.0.1.0/24', '10.0.16.0/24']) await pve.addSubnet(cidr);
});
afterAll(() => facade?.world.close());

const live = (party: 'a' | 'b'): Promise<{ address: string; mac: string | null; name: string | null; subnet: string }[]> =>
  facade.rows(
    `SELECT host(a.address) AS address, a.mac::text AS mac, a.dns_name AS name, s.cidr::text AS subnet FROM ip_address a JOIN subnet s ON s.id = a.subnet_id
      WHERE s.vrf_id = $1 AND s.cidr = '10.0.0.0/24' AND a.state <> 'QUARANTINED' ORDER BY a.address`,
    [facade[party].vrfId],
  );
const MAC = 'da:65:8f:18:9b:6f';

describe('a zone of Proxmox', () => {
  it('gets its subnet, gateway and guests in the VRF of its token, never around it and never next door', async () => {
    await pve.configure();
    await other.addSubnet('10.0.0.0/24');
    await pve.addSubnet('10.0.0.0/24', [['10.0.0.100', '10.0.0.200']]);
    await pve.addIp({ ip: '10.0.0.1', length: 24, isGateway: true });
    expect(await pve.addNextFreeIp('10.0.0.0/24', MAC, 'web')).toBe('10.0.0.2');
    expect(await pve.addRangeNextFreeIp('10.0.0.100', '10.0.0.200', 'da:65:8f:18:9b:70', 'db')).toBe('10.0.0.100');
    await pve.addIp({ ip: '10.0.0.150', length: 24, mac: 'da:65:8f:18:9b:73' });
    await pve.addIp({ ip: '10.0.0.10', length: 24, mac: 'da:65:8f:18:9b:71' });
    expect(await live('a')).toEqual([
      { address: '10.0.0.1', mac: null, name: null, subnet: '10.0.0.0/24' },
      { address: '10.0.0.2', mac: MAC, name: 'web.vrf-a.cust.example', subnet: '10.0.0.0/24' },
      { address: '10.0.0.10', mac: 'da:65:8f:18:9b:71', name: null, subnet: '10.0.0.0/24' },
      { address: '10.0.0.100', mac: 'da:65:8f:18:9b:70', name: 'db.vrf-a.cust.example', subnet: '10.0.0.0/24' },
      { address: '10.0.0.150', mac: 'da:65:8f:18:9b:73', name: null, subnet: '10.0.0.0/24' },
    ]);
    expect(await live('b')).toEqual([]);
    await expect(pve.addSubnet('10.0.0.0/24')).rejects.toThrow('already exists');
  });

  it('asks again and gets the same: a request whose answer was lost takes no second address', async () => {
    expect(await pve.addNextFreeIp('10.0.0.0/24', MAC, 'web')).toBe('10.0.0.2');
    expect(await Promise.all(['x', 'x', 'x'].map(() => pve.addNextFreeIp('10.0.0.0/24', 'da:65:8f:18:9b:80')))).toEqual([
      '10.0.0.3',
      '10.0.0.3',
      '10.0.0.3',
    ]);
    expect(await pve.ipsOf(MAC)).toEqual({ ip4: '10.0.0.2' });
    expect(await other.ipsOf(MAC)).toEqual({});
  });

  it('changes and deletes what it names, and no neighbour of it', async () => {
    expect(await pve.delIp('10.0.0.4')).toBe(false); // NetBox finds 10.0.0.4… as well: 10.0.0.40 to 49.
    expect(await other.delIp('10.0.0.10')).toBe(false);
    await expect(pve.updateIp({ ip: '10.0.0.20', length: 24, mac: MAC })).rejects.toThrow("can't find ip");
    await pve.updateIp({ ip: '10.0.0.10', length: 24, mac: 'da:65:8f:18:9b:72', hostname: 'app' });
    expect((await live('a')).find(({ address }) => address === '10.0.0.10')).toMatchObject({
      mac: 'da:65:8f:18:9b:72',
      name: 'app.vrf-a.cust.example',
    });
    expect(await pve.delIp('10.0.0.10')).toBe(true);
    expect((await live('a')).map(({ address }) => address)).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.100', '10.0.0.150']);
    // It rests, and is nobody's next address; who names it himself a moment later (an undone creation) has it again.
    expect(await pve.addNextFreeIp('10.0.0.0/24', 'da:65:8f:18:9b:81')).toBe('10.0.0.4');
    await pve.addIp({ ip: '10.0.0.10', length: 24, mac: 'da:65:8f:18:9b:72' });
    await expect(pve.addIp({ ip: '10.0.0.10', length: 24, mac: 'da:65:8f:18:9b:99' })).rejects.toThrow(/^400 /);
  });

  it('deletes a subnet that is empty, and only then; its addresses rest with it, and it may come again', async () => {
    await expect(pve.delSubnet('10.0.0.0/24', '10.0.0.1')).rejects.toThrow('not empty');
    for (const ip of ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.10', '10.0.0.100', '10.0.0.150']) expect(await pve.delIp(ip)).toBe(true);
    await pve.delSubnet('10.0.0.0/24', '10.0.0.1');
    const states = await facade.rows<{ state: string }>(`SELECT state FROM prefix WHERE cidr = '10.0.0.0/24' AND space_id = $1`, [
      facade.a.spaceId,
    ]);
    expect(states).toEqual([{ state: 'QUARANTINED' }]);
    await pve.addSubnet('10.0.0.0/24');
    expect(await pve.addNextFreeIp('10.0.0.0/24', MAC)).toBe('10.0.0.1');
    await pve.delIp('10.0.0.1');
  });

  it('has a guest with two interfaces and one name: the second address has no record, and the guest starts', async () => {
    await pve.addSubnet('10.7.0.0/24');
    await pve.addSubnet('10.7.1.0/24');
    await pve.addNextFreeIp('10.7.0.0/24', 'da:65:8f:18:9b:a0', 'twin');
    expect(await pve.addNextFreeIp('10.7.1.0/24', 'da:65:8f:18:9b:a1', 'twin')).toBe('10.7.1.1');
    const names = await facade.rows<{ name: string | null }>(
      `SELECT dns_name AS name FROM ip_address WHERE mac IN ('da:65:8f:18:9b:a0', 'da:65:8f:18:9b:a1') ORDER BY mac`,
    );
    expect(names).toEqual([{ name: 'twin.vrf-a.cust.example' }, { name: null }]);
  });

  it('takes IPv6 as well, and says so when there is none left', async () => {
    await pve.addSubnet('2001:db8:8888::/64', [['2001:db8:8888::100', '2001:db8:8888::100']]);
    expect(await pve.addNextFreeIp('2001:db8:8888::/64', MAC)).toMatch(/^2001:db8:8888::/);
    expect(await pve.addRangeNextFreeIp('2001:db8:8888::100', '2001:db8:8888::100', 'da:65:8f:18:9b:b0')).toBe('2001:db8:8888::100');
    await expect(pve.addRangeNextFreeIp('2001:db8:8888::100', '2001:db8:8888::100', 'da:65:8f:18:9b:b1')).rejects.toThrow(/^409 /);
    expect(await pve.ipsOf(MAC)).toHaveProperty('ip6');
  });

  it('leaves a trace in the audit of everything that it did', async () => {
    const actions = await facade.rows<{ action: string }>(`SELECT DISTINCT action FROM audit_entry WHERE actor LIKE 'token:%' ORDER BY 1`);
    expect(actions.map(({ action }) => action)).toEqual(
      expect.arrayContaining([
        'address.allocated',
        'address.changed',
        'address.released',
        'facade.subnet-claimed',
        'facade.subnet-given-up',
        'subnet.closed',
        'subnet.opened',
      ]),
    );
  });
});
