import { checkFabric, compileFabric, deviceIntent, type ReplicationMode } from '#engines/intent';
import { hostFacts, SnapshotBuilder } from '#engines/intent/testing';
import type { NetworkId } from '#engines/kernel';

/** Hosts with their VTEP addresses where the release of the fabric's owner put them: `lo`, a dummy, or the card. */
function fabric(places: Readonly<Record<string, 'lo' | 'lo1' | 'eth0'>>, physicalDevice: string, replication: ReplicationMode) {
  const builder = new SnapshotBuilder().fabric({ replication }).device({ slug: 'one', platform: 'OPENNEBULA', vtep: null, ports: [] });
  Object.entries(places).forEach(([slug, place], at) => {
    const vtep = `10.5.0.${at + 1}`;
    builder.device({ slug, platform: 'DEBIAN_FRR', vtep, ports: ['eth0'] });
    if (place === 'lo1') builder.deviceFacts(slug, { host: hostFacts({ loopback: 'lo1' }) });
    if (place === 'eth0') builder.deviceFacts(slug, { host: hostFacts({ ports: [{ name: 'eth0', addresses: [`${vtep}/24`] }] }) });
  });
  return builder
    .network({ slug: 'blue', vni: 4001, eviId: 1, on: Object.keys(places) })
    .deviceFacts('one', { opennebula: { physicalDevice, networks: [{ networkId: 'network-blue' as NetworkId, driver: 'vxlan' }] } })
    .build();
}
const found = (...args: Parameters<typeof fabric>) =>
  checkFabric(fabric(...args))
    .filter(({ path }) => path.startsWith('devices.one'))
    .map(({ severity, code, message }) => `${severity} ${code} ${message}`);
const portOf = (...args: Parameters<typeof fabric>) => {
  const carrier = deviceIntent(compileFabric(fabric(...args)), 'one').opennebula?.networks[0]?.carrier;
  return carrier?.driver === 'vxlan' ? carrier.port : null;
};

describe('a tunnel of OpenNebula', () => {
  it.each(['lo', 'lo1', 'eth0'] as const)('has with EVPN the address of the VTEP, which is on %s, whatever is below VLANs', (place) => {
    expect(found({ kvm1: place, kvm2: place }, 'bond0', 'INGRESS_EVPN')).toEqual([]);
    expect(portOf({ kvm1: place, kvm2: place }, 'bond0', 'INGRESS_EVPN')).toBe(place);
  });

  it('is with a group on the wire', () => {
    expect(portOf({ kvm1: 'lo', kvm2: 'lo' }, 'eth0', 'MULTICAST')).toBe('eth0');
  });

  it('has no address that is right on every host where these differ', () => {
    expect(found({ kvm1: 'lo', kvm2: 'lo1' }, 'eth0', 'INGRESS_EVPN')).toEqual([
      "ERROR LINK_INVALID name the interface that has the VTEP address on the hosts of one in place of eth0, or put that address on one and the same: it is on lo of kvm1 and lo1 of kvm2, and OpenNebula's VXLAN driver gives the tunnel of network blue the first address of eth0",
    ]);
  });

  it('is that of the hosts that are meant, where others are in the fabric', () => {
    const places = { kvm1: 'lo', pve1: 'eth0', pve2: 'eth0' } as const;
    expect(portOf(places, 'lo', 'INGRESS_EVPN')).toBe('lo');
    expect(found(places, 'lo', 'INGRESS_EVPN')).toEqual([
      "WARNING LINK_INVALID put the VTEP address on lo of pve1 and pve2 too, if they are hosts of one: OpenNebula's VXLAN driver gives the tunnel of network blue the first address of lo on each",
    ]);
  });
});
