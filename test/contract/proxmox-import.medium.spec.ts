/** The SDN of a cluster that people made, read through its API as if it had been copied from a node. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readCluster } from '#adapters/proxmox';
import { onboard } from '#engines/onboarding';
import { against, ClusterUnderTest, isRealCluster, push, TOKEN } from './proxmox-cluster.js';
import { runImportConfig as run } from '../support/run-import-config.js';

let cluster: ClusterUnderTest;
beforeEach(async () => {
  cluster = await ClusterUnderTest.start({ reloadMs: 1 });
});
afterEach(() => cluster.close());

it(`the SDN of ${against} is read and understood, and nothing is written`, async () => {
  const before = await cluster.actual();
  const { name, config } = await readCluster(cluster.api);
  expect(name).toBe(cluster.name);
  expect(onboard([{ device: name, name: '.running-config', text: config }]).report.differences).toBe(0);
  expect(await cluster.actual()).toBe(before);
});

describe.skipIf(isRealCluster)('a cluster that people made', () => {
  const world = () => cluster.simulator.cluster;
  beforeEach(() => {
    const inside = world();
    inside.edit('controllers', 'ctl', { type: 'evpn', asn: 65_051, peers: '192.0.2.2,192.0.2.1' });
    inside.edit('zones', 'dc', {
      type: 'evpn',
      controller: 'ctl',
      'vrf-vxlan': 5000,
      exitnodes: 'node1',
      nodes: 'node1,node2',
      ipam: 'pve',
      dns: 'pdns',
      dnszone: 'guests.example',
    });
    inside.edit('zones', 'old', { type: 'vxlan', peers: '192.0.2.1,192.0.2.2' });
    inside.edit('zones', 'office', { type: 'vlan', bridge: 'vmbr0' });
    inside.edit('vnets', 'web', { type: 'vnet', zone: 'dc', tag: 5001, alias: 'Web servers' });
    inside.edit('vnets', 'legacy', { type: 'vnet', zone: 'old', tag: 700 });
    inside.edit('vnets', 'desks', { type: 'vnet', zone: 'office', tag: 12 });
    inside.edit('subnets', 'dc-10.40.0.0-24', {
      type: 'subnet',
      vnet: 'web',
      zone: 'dc',
      cidr: '10.40.0.0/24',
      network: '10.40.0.0',
      mask: '24',
      gateway: '10.40.0.1',
      snat: 1,
      dnszoneprefix: 'web',
      'dhcp-range': 'start-address=10.40.0.10,end-address=10.40.0.20\nstart-address=10.40.0.40,end-address=10.40.0.50',
    });
    for (const { name } of inside.nodes) inside.boot(name);
  });

  const imported = async () => {
    const read = await readCluster(cluster.api);
    return { ...read, ...onboard([{ device: read.name, name: '.running-config', text: read.config }]) };
  };

  it('is known with all its numbers, subnets and gateways', async () => {
    const { snapshot, pending, lint } = await imported();
    expect(pending).toEqual([]);
    expect(snapshot.vrfs).toMatchObject([{ deviceName: 'vrf_dc', l3vni: 5000, exportTargets: ['65051:5000'] }]);
    expect(snapshot.networks).toMatchObject([
      { vni: 700, vrfId: null },
      {
        vni: 5001,
        name: 'Web servers',
        subnets: [{ cidr: '10.40.0.0/24', gatewayMode: 'ANYCAST_VTEP', gatewayAddress: '10.40.0.1', snat: true }],
      },
    ]);
    expect(lint.find(({ subject }) => subject === 'zone office')?.sentence).toContain('on vmbr0 they use VLAN 12');
  });

  it('and has changes that are not applied keeps the numbers that still run until they are', async () => {
    world().edit('vnets', 'web', { ...world().config.vnets.get('web'), tag: 5002 });
    world().edit('vnets', 'legacy', null);
    world().edit('zones', 'lab', { type: 'simple' });
    const { snapshot, pending } = await imported();
    expect(snapshot.networks.map(({ vni }) => vni)).toEqual([5002]);
    expect(pending).toEqual([
      'vnet legacy (deleted) is not applied: it still runs with tag 700',
      'vnet web (changed) is not applied: it still runs with tag 5001',
      'zone lab (new) is not applied',
    ]);
  });

  it('and is a target of Trame, too, is read without what Trame has written there', async () => {
    await cluster.push(push(1), cluster.artefact(10_001, 10_002));
    const { snapshot, own } = await imported();
    expect(snapshot.networks.map(({ vni }) => vni)).toEqual([700, 5001]);
    expect(own).toBe(3);
    world().edit('vnets', 'byhand', { type: 'vnet', zone: 'trame', tag: 701 });
    expect((await imported()).snapshot.networks.map(({ vni }) => vni)).toEqual([700, 701, 5001]);
  });

  it('is not read by a token that sees a part of it: what is hidden would be taken for free', async () => {
    const [sys] = TOKEN.privileges.filter((privilege) => privilege === 'Sys.Audit');
    const blind = await ClusterUnderTest.start({ tokens: [{ ...TOKEN, privileges: [sys ?? ''] }] });
    await expect(readCluster(blind.api)).rejects.toMatchObject({
      code: 'INVALID_STATE',
      message: expect.stringContaining('SDN.Audit on /sdn') as string,
    });
    await blind.close();
  });

  describe('is imported from the command line', () => {
    let folder: string;
    beforeEach(() => {
      folder = fs.mkdtempSync(path.join(os.tmpdir(), 'trame-cluster-'));
      fs.writeFileSync(path.join(folder, 'token'), `${TOKEN.id}=${TOKEN.secret}\n`);
    });
    afterEach(() => {
      vi.restoreAllMocks();
      process.exitCode = undefined;
      fs.rmSync(folder, { recursive: true, force: true });
    });

    const url = (): string => `https://${cluster.target.address}:${cluster.target.port}`;
    const asked = (pin: string): readonly string[] => ['--proxmox', url(), '--token-file', path.join(folder, 'token'), '--pin', pin];

    it('with nothing copied, and becomes what a fabric is loaded from', async () => {
      const file = path.join(folder, 'fabric.json');
      const { out, err, code } = await run(...asked(cluster.simulator.spkiSha256), '--write-fabric', file);
      expect(out).toContain('par1: SDN of a Proxmox cluster, which stays with it');
      expect(out).toContain('VNI 5001: RT 65051:5001; MTU 1450');
      expect({ err, code }).toEqual({ err: '', code: undefined });
      const numbers = (kind: string) => ({ kind, ranges: expect.any(Array) as unknown });
      expect(JSON.parse(fs.readFileSync(file, 'utf8'))).toMatchObject({
        devices: [],
        pools: expect.arrayContaining([
          expect.objectContaining({
            ...numbers('VNI'),
            ranges: [
              { first: 700, last: 700 },
              { first: 5001, last: 5001 },
            ],
          }),
          expect.objectContaining({ ...numbers('L3VNI'), ranges: [{ first: 5000, last: 5000 }] }),
        ]) as unknown,
        networks: [{ vni: 700 }, { vni: 5001, subnets: [{ cidr: '10.40.0.0/24', dnsZone: 'guests.example', dnsZonePrefix: 'web' }] }],
      });
    });

    it('and what still runs is named, and is an error where a fabric is written of it', async () => {
      world().edit('vnets', 'legacy', null);
      const { err, code } = await run(...asked(cluster.simulator.spkiSha256), '--write-fabric', path.join(folder, 'fabric.json'));
      expect(err).toContain(
        'par1: vnet legacy (deleted) is not applied: it still runs with tag 700; apply it or take it back, and import again',
      );
      expect(code).toBe(5);
    });

    it('and a server with another key is not given the token', async () => {
      const requests = cluster.simulator.requests.length;
      await expect(run(...asked(Buffer.alloc(32).toString('base64')))).rejects.toMatchObject({ code: 'WRONG_CERTIFICATE' });
      expect(cluster.simulator.requests.slice(requests)).toEqual([]);
    });
  });
});
