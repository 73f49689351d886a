/** What a customer's network leaves in other systems, and what is left of it there: product H1, steps 5 and 8. */
import { OutboundHttp } from '#adapters/outbound';
import { eventually } from './eventually.js';
import type { JourneyWorld } from './journey.js';
import type { KeptObject } from './kept-netbox.js';

const http = new OutboundHttp({ name: 'someone-else', timeoutMs: 5000, maxResponseBytes: 1_000_000, allowPrivate: true, maxRetries: 0 });
/** Of somebody else, in the zones that Trame writes into. */
const STRANGERS = [
  { zone: 'cust.example', name: 'www.cust.example', type: 'A', content: '192.0.2.80' },
  { zone: '20.10.in-addr.arpa', name: '200.0.20.10.in-addr.arpa', type: 'PTR', content: 'printer.example.' },
] as const;

export interface Elsewhere {
  /** Marks of ours in NetBox. */
  readonly ours: ReadonlySet<string>;
  readonly ofOthers: readonly string[];
}

/** Before anything is ordered. Others have records in the same zones. */
export async function lookElsewhere({ dns, netbox }: JourneyWorld): Promise<Elsewhere> {
  for (const { zone, name, type, content } of STRANGERS) {
    const rrset = { name: `${name}.`, type, ttl: 60, changetype: 'REPLACE', records: [{ content, disabled: false }] };
    const url = `${dns.apiUrl}/api/v1/servers/localhost/zones/${zone}.`;
    const request = { method: 'PATCH', url, headers: { 'x-api-key': dns.apiKey }, body: JSON.stringify({ rrsets: [rrset] }) } as const;
    expect(await http.request(request)).toMatchObject({ status: 204 });
  }
  return { ours: marksOf(netbox.ours()), ofOthers: netbox.ofOthers() };
}

/** The network of ORD-1 is live: name server, NetBox and FRR know all of it. */
export async function expectKnownElsewhere(journey: JourneyWorld, before: Elsewhere): Promise<void> {
  const { netbox, lookUp, client, world } = journey;
  for (const [host, name] of [
    [10, 'vm1'],
    [11, 'vm2'],
    [12, 'srv1'],
  ] as const) {
    expect(await lookUp(`${name}.acme-web-10000.cust.example`, 'A')).toEqual([`10.20.0.${host}`]);
    expect(await lookUp(`${host}.0.20.10.in-addr.arpa`, 'PTR')).toEqual([`${name}.acme-web-10000.cust.example`]);
  }
  const { network } = await client.graphql<{ network: { id: string } }>(world.tenantToken, '{ network(externalRef: "ORD-1") { id } }');
  const made = (): KeptObject[] => netbox.ours().filter(({ mark }) => !before.ours.has(mark));
  // A second or two behind, as the promise is.
  const objects = await eventually(made, (all) => isWhole(all), 30_000);
  const valuesOf = (path: string): Readonly<Record<string, unknown>>[] =>
    objects.filter((one) => one.path === path).map(({ values }) => values);
  expect(objects.find(({ path }) => path === 'vpn/l2vpns')).toMatchObject({
    mark: network.id,
    values: { identifier: 10_000, status: 'active' },
  });
  expect(valuesOf('vpn/l2vpn-terminations')).toHaveLength(1);
  expect(valuesOf('ipam/vlans')).toMatchObject([{ vid: 100 }]);
  expect(valuesOf('ipam/prefixes')).toMatchObject([{ prefix: '10.20.0.0/24', status: 'active' }]);
  expect(
    valuesOf('ipam/ip-addresses')
      .map(({ address, dns_name: name }) => `${String(address)} ${String(name)}`)
      .sort(),
  ).toEqual([
    '10.20.0.1/24 gw.acme-web-10000.cust.example',
    '10.20.0.10/24 vm1.acme-web-10000.cust.example',
    '10.20.0.11/24 vm2.acme-web-10000.cust.example',
    '10.20.0.12/24 srv1.acme-web-10000.cust.example',
  ]);
  expect(netbox.ofOthers()).toEqual(before.ofOthers);
  await expectRemoteMac(journey);
}

/** Where hosts are real: each hears of the guest of the other by EVPN, from its VTEP. */
async function expectRemoteMac({ devices }: JourneyWorld): Promise<void> {
  for (const [host, mac, vtep] of [
    ['pve1', 'bc:24:11:8f:74:b7', '172.16.1.52'],
    ['pve2', 'bc:24:11:8f:74:b6', '172.16.1.51'],
    ['pve1', '50:00:00:1b:00:00', '172.16.1.1'],
  ] as const) {
    const node = devices.nodes.get(host);
    if (!node) return;
    const said = await eventually(
      async () =>
        JSON.parse(await node.run(['vtysh', '-c', 'show evpn mac vni 10000 json'])) as {
          macs: Record<string, { type: string; remoteVtep?: string }>;
        },
      ({ macs }) => macs[mac] !== undefined,
    );
    expect(said.macs[mac], `${mac} on ${host}`).toMatchObject({ type: 'remote', remoteVtep: vtep });
  }
}

/** It was deprovisioned: first shown as going away, then gone, and nobody else's things were touched. */
export async function expectGoneElsewhere({ netbox, lookUp }: JourneyWorld, before: Elsewhere): Promise<void> {
  const left = (): KeptObject[] => netbox.ours().filter(({ mark }) => !before.ours.has(mark));
  for (const name of ['vm1', 'vm2', 'srv1', 'gw'])
    await eventually(
      () => lookUp(`${name}.acme-web-10000.cust.example`, 'A'),
      (found) => found.length === 0,
      30_000,
    );
  for (const host of [1, 10, 11, 12]) expect(await lookUp(`${host}.0.20.10.in-addr.arpa`, 'PTR')).toEqual([]);
  for (const { name, type, content } of STRANGERS) expect(await lookUp(name, type)).toEqual([content.replace(/\.$/, '')]);
  // Whatever a complete run finds when the time of grace is over.
  await eventually(
    async () => (left().length === 0 ? [] : [(await netbox.sync()).state, ...left().map(({ path, mark }) => `${path} ${mark}`)]),
    (found) => found.length === 0,
    60_000,
  );
  expect(marksOf(netbox.ours())).toEqual(before.ours);
  expect(netbox.ofOthers()).toEqual(before.ofOthers);
}

const marksOf = (objects: readonly KeptObject[]): ReadonlySet<string> => new Set(objects.map(({ mark }) => mark));

/** What the network consists of is there, and says that it is in use. */
function isWhole(objects: readonly KeptObject[]): boolean {
  const count = (at: string): number => objects.filter(({ path }) => path === at).length;
  return (
    count('ipam/ip-addresses') === 4 &&
    (['vpn/l2vpns', 'vpn/l2vpn-terminations', 'ipam/vlans', 'ipam/prefixes'] as const).every((at) => count(at) === 1) &&
    objects.some(({ path, values }) => path === 'vpn/l2vpns' && values['status'] === 'active')
  );
}
