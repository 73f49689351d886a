import fc from 'fast-check';
import { type Asn, type DeviceId, encodeId, Ip, type NetworkId, RouteTarget, type SubnetId, type VlanDomainId } from '#engines/kernel';
import { asnIds, idOfKey, pairIds, rangeIds, targetIds, vlanIds } from './local-ids.js';

const uuids = fc.uuid();
const hosts = fc.bigInt({ min: 0n, max: 0xffff_ffffn }).map((value) => Ip.fromBigInt(4, value));
const hosts6 = fc.bigInt({ min: 1n << 100n, max: (1n << 128n) - 1n }).map((value) => Ip.fromBigInt(6, value));
const ascending = (a: string, b: string): boolean => a < b;

describe('an id that is derived', () => {
  it('is read back as what it was made of', () => {
    fc.assert(
      fc.property(uuids, uuids, fc.oneof(hosts, hosts6), fc.integer({ min: 1, max: 4_294_967_294 }), (a, b, first, asn) => {
        const [vlan, range] = [
          { vlanDomainId: a as VlanDomainId, networkId: b as NetworkId },
          { subnetId: a as SubnetId, first },
        ];
        expect(vlanIds.parse(vlanIds.of(vlan))).toEqual(vlan);
        expect(pairIds.parse(pairIds.of(a as DeviceId))).toBe(a);
        expect(rangeIds.parse(rangeIds.of(range))).toEqual(range);
        if (asn !== 23_456 && asn !== 65_535) expect(asnIds.parse(asnIds.of(asn as Asn))).toBe(asn);
      }),
    );
    expect(targetIds.parse(targetIds.of(RouteTarget.parse('65051:7')))).toBe('65051:7');
  });

  it('has the order of what it stands for, so that pages follow each other', () => {
    fc.assert(
      fc.property(uuids, fc.tuple(hosts, hosts), fc.tuple(fc.nat(4_000_000_000), fc.nat(4_000_000_000)), (subnet, [a, b], [m, n]) => {
        const id = (first: Ip): string => rangeIds.of({ subnetId: subnet as SubnetId, first });
        expect(ascending(id(a), id(b))).toBe(Ip.toBigInt(a) < Ip.toBigInt(b));
        expect(ascending(asnIds.of(m as Asn), asnIds.of(n as Asn))).toBe(m < n);
      }),
    );
    fc.assert(
      fc.property(uuids, uuids, (a, b) => {
        expect(ascending(encodeId('prefix', a), encodeId('prefix', b))).toBe(ascending(a, b));
      }),
    );
  });

  it.each(['', 'vld_-net_', 'sub_0000000000000000000000000a', 'sub_0000000000000000000000000a-xyz', 'asn-0', 'rt-'])('is not %j', (id) => {
    for (const ids of [vlanIds, rangeIds, asnIds, targetIds, pairIds])
      expect(() => ids.parse(id)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^(?:NOT_FOUND|INVALID_VALUE)$/) }));
  });
});

describe('a key of the journal', () => {
  const [a, b] = ['01a1fffa-2861-729a-8ffd-0c33c4864b48', '01a1fffa-2557-7163-b73b-ed946c8bd7f0'];

  it('is the id of the object that changed', () => {
    expect(idOfKey('prefix', a)).toBe(encodeId('prefix', a));
    expect(idOfKey('vlan', `${a} ${b}`)).toBe(`${encodeId('vlanDomain', a)}-${encodeId('network', b)}`);
    expect(idOfKey('l2vpnTermination', `${a} ${b}`)).toBe(idOfKey('vlan', `${a} ${b}`));
    expect(idOfKey('ipRange', `${a} 10.0.0.5`)).toBe(`${encodeId('subnet', a)}-0a000005`);
    expect(idOfKey('ipAddress', a)).toBe(encodeId('ipAddress', a));
    expect(idOfKey('ipAddress', `vtep ${a}`)).toBe(encodeId('vtep', a));
    expect(idOfKey('interface', a)).toBe(encodeId('vtep', a));
    expect(idOfKey('routeTarget', '65051:7')).toBe('rt-65051:7');
    expect(idOfKey('asn', '65051')).toBe('asn-0000065051');
  });
});
