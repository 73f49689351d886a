/** Numbers and targets: who is told apart, and who hears whom. */
import { Cidr, type RouteDistinguisher, type RouteTarget, Vni, type VrfId } from '#engines/kernel';
import type { VrfFacts } from '../../snapshot.js';
import {
  type Mutation,
  pick,
  without,
  instead,
  change,
  modeOf,
  isEos,
  isMet,
  another,
  hasEvpn,
  twoNetworks,
  network,
  always,
  target,
} from './mutation.js';

export const routing: readonly Mutation[] = [
  network('a target is imported that nobody of the network exports', 'RT_UNREACHABLE', isMet, (entry) => ({
    ...entry,
    importTargets: [target('65051:99')],
  })),
  network('nothing is exported', 'RT_UNREACHABLE', isMet, (entry) => ({ ...entry, exportTargets: [] })),
  network('a target of another network is imported', 'RT_LEAK', twoNetworks, (entry, snapshot) => {
    const other = another(snapshot, entry);
    return other ? { ...entry, importTargets: [...entry.importTargets, ...other.exportTargets] } : null;
  }),
  network('a target of another network is exported', 'RT_LEAK', twoNetworks, (entry, snapshot) => {
    const other = another(snapshot, entry);
    return other ? { ...entry, exportTargets: [...entry.exportTargets, ...other.importTargets] } : null;
  }),
  network(
    'a network has the target of a VRF',
    'RT_LEAK',
    (_, { vrfs }) => vrfs.length > 0,
    (entry, { vrfs: [vrf] }) => (vrf ? { ...entry, importTargets: [...entry.importTargets, ...vrf.exportTargets] } : null),
  ),
  {
    name: 'a VRF imports another one without an edge',
    code: 'RT_LEAK',
    apply: change<'vrfs', VrfFacts>(
      'vrfs',
      (_, { vrfs }) => vrfs.length > 1,
      (entry, { vrfs }) => {
        const other = vrfs.find(({ id }) => id !== entry.id && !entry.importsFrom?.includes(id));
        return other ? { ...entry, importTargets: [...entry.importTargets, ...other.exportTargets] } : null;
      },
    ),
  },
  network('a target does not encode', 'ROUTE_NOT_ENCODABLE', always, (entry) => ({
    ...entry,
    exportTargets: [...entry.exportTargets, '4200000000:100000' as RouteTarget],
  })),
  network('a VNI is given twice', 'DUPLICATE_VNI', twoNetworks, (entry, snapshot) => ({
    ...entry,
    vni: snapshot.networks.find(({ id }) => id !== entry.id)?.vni ?? entry.vni,
  })),
  network('an EVI id is given twice', 'DUPLICATE_EVI', twoNetworks, (entry, snapshot) => ({
    ...entry,
    eviId: snapshot.networks.find(({ id }) => id !== entry.id)?.eviId ?? entry.eviId,
  })),
  network('a slug is given twice', 'DUPLICATE_NAME', twoNetworks, (entry, snapshot) => ({
    ...entry,
    slug: snapshot.networks.find(({ id }) => id !== entry.id)?.slug ?? entry.slug,
  })),
  {
    name: 'two VTEPs have one route distinguisher',
    code: 'DUPLICATE_RD',
    apply: (snapshot, roll) => {
      const found = pick(roll, snapshot.routeDistinguishers);
      const other = snapshot.routeDistinguishers.find((entry) => entry !== found);
      if (!found || !other) return null;
      return { ...snapshot, routeDistinguishers: instead(snapshot.routeDistinguishers, found, { ...found, rd: other.rd }) };
    },
  },
  {
    name: 'a route distinguisher is missing',
    code: 'RD_MISSING',
    apply: (snapshot, roll) => {
      const found = pick(roll, snapshot.routeDistinguishers);
      return found && { ...snapshot, routeDistinguishers: without(snapshot.routeDistinguishers, found) };
    },
  },
  {
    name: 'a route distinguisher does not encode',
    code: 'ROUTE_NOT_ENCODABLE',
    apply: (snapshot, roll) => {
      const found = pick(roll, snapshot.routeDistinguishers);
      if (!found) return null;
      const rd = `${found.rd.slice(0, found.rd.indexOf(':'))}:65536` as RouteDistinguisher;
      return { ...snapshot, routeDistinguishers: instead(snapshot.routeDistinguishers, found, { ...found, rd }) };
    },
  },
  network(
    'a group does not exist for a VNI above 65535',
    'MULTICAST_GROUP_INVALID',
    (entry, snapshot) => modeOf(snapshot, entry) === 'MULTICAST',
    (entry) => ({ ...entry, vni: Vni.parse(70_000) }),
  ),
  network(
    'a group has the MAC of a reserved one',
    'MULTICAST_GROUP_INVALID',
    (entry, snapshot) => modeOf(snapshot, entry) === 'MULTICAST',
    (entry) => ({ ...entry, vni: Vni.parse(77) }),
  ),
  network(
    'a bundle has a member that is no EOS',
    'BUNDLE_INVALID',
    (entry, snapshot) =>
      hasEvpn(entry, snapshot) &&
      snapshot.attachments.some(({ networkId, deviceId }) => networkId === entry.id && !isEos(snapshot, deviceId)),
    (entry) => ({ ...entry, bundle: 'B' }),
  ),
  network(
    'a bundle is not EVPN',
    'BUNDLE_INVALID',
    (entry, snapshot) => !hasEvpn(entry, snapshot),
    (entry) => ({ ...entry, bundle: 'B' }),
  ),
  {
    name: 'two exit nodes are primary',
    code: 'VRF_INVALID',
    apply: change<'vrfs', VrfFacts>(
      'vrfs',
      ({ exitNodes }, { devices }) => exitNodes !== undefined && devices.filter(({ platform }) => platform === 'DEBIAN_FRR').length > 1,
      (entry, { devices }) => {
        const [first] = entry.exitNodes ?? [];
        const other = devices.find(({ id, platform }) => platform === 'DEBIAN_FRR' && id !== first?.deviceId);
        return first && other ? { ...entry, exitNodes: [first, { ...first, deviceId: other.id }] } : null;
      },
    ),
  },
  {
    name: 'a VRF imports itself',
    code: 'VRF_INVALID',
    apply: change<'vrfs', VrfFacts>('vrfs', always, (entry) => ({ ...entry, importsFrom: [entry.id] })),
  },
  {
    name: 'a VRF imports one that is not there',
    code: 'UNKNOWN_REFERENCE',
    apply: change<'vrfs', VrfFacts>('vrfs', always, (entry) => ({ ...entry, importsFrom: ['vrf-ghost' as VrfId] })),
  },
  network(
    'a network is stretched without a gateway between domains',
    'DOMAIN_INVALID',
    (entry, { attachments }) => attachments.some(({ networkId }) => networkId === entry.id),
    (entry) => ({ ...entry, remoteTarget: target('65000:99') }),
  ),
  {
    name: 'the loopbacks of the underlay lie elsewhere',
    code: 'UNDERLAY_INVALID',
    apply: ({ fabric, ...snapshot }) => ({
      ...snapshot,
      fabric: { ...fabric, underlay: { protocol: 'BGP', area: null, bfd: null, loopbacks: [Cidr.parse('203.0.113.0/24')] } },
    }),
  },
];
