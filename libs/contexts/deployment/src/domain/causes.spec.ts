import { compileFabric, type DeviceIntent } from '#engines/intent';
import { demoFabric, demoSnapshot, scenarios } from '#engines/intent/testing';
import { causeIds } from './cause-ids.js';
import { type Cause, causesOf, identified } from './causes.js';

const device = (devices: readonly DeviceIntent[], slug: string): DeviceIntent => devices.find((one) => one.slug === slug) as DeviceIntent;
const [empty, full] = [compileFabric(demoFabric().build()).devices, compileFabric(demoSnapshot()).devices];

describe('what causes a change', () => {
  it('is nothing where the intent is the same, in any scenario', () => {
    for (const build of Object.values(scenarios))
      for (const intent of compileFabric(build()).devices) expect(causesOf(intent, intent)).toEqual([]);
  });

  it('is the network that comes, and the one that goes', () => {
    const after = device(full, 'pve1');
    const slugs = after.l2vnis.map(({ networkSlug }) => networkSlug);
    expect(slugs.length).toBeGreaterThan(0);
    const of = (verb: string) => slugs.map((slug) => ({ kind: 'NETWORK', slug, verb, subject: null }));
    expect(causesOf(device(empty, 'pve1'), after)).toEqual(of('ADDED'));
    expect(causesOf(after, device(empty, 'pve1'))).toEqual(of('REMOVED'));
  });

  it('is the session by its other end, when its timers change', () => {
    const before = device(full, 'test');
    const after = {
      ...before,
      bgp: before.bgp && {
        ...before.bgp,
        neighbors: before.bgp.neighbors.map((peer, index) => (index === 0 ? { ...peer, holdSeconds: 99 } : peer)),
      },
    };
    const peer = before.bgp?.neighbors[0]?.description;
    expect(causesOf(before, after)).toEqual([{ kind: 'SESSION', slug: peer, verb: 'CHANGED', subject: null }]);
  });

  it('is the network that gets another port, and not whoever else carries it', () => {
    const before = device(full, 'pve1');
    const strangers = before.l2vnis.map((network) => ({ ...network, remoteVteps: [] }));
    expect(causesOf(before, { ...before, l2vnis: strangers })).toEqual([]);
    const [network] = before.l2vnis;
    if (!network) throw new Error('the demo has a network');
    const port = {
      port: 'ens20',
      members: [{ vni: network.vni, vlan: null, tagging: 'UNTAGGED' }],
    } as unknown as DeviceIntent['edgePorts'][number];
    expect(causesOf(before, { ...before, edgePorts: [...before.edgePorts, port] })).toEqual([
      { kind: 'NETWORK', slug: network.networkSlug, verb: 'CHANGED', subject: null },
      { kind: 'ATTACHMENT', slug: `${network.networkSlug} on ens20`, verb: 'ADDED', subject: null },
    ]);
  });

  it('is the gateway of a network that moves, beside the network', () => {
    const before = device(full, 'pve1');
    const gateway = (address: string) => ({ address, prefixLength: 24, ownAddress: null, dhcpRelay: null });
    const at = (address: string): DeviceIntent =>
      ({ ...before, l2vnis: before.l2vnis.map((network) => ({ ...network, gateways: [gateway(address)] })) }) as unknown as DeviceIntent;
    expect(causesOf(at('10.20.0.1'), at('10.20.0.254')).map(({ kind, slug, verb }) => `${verb} ${kind} ${slug}`)).toEqual([
      'CHANGED NETWORK blue',
      'REMOVED SUBNET 10.20.0.1/24 of blue',
      'ADDED SUBNET 10.20.0.254/24 of blue',
    ]);
  });

  it('has the ids of what there is in the fabric, and none of what is gone', () => {
    const snapshot = demoSnapshot();
    const ids = causeIds(snapshot);
    const [network] = snapshot.networks;
    const leaf = device(full, 'test');
    const place = snapshot.attachments.find(({ port }) => port === 'Ethernet2');
    const cause = (kind: Cause['kind'], slug: string): Cause => ({ kind, slug, verb: 'CHANGED', subject: null });
    const causes = [cause('NETWORK', 'blue'), cause('ATTACHMENT', 'blue on Ethernet2'), cause('SESSION', 'pve1'), cause('NETWORK', 'gone')];
    expect(identified(leaf.deviceId, causes, ids).map(({ id }) => id)).toEqual([
      network?.id,
      place?.id,
      device(full, 'pve1').deviceId,
      undefined,
    ]);
    expect(identified(device(full, 'pve1').deviceId, causes, ids)[1]).not.toHaveProperty('id');
  });

  it('of a first takeover is the device with everything on it; of a change of its own it says what', () => {
    const after = device(full, 'pve1');
    expect(causesOf(null, after)).toContainEqual({ kind: 'DEVICE', slug: 'pve1', verb: 'ADDED', subject: null });
    expect(causesOf(after, { ...after, hostname: 'other' })).toEqual([
      { kind: 'DEVICE', slug: 'pve1', verb: 'CHANGED', subject: 'hostname' },
    ]);
  });
});
