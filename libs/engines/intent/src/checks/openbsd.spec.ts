import { checkFabric, type ReplicationMode } from '#engines/intent';
import { SnapshotBuilder } from '#engines/intent/testing';
import { DeviceName, Ip, type NetworkId } from '#engines/kernel';

interface Gateway {
  readonly openbsd?: string;
  readonly parent?: string;
  readonly replication?: ReplicationMode;
}

function seen({ openbsd, parent, replication = 'MULTICAST' }: Gateway) {
  const snapshot = new SnapshotBuilder()
    .fabric({ replication })
    .device({ slug: 'kvm1', platform: 'DEBIAN_FRR', vtep: '10.5.0.11', ports: [] })
    .device({ slug: 'pf1', platform: 'OPENBSD', vtep: null, ports: [], ...(openbsd !== undefined && { software: { openbsd } }) })
    .network({ slug: 'n307', vni: 307, eviId: 307, on: ['kvm1'] })
    .deviceFacts('pf1', {
      openbsd: {
        tunnelAddress: Ip.parse('10.5.0.254'),
        ...(parent !== undefined && { parent: DeviceName.parse(parent) }),
        gateways: [{ networkId: 'network-n307' as NetworkId, addresses: [] }],
      },
    })
    .build();
  return checkFabric(snapshot).map(({ code, severity, path, message }) => ({ code, severity, path, message }));
}

const path = 'devices.pf1.openbsd.parent';

describe('the interface on which an OpenBSD gateway joins groups', () => {
  it('has to be named, or a release that needs none', () => {
    const why = 'from 7.1 it joins the groups of n307 on that one, and stays down without';
    expect(seen({})).toEqual([
      {
        code: 'SOFTWARE_UNKNOWN',
        severity: 'ERROR',
        path,
        message: `name the parent of pf1, or say which OpenBSD before 7.1 it runs: ${why}`,
      },
    ]);
    expect(seen({ openbsd: '7.1' })).toEqual([
      {
        code: 'REPLICATION_INVALID',
        severity: 'ERROR',
        path,
        message: `name the parent of pf1, an interface of the underlay: OpenBSD ${why}`,
      },
    ]);
  });

  it.each(['5.5', '6.9', '7.0'])('is not known to %s, which refuses the word', (openbsd) => {
    expect(seen({ openbsd })).toEqual([]);
    expect(seen({ openbsd, parent: 'em1' })).toEqual([
      expect.objectContaining({
        code: 'SOFTWARE_TOO_OLD',
        severity: 'ERROR',
        path,
        message: expect.stringContaining(`from ${openbsd} to 7.1`),
      }),
    ]);
  });

  it.each([undefined, '7.1', '7.10'])('is enough for %s', (openbsd) => {
    expect(seen({ parent: 'em1', ...(openbsd !== undefined && { openbsd }) })).toEqual([]);
  });

  it('is not asked for where frames go to one other VTEP', () => {
    expect(seen({ replication: 'INGRESS_STATIC' })).toEqual([]);
    expect(seen({ replication: 'INGRESS_STATIC', openbsd: '7.6' })).toEqual([]);
  });
});
