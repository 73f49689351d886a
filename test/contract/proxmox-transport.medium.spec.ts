import { SDN_PATH } from '#engines/rendering';
import { compileFabric, deviceIntent } from '#engines/intent';
import { scenarios } from '#engines/intent/testing';
import { renderDevice } from '#engines/rendering';
import { against, artefactOf, ClusterUnderTest, isRealCluster, push, TOKEN } from './proxmox-cluster.js';

console.info(`Proxmox contract: ${against}`);

let cluster: ClusterUnderTest;
beforeEach(async () => {
  cluster = await ClusterUnderTest.start();
});
afterEach(async () => {
  if (isRealCluster) await cluster.push(push(90), cluster.artefact());
  await cluster.close();
});

describe(`a push to ${against}`, () => {
  it('brings networks, changes them, and takes them away without a trace', async () => {
    const before = await cluster.actual();
    expect(await cluster.push(push(1), cluster.artefact(9_900_001, 9_900_002))).toBe('CONFIRMED');
    expect(await cluster.actual()).toBe(cluster.artefact(9_900_001, 9_900_002).content);
    expect(await cluster.push(push(2), cluster.artefact(9_900_002, 9_900_003))).toBe('CONFIRMED');
    expect(await cluster.actual()).toBe(cluster.artefact(9_900_002, 9_900_003).content);
    expect(await cluster.push(push(3), cluster.artefact())).toBe('CONFIRMED');
    expect(await cluster.actual()).toBe(before);
    expect((await (await cluster.open()).inspect([])).pending).toBeNull();
    await cluster.api.unlock(await cluster.api.lock(false)); // nobody holds it
  });

  it('says what is written, object by object, and what each node would make of it', async () => {
    const connection = await cluster.open();
    const { diff, isNoop } = await connection.stage(push(1), [cluster.artefact(9_900_001)], []);
    expect(isNoop).toBe(false);
    expect(diff).toContain('+ zone trame nodes=');
    expect(diff).toContain('+ vnet v9900001 alias=trame net-9900001 tag=9900001 zone=trame');
    for (const node of cluster.nodes) expect(diff).toContain(`${node} interfaces-diff\n`);
    await connection.revert(push(1));
    expect(await cluster.api.pending('vnets')).toEqual([]);
    await cluster.api.unlock(await cluster.api.lock(false));
  });

  it('that is given up before it is applied leaves no lock and nothing pending', async () => {
    const connection = await cluster.open();
    await connection.stage(push(1), [cluster.artefact(9_900_001)], []);
    await connection.close();
    expect(await cluster.api.pending('zones')).toEqual([]);
    await cluster.api.unlock(await cluster.api.lock(false));
  });

  it('of nothing writes nothing', async () => {
    await cluster.push(push(1), cluster.artefact(9_900_001));
    const connection = await cluster.open();
    const from = isRealCluster ? 0 : cluster.simulator.requests.length;
    expect(await connection.stage(push(2), [cluster.artefact(9_900_001)], [])).toEqual({ diff: '', isNoop: true });
    await connection.revert(push(2));
    if (!isRealCluster) expect(cluster.simulator.requests.slice(from).filter((request) => !request.startsWith('GET '))).toEqual([]);
  });

  it('tells its revision and its fence on the cluster, and refuses an older execution there', async () => {
    await cluster.push(push(7), cluster.artefact(9_900_001));
    if (!isRealCluster) expect(cluster.simulator.cluster.pools.get('trame')).toBe('trame: revision 47, fence 7, done');
    await expect(cluster.push(push(6), cluster.artefact())).rejects.toMatchObject({ code: 'STALE_FENCE' });
    expect(await cluster.actual()).toBe(cluster.artefact(9_900_001).content);
  });

  it('back to an earlier configuration is a push like any other, of its own revision', async () => {
    const [first, second] = [cluster.artefact(9_900_001), cluster.artefact(9_900_002, 9_900_003)];
    await cluster.push(push(1), first);
    await cluster.push(push(2), second, [first]);
    await cluster.push(push(3, 42), first, [second]);
    expect(await cluster.actual()).toBe(first.content);
    if (!isRealCluster) expect(cluster.simulator.cluster.pools.get('trame')).toBe('trame: revision 42, fence 3, done');
  });

  it('that was applied and not confirmed is undone at once, and nothing is left of it', async () => {
    const first = cluster.artefact(9_900_001);
    await cluster.push(push(1), first);
    const connection = await cluster.open();
    await connection.stage(push(2), [cluster.artefact(9_900_002)], []);
    await connection.apply(push(2), 60);
    await connection.revert(push(2));
    await connection.revert(push(2));
    expect(await cluster.actual()).toBe(first.content);
    expect(await connection.verify(push(2), [first], { vnis: [9_900_001], neighbors: [] }, 2_000)).toMatchObject({ ok: true });
    await cluster.api.unlock(await cluster.api.lock(false));
  });

  it('finds a lock of somebody else, names it and never breaks it', async () => {
    const token = await cluster.api.lock(false);
    await expect(cluster.push(push(1), cluster.artefact(9_900_001))).rejects.toMatchObject({
      code: 'PUSH_IN_PROGRESS',
      message: expect.stringContaining('the SDN is locked') as string,
    });
    await cluster.api.unlock(token); // it is theirs still
    expect(await cluster.push(push(2), cluster.artefact(9_900_001))).toBe('CONFIRMED');
  });

  it('says in a proof what differs, on which node, and what cannot be asked', async () => {
    await cluster.push(push(1), cluster.artefact(9_900_001));
    const connection = await cluster.open();
    const expectations = { vnis: [9_900_001, 9_900_009], neighbors: [], remoteVteps: new Map([[9_900_001, ['192.0.2.9']]]) };
    const { ok, checks } = await connection.verify(push(1), [cluster.artefact(9_900_001, 9_900_002)], expectations, 0);
    expect(ok).toBe(false);
    const messageOf = (name: string): string | undefined => checks.find((check) => check.name === name)?.message;
    expect(messageOf('configuration')).toContain('+ vnet v9900002');
    expect(messageOf('vnis')).toBe('no VNet for VNI 9900009');
    expect(messageOf(`node ${cluster.nodes[0]}`)).toBe('VNet v9900002 is missing');
    expect(checks.find(({ name }) => name === 'remote VTEPs')).toMatchObject({ ok: false, isUnchecked: true });
  });
});

