// What Proxmox expects of an IPAM, step by step, played through its NetBox plugin. The folder is other people's and not part of this repository:
// TRAME_CASES names it.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describeWith } from '../../support/describe-with.js';
import { createFacadeWorld, type FacadeWorld } from './facade-world.js';
import { ProxmoxPlugin } from './proxmox-plugin.js';

interface Scenario {
  readonly name: string;
  readonly nic: { readonly hostname: string; readonly mac: string };
  readonly operation: 'none' | 'nic_join' | 'nic_start';
  readonly subnets: readonly {
    readonly subnet: string;
    readonly gateway: string;
    readonly dhcpRange?: readonly { readonly start: string; readonly end: string }[];
  }[];
  readonly existingIps: readonly string[];
  readonly expect: { readonly ok?: boolean; readonly ipsForMac?: number; readonly keeps?: readonly string[] };
}
type Subnet = Scenario['subnets'][number];

/** Their IPv6 prefix is in no pool of ours. */
const ours = (text: string): string => text.replaceAll('8888::', '2001:db8:8888::');
const lengthOf = ({ subnet }: Subnet): number => Number(subnet.replace(/.*\//, ''));
const familyOf = (text: string): 'ip4' | 'ip6' => (text.includes(':') ? 'ip6' : 'ip4');

/** As Proxmox does it for an interface: all families or none; what it has already stays. */
async function join(pve: ProxmoxPlugin, { nic, subnets }: Scenario): Promise<void> {
  const got: string[] = [];
  const has = await pve.ipsOf(nic.mac);
  try {
    for (const { subnet, dhcpRange } of subnets.filter(({ subnet }) => has[familyOf(subnet)] === undefined)) {
      const [range] = dhcpRange ?? [];
      got.push(
        range
          ? await pve.addRangeNextFreeIp(range.start, range.end, nic.mac, nic.hostname)
          : await pve.addNextFreeIp(subnet, nic.mac, nic.hostname),
      );
    }
  } catch (error) {
    for (const ip of got) await pve.delIp(ip);
    throw error;
  }
}

const cases = process.env['TRAME_CASES'];
describeWith({ missing: cases ? [] : ['the folder of cases in TRAME_CASES'] }, 'steps that Proxmox expects of an IPAM', () => {
  let facade: FacadeWorld;
  let pve: ProxmoxPlugin;
  beforeAll(async () => {
    facade = await createFacadeWorld();
    pve = new ProxmoxPlugin(facade.url, facade.a.token);
  });
  afterAll(() => facade?.world.close());

  const read = <T>(name: string): T => JSON.parse(ours(readFileSync(path.join(cases ?? '', 'pve-ipam', name), 'utf8'))) as T;

  async function play(scenario: Scenario): Promise<void> {
    const { nic, subnets, operation } = scenario;
    for (const { subnet, gateway, dhcpRange = [], ...rest } of subnets) {
      await pve.addSubnet(
        subnet,
        dhcpRange.map(({ start, end }) => [start, end]),
      );
      await pve.addIp({ ip: gateway, length: lengthOf({ subnet, gateway, ...rest }), isGateway: true });
    }
    for (const ip of scenario.existingIps) {
      const own = subnets.find(({ subnet }) => familyOf(subnet) === familyOf(ip)) as Subnet;
      await pve.addIp({ ip, length: lengthOf(own), mac: nic.mac, hostname: nic.hostname });
    }
    if (operation !== 'none') {
      const isDone = await join(pve, scenario).then(
        () => true,
        (error: unknown) => {
          expect(String(error), scenario.name).toContain('409 ');
          return false;
        },
      );
      const has = Object.values(await pve.ipsOf(nic.mac));
      expect([scenario.name, isDone, has.length]).toEqual([scenario.name, scenario.expect.ok, scenario.expect.ipsForMac]);
      expect(has, scenario.name).toEqual(expect.arrayContaining([...(scenario.expect.keeps ?? [])]));
      for (const { dhcpRange, subnet } of subnets) {
        const inRange = dhcpRange?.[0]?.start.replace(/\d+$/, '1');
        const given = has.find((ip) => familyOf(ip) === familyOf(subnet) && !scenario.existingIps.includes(ip));
        if (given !== undefined) expect(given.startsWith(inRange ?? subnet.replace(/0?\/.*/, '')), `${scenario.name}: ${given}`).toBe(true);
      }
      for (const ip of has) expect(await pve.delIp(ip)).toBe(true);
    }
    for (const { subnet, gateway } of subnets) await pve.delSubnet(subnet, gateway);
  }

  it('of an interface that joins or starts: one address of each family or none, of its range, and those that it has', async () => {
    const scenarios = read<Scenario[]>('vnet-scenarios.json');
    expect(scenarios.length).toBeGreaterThan(10);
    for (const scenario of scenarios) await play(scenario);
  });

  it('of a subnet: but for one, a MAC address has one address in it however often it asks', async () => {
    const steps =
      read<{ name: string; cidr: string; ipam: boolean; steps: { op: string; args: Record<string, string> }[] }[]>('subnet-scenarios.json');
    const { cidr, steps: played } = steps.find(({ ipam }) => ipam) ?? { cidr: '', steps: [] };
    const args = (n: number): { ip: string; mac: string; hostname: string } =>
      played[n]?.args as { ip: string; mac: string; hostname: string };
    const live = async (): Promise<string[]> =>
      (
        await facade.rows<{ ip: string }>(
          `SELECT host(a.address) AS ip FROM ip_address a JOIN subnet s ON s.id = a.subnet_id WHERE s.vrf_id = $1 AND a.state <> 'QUARANTINED' ORDER BY a.address`,
          [facade.a.vrfId],
        )
      ).map(({ ip }) => ip);
    await pve.addSubnet(cidr);
    expect(await live()).toEqual([]);
    await pve.addIp({ ip: args(1).ip, length: 24, isGateway: true });
    await expect(pve.addIp({ ip: args(2).ip, length: 24 })).rejects.toThrow(/^400 .*Duplicate/);
    await pve.addIp({ ...args(3), length: 24 });
    expect(await live()).toEqual([args(1).ip, args(3).ip]);
    expect(await pve.addNextFreeIp(cidr, args(4).mac, args(4).hostname)).toBe(args(3).ip);
    expect(await pve.delIp(args(5).ip)).toBe(true);
    expect(await live()).toEqual([args(3).ip]);
    await expect(pve.delSubnet(cidr, args(1).ip)).rejects.toThrow();
    await expect(pve.addIp({ ...args(7), length: 24 })).rejects.toThrow(/^400 /);
    expect(await live()).toEqual([args(3).ip]);
    expect(await pve.delIp(args(3).ip)).toBe(true);
    await pve.addIp({ ip: args(1).ip, length: 24, isGateway: true });
    await pve.delSubnet(cidr, args(1).ip);
    expect(await live()).toEqual([]);
  });
});
