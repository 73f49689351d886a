import { checkFabric, type FabricSnapshot } from '#engines/intent';
import { demoFabric, demoSnapshot, SnapshotBuilder } from '#engines/intent/testing';
import type { Label, VrfId } from '#engines/kernel';

/** What a person sees of the findings, without the ids. */
const seen = (snapshot: FabricSnapshot) =>
  checkFabric(snapshot).map(({ code, severity, path, message }) => ({ code, severity, path, message }));
const blue = { slug: 'blue', vni: 10_001, eviId: 1 } as const;

describe('names', () => {
  it.each(['default', 'mgmt', 'all', 'vnet10001', 'a'.repeat(16), 'a b', 'x\nno router bgp 65051', ''])(
    'refuses a VRF called %j',
    (name) => {
      const snapshot = demoFabric().build();
      const vrf = {
        id: 'vrf-x' as VrfId,
        deviceName: name,
        l3vni: 15_000 as never,
        eviId: 100 as never,
        importTargets: [],
        exportTargets: [],
      };
      expect(seen({ ...snapshot, vrfs: [vrf] })).toEqual([
        expect.objectContaining({
          code: 'NAME_INVALID',
          path: 'vrfs.vrf-x.deviceName',
          message: expect.stringContaining('1 to 15 letters'),
        }),
      ]);
    },
  );

  it.each(['pve1\n neighbor 10.0.0.1 remote-as 1', 'pve 1', '', '-pve1', 'é', 'a'.repeat(64)])('refuses a host called %j', (hostname) => {
    const snapshot = demoFabric().build();
    const devices = snapshot.devices.map((device) => (device.slug === 'pve1' ? { ...device, hostname } : device));
    expect(seen({ ...snapshot, devices })).toEqual([
      expect.objectContaining({ code: 'NAME_INVALID', path: 'devices.device-pve1.hostname' }),
    ]);
  });

  it('refuses labels that are more than one line', () => {
    const snapshot = demoSnapshot();
    const networks = snapshot.networks.map((network) => ({ ...network, name: 'x\nno router bgp 65051' as Label }));
    expect(seen({ ...snapshot, networks })).toEqual([
      expect.objectContaining({ code: 'NAME_INVALID', path: 'networks.network-blue.name' }),
    ]);
  });

  it('keeps kernel names within 15 characters, the VLAN included', () => {
    const place = (tagging: 'TAGGED' | 'UNTAGGED') =>
      seen(
        new SnapshotBuilder()
          .device({ slug: 'a', platform: 'DEBIAN_FRR', vtep: '10.0.0.1', ports: ['enp129s0f1np1'] })
          .network({ ...blue, on: [{ device: 'a', port: 'enp129s0f1np1', tagging, vlan: 100 }] })
          .build(),
      ).filter(({ severity }) => severity === 'ERROR');
    expect(place('UNTAGGED')).toEqual([]);
    expect(place('TAGGED')).toEqual([
      expect.objectContaining({ code: 'NAME_INVALID', message: expect.stringContaining('enp129s0f1np1.100') }),
    ]);
  });

  it('gives no port the name of an interface that Trame makes', () => {
    const snapshot = demoFabric()
      .device({ slug: 'pve3', platform: 'DEBIAN_FRR', vtep: '172.16.1.53', ports: ['vnet10001'] })
      .build();
    expect(seen(snapshot)).toEqual([expect.objectContaining({ code: 'NAME_INVALID', path: 'devices.pve3.ports.vnet10001' })]);
  });

  it('are given once', () => {
    const twin = demoFabric().device({ slug: 'pve3', hostname: 'PVE1', platform: 'DEBIAN_FRR', vtep: '172.16.1.51', ports: [] }).build();
    expect(seen(twin).map(({ code, path }) => `${code} ${path}`)).toEqual([
      'DUPLICATE_ADDRESS addresses.172.16.1.51',
      'DUPLICATE_NAME hostnames.pve1',
      'DUPLICATE_ADDRESS routerIds.172.16.1.51',
    ]);
  });
});
