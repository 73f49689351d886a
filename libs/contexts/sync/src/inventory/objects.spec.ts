import type { ListedAddress, ListedPrefix } from '#contexts/addressing';
import type { ListedVtep } from '#contexts/fabric';
import type { ListedNetwork, ListedVrf } from '#contexts/tenancy';
import { encodeId, Label } from '#engines/kernel';
import { interfaceObject, ipAddressObject, ipRangeObject, prefixObject, vtepAddressObject } from './addressing-objects.js';
import { l2vpnObject, networkTitle, routeTargetObject, vlanGroupObject, vrfObject } from './tenancy-objects.js';

const [A, B] = ['01a1fffa-2861-729a-8ffd-0c33c4864b48', '01a1fffa-2557-7163-b73b-ed946c8bd7f0'];

const network = (over: object = {}) =>
  ({
    id: A,
    tenantId: B,
    slug: 'web-10010',
    name: Label.parse('web'),
    vni: 10_010,
    state: 'ACTIVE',
    description: null,
    importTargets: [],
    exportTargets: [],
    ...over,
  }) as unknown as ListedNetwork;
const prefix = (over: object = {}) =>
  ({
    id: A,
    cidr: '10.0.0.0/24',
    role: 'SUBNET',
    state: 'BOUND',
    tenantId: B,
    vrfId: null,
    networkId: null,
    vlanDomainIds: [],
    description: null,
    ...over,
  }) as unknown as ListedPrefix;
const address = (over: object = {}) =>
  ({
    id: A,
    address: '10.0.0.5',
    length: 24,
    vrfId: null,
    tenantId: B,
    state: 'BOUND',
    role: 'HOST',
    gatewayMode: 'NONE',
    dnsName: null,
    description: null,
    ...over,
  }) as unknown as ListedAddress;
const vtep = (over: object = {}) =>
  ({
    id: A,
    deviceId: B,
    address: '172.16.1.1',
    asn: 65_051,
    platform: 'ARISTA_EOS',
    loopback: null,
    adoptedLoopback: null,
    ...over,
  }) as unknown as ListedVtep;

describe('a network', () => {
  it.each([
    ['what Trame made, by the slug with its VNI', {}, 'web-10010'],
    ['a label of which no slug can be made', { slug: 'net-10010', name: Label.parse('部門') }, 'net-10010'],
    ['what was adopted, by the name that it came with', { slug: 'blue-web', name: Label.parse('Blue Web') }, 'Blue Web'],
  ])('is called uniquely: %s', (_, over, title) => {
    expect(networkTitle(network(over))).toBe(title);
  });

  it.each([
    ['PLANNED', 'reserved'],
    ['PROVISIONING', 'reserved'],
    ['ACTIVE', 'active'],
    ['DEGRADED', 'active'],
    ['DEPROVISIONING', 'deprecated'],
  ])('that is %s is %s', (state, status) => {
    expect(l2vpnObject(network({ state })).fields).toMatchObject({ status, identifier: 10_010 });
  });
});

describe('a VRF', () => {
  it('has its targets in natural order', () => {
    const row = { id: A, tenantId: B, name: 'prod', description: null, importTargets: ['65051:10', '65051:9'], exportTargets: ['65051:9'] };
    expect(vrfObject(row as unknown as ListedVrf).fields).toMatchObject({
      importTargets: [{ id: 'rt-65051:9' }, { id: 'rt-65051:10' }],
      exportTargets: [{ id: 'rt-65051:9' }],
    });
  });

  it('shares a target with another tenant’s in another fabric: then it is nobody’s', () => {
    expect(routeTargetObject({ text: '65051:9' as never, tenantId: null }).fields).toEqual({ name: '65051:9', tenant: null });
  });
});