describe.skipIf(isRealCluster)('a push to a cluster that somebody else uses, too', () => {
  it('leaves their objects alone, whatever they are', async () => {
    const { cluster: inside } = cluster.simulator;
    inside.edit('zones', 'office', { type: 'simple' });
    inside.edit('vnets', 'lan', { type: 'vnet', zone: 'office' });
    inside.edit('subnets', 'office-10.0.0.0-24', { type: 'subnet', vnet: 'lan', zone: 'office', cidr: '10.0.0.0/24' });
    inside.apply();
    const theirs = JSON.stringify([...inside.running.zones, ...inside.running.vnets, ...inside.running.subnets]);
    await cluster.push(push(1), cluster.artefact(10_001));
    await cluster.push(push(2), cluster.artefact());
    expect(JSON.stringify([...inside.running.zones, ...inside.running.vnets, ...inside.running.subnets])).toBe(theirs);
  });

  it('keeps options of our objects that people have set', async () => {
    await cluster.push(push(1), cluster.artefact(10_001));
    const { cluster: inside } = cluster.simulator;
    inside.edit('zones', 'trame', { ...inside.config.zones.get('trame'), ipam: 'pve' });
    inside.apply();
    expect(await cluster.push(push(2), cluster.artefact(10_001, 10_002))).toBe('CONFIRMED');
    expect(inside.running.zones.get('trame')).toMatchObject({ ipam: 'pve' });
  });

  it('refuses where somebody has changes that are not applied, and says which', async () => {
    const { cluster: inside } = cluster.simulator;
    inside.edit('zones', 'office', { type: 'simple' });
    await expect(cluster.push(push(1), cluster.artefact(10_001))).rejects.toMatchObject({
      code: 'PUSH_IN_PROGRESS',
      message: expect.stringContaining('zone office (new)') as string,
    });
    expect(inside.config.zones.has('office')).toBe(true);
    expect(inside.lockToken).toBeNull();
  });

  it('refuses a VNet of that name that is not ours', async () => {
    const { cluster: inside } = cluster.simulator;
    inside.edit('zones', 'office', { type: 'simple' });
    inside.edit('vnets', 'v10001', { type: 'vnet', zone: 'office', alias: 'mine' });
    inside.apply();
    await expect(cluster.push(push(1), cluster.artefact(10_001))).rejects.toMatchObject({
      code: 'CONFIG_REFUSED',
      message: expect.stringContaining('v10001') as string,
    });
  });

  it('does not write over a file that was changed by hand between reading and writing', async () => {
    await cluster.push(push(1), cluster.artefact(10_001));
    const { cluster: inside } = cluster.simulator;
    const other = cluster.artefact(10_001).content.replace('trame net-10001', 'trame renamed');
    cluster.simulator.faults.meanwhile(
      ([call]) => call === 'PUT /cluster/sdn/vnets/v10001',
      () => inside.edit('vnets', 'byhand', { type: 'vnet', zone: 'trame', tag: 77 }),
    );
    await expect(cluster.push(push(2), artefactOf(other))).rejects.toMatchObject({
      code: 'PUSH_IN_PROGRESS',
      message: expect.stringContaining('has changed vnet v10001, or the file that it stands in') as string,
    });
    expect(inside.config.vnets.get('byhand')).toMatchObject({ tag: 77 });
    expect(inside.config.vnets.get('v10001')).toMatchObject({ alias: 'trame net-10001' });
    expect(inside.lockToken).toBeNull();
  });

  it('does not put in force what somebody has written by hand while it was staged, and leaves it there', async () => {
    const { cluster: inside } = cluster.simulator;
    const connection = await cluster.open();
    await connection.stage(push(1), [cluster.artefact(10_001)], []);
    inside.edit('zones', 'office', { type: 'simple' });
    await expect(connection.apply(push(1), 60)).rejects.toMatchObject({
      code: 'PUSH_IN_PROGRESS',
      message: expect.stringContaining('zone office (new)') as string,
    });
    await connection.revert(push(1));
    expect([...inside.config.zones.keys()]).toEqual(['office']);
    expect(inside.running.zones.size).toBe(0);
    expect(inside.lockToken).toBeNull();
  });

  it('refuses a pool of another use, a controller that is not there, and one with another AS number', async () => {
    const { cluster: inside } = cluster.simulator;
    const needing = artefactOf(cluster.artefact(10_001).content.replace('"needs": {}', '"needs": {"dc": "65051"}'));
    await expect(cluster.push(push(1), needing)).rejects.toMatchObject({
      code: 'CONFIG_REFUSED',
      message: expect.stringContaining('no controller dc') as string,
    });
    inside.edit('controllers', 'dc', { type: 'evpn', asn: 65_000, peers: '192.0.2.1' });
    inside.apply();
    await expect(cluster.push(push(1), needing)).rejects.toMatchObject({
      code: 'CONFIG_REFUSED',
      message: expect.stringContaining('65000') as string,
    });
    inside.pools.set('trame', 'virtual machines of the trame team');
    await expect(cluster.push(push(1), cluster.artefact(10_001))).rejects.toMatchObject({
      code: 'CONFIG_REFUSED',
      message: expect.stringContaining('virtual machines of the trame team') as string,
    });
  });
});

