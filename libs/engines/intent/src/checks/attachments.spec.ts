import { checkFabric, type FabricSnapshot } from '#engines/intent';
import { demoFabric } from '#engines/intent/testing';

/** What a person sees of the findings, without the ids. */
const seen = (snapshot: FabricSnapshot) =>
  checkFabric(snapshot).map(({ code, severity, path, message }) => ({ code, severity, path, message }));
const blue = { slug: 'blue', vni: 10_001, eviId: 1 } as const;
const green = { slug: 'green', vni: 10_002, eviId: 2 } as const;

describe('VLANs', () => {
  it('must exist where a network comes out of a switch, or tagged out of a host', () => {
    const snapshot = demoFabric()
      .network({
        ...blue,
        on: [
          { device: 'test', port: 'Ethernet2' },
          { device: 'pve1', port: 'ens20', tagging: 'TAGGED' },
          { device: 'pve2', port: 'ens20' },
        ],
      })
      .build();
    expect(seen(snapshot)).toEqual([
      expect.objectContaining({ code: 'VLAN_MISSING', path: 'networks.blue.pve1' }),
      expect.objectContaining({ code: 'VLAN_MISSING', path: 'networks.blue.test' }),
    ]);
  });

  it('carry one network each on one device, and may be used again on another', () => {
    const on = (device: string, port: string) => ({ device, port, vlan: 100, tagging: 'TAGGED' as const });
    const apart = demoFabric()
      .network({ ...blue, on: [on('test', 'Ethernet2')] })
      .network({ ...green, on: [on('pve1', 'ens20')] });
    expect(seen(apart.build())).toEqual([]);
    const together = demoFabric()
      .network({ ...blue, on: [on('test', 'Ethernet2')] })
      .network({ ...green, on: [on('test', 'Ethernet2')] });
    expect(seen(together.build())).toEqual([
      {
        code: 'VLAN_CLASH',
        severity: 'ERROR',
        path: 'devices.test.vlans.100',
        message: 'give each of blue and green its own VLAN on test: they share 100',
      },
    ]);
  });

  it('are one per network and device', () => {
    const snapshot = demoFabric()
      .network({ ...blue, on: [{ device: 'test', port: 'Ethernet2', vlan: 100 }] })
      .attach('blue', { device: 'test', port: 'Ethernet1', vlan: 200 })
      .build();
    expect(seen(snapshot)).toContainEqual(
      expect.objectContaining({
        code: 'VLAN_CLASH',
        path: 'networks.blue.test',
        message: 'keep one of the VLANs 100 and 200 for network blue on test',
      }),
    );
  });

  it('are never VLAN 1 on a switch', () => {
    expect(
      seen(
        demoFabric()
          .network({ ...blue, on: [{ device: 'test', port: 'Ethernet2', vlan: 1 }] })
          .build(),
      ),
    ).toEqual([
      expect.objectContaining({ code: 'VLAN_RESERVED', path: 'devices.test.vlans.1', message: expect.stringContaining('2 to 4094') }),
    ]);
  });
});

describe('attachments', () => {
  it.each([
    ['a switch without a port', { device: 'test', vlan: 100 }, 'name a port of test: a switch has no bridge without a port'],
    [
      'a host, untagged, without a port',
      { device: 'pve1', tagging: 'UNTAGGED' as const },
      'name the port of pve1 where the network comes out untagged',
    ],
    [
      'a port and a bridge at once',
      { device: 'pve1', port: 'ens20', tagging: 'BRIDGE_ONLY' as const },
      'say whether the network is tagged or untagged on pve1 ens20, or leave the port out',
    ],
    ['a port that the device does not have', { device: 'pve1', port: 'ens99' }, 'add port ens99 to pve1, or choose one that it has'],
  ])('are refused at %s', (_where, place, message) => {
    expect(
      seen(
        demoFabric()
          .network({ ...blue, on: [place] })
          .build(),
      ),
    ).toEqual([{ code: 'ATTACHMENT_INVALID', severity: 'ERROR', path: `networks.blue.${place.device}`, message }]);
  });

  it('are refused at a device without a VTEP', () => {
    const snapshot = demoFabric()
      .device({ slug: 'oob', platform: 'DEBIAN_FRR', vtep: null, ports: ['ens20'] })
      .network({ ...blue, on: ['oob'] })
      .build();
    expect(seen(snapshot)).toContainEqual(
      expect.objectContaining({ code: 'ATTACHMENT_INVALID', message: 'give oob a VTEP before networks are attached there' }),
    );
  });

  it('may not take a port of the underlay', () => {
    expect(
      seen(
        demoFabric()
          .network({ ...blue, on: [{ device: 'pve1', port: 'ens19' }] })
          .build(),
      ),
    ).toEqual([
      {
        code: 'PORT_CLASH',
        severity: 'ERROR',
        path: 'devices.pve1.ports.ens19',
        message: 'attach blue elsewhere: pve1 ens19 is a link of the underlay',
      },
    ]);
  });

  it('share a port only when all but one are tagged', () => {
    const two = (tagging: 'TAGGED' | 'UNTAGGED') =>
      demoFabric()
        .network({ ...blue, on: [{ device: 'test', port: 'Ethernet2', vlan: 100 }] })
        .network({ ...green, on: [{ device: 'test', port: 'Ethernet2', vlan: 200, tagging }] })
        .build();
    expect(seen(two('TAGGED'))).toEqual([]);
    expect(seen(two('UNTAGGED'))).toEqual([
      expect.objectContaining({
        code: 'PORT_CLASH',
        path: 'devices.test.ports.Ethernet2',
        message: expect.stringContaining('tag all but one of blue and green'),
      }),
    ]);
  });

  it('put a network on a port once', () => {
    const snapshot = demoFabric()
      .network({ ...blue, on: [{ device: 'test', port: 'Ethernet2', vlan: 100 }] })
      .attach('blue', { device: 'test', port: 'Ethernet2', tagging: 'TAGGED' })
      .build();
    expect(seen(snapshot)).toEqual([expect.objectContaining({ code: 'PORT_CLASH', message: 'attach blue once to test Ethernet2' })]);
  });
});