describe('a VLAN domain', () => {
  it('is a group of its name, and says its fabric where another has one of that name', () => {
    const domain = { id: A as never, slug: 'leafs', fabric: 'par' };
    expect(vlanGroupObject({ ...domain, isShared: false }).fields).toEqual({ name: 'leafs', slug: 'leafs' });
    expect(vlanGroupObject({ ...domain, isShared: true }).fields).toEqual({ name: 'par-leafs', slug: 'par-leafs' });
  });
});

describe('a prefix', () => {
  it.each([
    ['a container', { role: 'CONTAINER' }, 'container'],
    ['a range of a pool', { role: 'POOL' }, 'container'],
    ['a subnet', {}, 'active'],
    ['one that is held', { state: 'HELD' }, 'reserved'],
    ['one that is nobody’s to give', { role: 'RESERVED' }, 'reserved'],
    ['one of a link', { role: 'LINK' }, 'active'],
  ])('as %s has its status', (_, over, status) => {
    expect(prefixObject(prefix(over)).fields).toMatchObject({ status });
  });

  it('names the VLAN of its network, and leaves it to them where there are several or no network', () => {
    const vlanOf = (over: object) => prefixObject(prefix(over)).fields['vlan'];
    expect(vlanOf({})).toBeUndefined();
    expect(vlanOf({ networkId: A })).toBeNull();
    expect(vlanOf({ networkId: A, vlanDomainIds: [B] })).toEqual({
      kind: 'vlan',
      id: `${encodeId('vlanDomain', B)}-${encodeId('network', A)}`,
    });
    expect(vlanOf({ networkId: A, vlanDomainIds: [A, B] })).toBeUndefined();
  });

  it('is written as RFC 5952 has it', () => {
    expect(prefixObject(prefix({ cidr: '2001:db8:0:1:0:0:0:0/64' })).fields).toMatchObject({ prefix: '2001:db8:0:1::/64' });
  });
});

describe('an address', () => {
  it.each([
    [{ role: 'GATEWAY', gatewayMode: 'ANYCAST_VTEP' }, 'anycast'],
    [{ role: 'GATEWAY', gatewayMode: 'CENTRAL_VRRP' }, 'vrrp'],
    [{ role: 'GATEWAY', gatewayMode: 'EXTERNAL_FIREWALL' }, null],
    [{ role: 'VIP' }, 'vip'],
    [{ role: 'DHCP' }, null],
    [{}, null],
  ])('with %j has the role %s', (over, role) => {
    expect(ipAddressObject(address(over)).fields).toMatchObject({ role });
  });

  it('is reserved while it is held', () => {
    expect(ipAddressObject(address({ state: 'HELD' })).fields).toMatchObject({ status: 'reserved' });
  });

  it('of a VTEP is on the loopback of its device, as that is called there', () => {
    expect(vtepAddressObject(vtep()).fields).toMatchObject({ host: '172.16.1.1', length: 32, role: 'loopback', tenant: null });
    expect(vtepAddressObject(vtep({ address: '2001:db8::1' })).fields).toMatchObject({ length: 128 });
    const named = (over: object) => interfaceObject(vtep(over)).fields['name'];
    expect(named({})).toBe('Loopback1');
    expect(named({ adoptedLoopback: 'Loopback7' })).toBe('Loopback7');
    expect(named({ platform: 'DEBIAN_FRR' })).toBe('lo');
    expect(named({ platform: 'DEBIAN_FRR', loopback: 'lo1' })).toBe('lo1');
  });
});

describe('a range', () => {
  it('is described by why it is there', () => {
    const range = { subnetId: A, first: '10.0.0.5', last: '10.0.0.9', kind: 'RESERVED', tenantId: B, vrfId: null } as const;
    expect(ipRangeObject({ ...range, reason: 'printers' } as never).fields).toMatchObject({ status: 'reserved', description: 'printers' });
    expect(ipRangeObject({ ...range, kind: 'DHCP', reason: '' } as never).fields).toMatchObject({ status: 'active', description: null });
  });
});