describe.skipIf(isRealCluster)('networks of a fabric on a cluster', () => {
  it('are zones, VNets and subnets of EVPN, and go as they came', async () => {
    const artefactsOf = (name: string) => renderDevice(deviceIntent(compileFabric(scenarios[name]?.() as never), 'par1'));
    const [full] = artefactsOf('proxmox-evpn');
    const [empty] = artefactsOf('proxmox-evpn-empty');
    if (!full || !empty) throw new Error('nothing was rendered');
    const before = cluster.simulator.cluster.running;
    expect(await cluster.push(push(1), full)).toBe('CONFIRMED');
    const { running } = cluster.simulator.cluster;
    expect(running.zones.get('trvbko')).toMatchObject({ type: 'evpn', controller: 'trame', 'vrf-vxlan': 15_000 });
    expect(running.subnets.get('trvbko-10.20.1.0-24')).toMatchObject({ vnet: 'v10010', gateway: '10.20.1.1' });
    expect(await cluster.actual()).toBe(full.content);
    expect(await cluster.push(push(2), full)).toBe('NOOP');
    expect(await cluster.push(push(3), empty, [full])).toBe('CONFIRMED');
    expect(cluster.simulator.cluster.running).toEqual(before);
    expect(await cluster.actual()).toBe(empty.content);
  });

  it('keep what people have said of their subnets: SNAT, DHCP and names', async () => {
    const [full] = renderDevice(deviceIntent(compileFabric(scenarios['proxmox-evpn']?.() as never), 'par1'));
    if (!full) throw new Error('nothing was rendered');
    await cluster.push(push(1), full);
    const { cluster: inside } = cluster.simulator;
    const theirs = {
      snat: 1,
      dnszoneprefix: 'web',
      'dhcp-range': 'start-address=10.20.1.10,end-address=10.20.1.20\nstart-address=10.20.1.40,end-address=10.20.1.50',
    };
    inside.edit('subnets', 'trvbko-10.20.1.0-24', { ...inside.config.subnets.get('trvbko-10.20.1.0-24'), ...theirs });
    inside.apply();
    const moved = artefactOf(full.content.replace('"gateway": "10.20.1.1"', '"gateway": "10.20.1.254"'));
    expect(await cluster.push(push(2), moved, [full])).toBe('CONFIRMED');
    expect(inside.running.subnets.get('trvbko-10.20.1.0-24')).toMatchObject({ gateway: '10.20.1.254', ...theirs });
    const connection = await cluster.open();
    await connection.stage(push(3), [full], [moved]);
    await connection.apply(push(3), 60);
    await connection.revert(push(3));
    expect(inside.running.subnets.get('trvbko-10.20.1.0-24')).toMatchObject({ gateway: '10.20.1.254', ...theirs });
  });

  it('are read for drift: what the files say, and what is not applied', async () => {
    await cluster.push(push(1), cluster.artefact(10_001));
    const { cluster: inside } = cluster.simulator;
    inside.edit('vnets', 'v10001', { ...inside.config.vnets.get('v10001'), tag: 4711 });
    const seen = await (await cluster.open()).collect?.([SDN_PATH]);
    expect(seen?.actual.get(SDN_PATH)).toContain('"tag": "4711"');
    expect(seen?.live).toEqual([{ path: SDN_PATH, subject: 'pending', message: 'not applied: vnet v10001 (changed)' }]);
  });
});

describe.skipIf(isRealCluster)('a connection to a cluster', () => {
  it.each([
    ['without a pin', { tlsSpkiSha256: [] }, 'WRONG_HOST_KEY'],
    ['with another pin', { tlsSpkiSha256: [Buffer.alloc(32).toString('base64')] }, 'WRONG_HOST_KEY'],
    ['with a token that is not there', { username: 'nobody@pve!x' }, 'AUTHENTICATION_FAILED'],
    ['with another secret', { secret: 'wrong' }, 'AUTHENTICATION_FAILED'],
  ])('%s is refused', async (_what, target, code) => {
    await expect(cluster.open(undefined, target)).rejects.toMatchObject({ code });
  });

  it('takes the secret as a file has it, with the end of its line', async () => {
    expect(await (await cluster.open(undefined, { secret: `${TOKEN.secret}\n` })).inspect([])).toMatchObject({
      version: 'Proxmox VE 9.1.2',
    });
  });

  it('sends the token to nobody else: not a byte to a server with another key', async () => {
    cluster.simulator.changeCertificate();
    const from = cluster.simulator.requests.length;
    await expect(cluster.open()).rejects.toMatchObject({ code: 'WRONG_HOST_KEY' });
    expect(cluster.simulator.requests.slice(from)).toEqual([]);
  });

  it('to another cluster than the one that is meant gets no configuration', async () => {
    const other = artefactOf(cluster.artefact(10_001).content.replace('"cluster": "par1"', '"cluster": "lyon"'));
    await expect(cluster.push(push(1), other)).rejects.toMatchObject({ code: 'WRONG_DEVICE' });
  });

  it('with a token that may not write says what it needs', async () => {
    const reader = await ClusterUnderTest.start({ tokens: [{ ...TOKEN, privileges: ['SDN.Audit', 'Sys.Audit'] }] });
    await expect(reader.push(push(1), reader.artefact(10_001))).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: expect.stringContaining('SDN.Allocate') as string,
    });
    await reader.close();
  });

  it('with a token that may not keep its mark gives the lock back', async () => {
    const lacking = await ClusterUnderTest.start({ tokens: [{ ...TOKEN, privileges: ['SDN.Allocate', 'SDN.Audit', 'Sys.Audit'] }] });
    await expect(lacking.push(push(1), lacking.artefact(10_001))).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: expect.stringContaining('Pool.Allocate') as string,
    });
    expect(lacking.simulator.cluster.lockToken).toBeNull();
    await lacking.close();
  });

  it('to a release without a lock is refused with the way out', async () => {
    const old = await ClusterUnderTest.start({ release: '8.4.1' });
    await expect(old.open()).rejects.toMatchObject({
      code: 'CONFIG_REFUSED',
      message: expect.stringContaining('upgrade to 9.0') as string,
    });
    await old.close();
  });

  it('to a release without a dry run pushes, and says so', async () => {
    const old = await ClusterUnderTest.start({ release: '9.0.4', hasWordsInBody: false });
    const connection = await old.open();
    expect((await connection.stage(push(1), [old.artefact(10_001)], [])).diff).toContain('this release has no dry run');
    await connection.revert(push(1));
    await old.close();
  });

  it('of one node alone goes by the name of the node', async () => {
    const single = await ClusterUnderTest.start({ nodes: ['lonely'] });
    expect(await single.push(push(1), single.artefact(10_001))).toBe('CONFIRMED');
    await single.close();
  });

  it('says the words of Proxmox where it refuses an object, and takes back what was written before', async () => {
    const bad = artefactOf(cluster.artefact(10_001, 10_002).content.replace('"tag": "10002"', '"tag": "10001"'));
    await expect(cluster.push(push(1), bad)).rejects.toMatchObject({
      code: 'CONFIG_REFUSED',
      message: expect.stringContaining('tag 10001 is already used by vnet v10001') as string,
    });
    const { cluster: inside } = cluster.simulator;
    expect([inside.config.vnets.size, inside.config.zones.size, inside.lockToken]).toEqual([0, 0, null]);
    const long = artefactOf(cluster.artefact(10_001).content.replaceAll('v10001', 'v1000100001'));
    await expect(cluster.push(push(2), long)).rejects.toMatchObject({
      code: 'CONFIG_REFUSED',
      message: expect.stringContaining('vnet:') as string,
    });
  });
});
