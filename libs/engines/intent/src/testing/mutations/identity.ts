/** Names, and what a device is. */
import { EviId, type Label, Slug, type VrfId } from '#engines/kernel';
import type { VrfFacts } from '../../snapshot.js';
import { type Mutation, change, network, device, always } from './mutation.js';

export const identity: readonly Mutation[] = [
  network('a name has two lines', 'NAME_INVALID', always, (entry) => ({ ...entry, name: 'x\nno router bgp 65051' as Label })),
  device(
    'two devices have one host name',
    'DUPLICATE_NAME',
    ({ slug }) => slug !== 'leaf1',
    (entry) => ({ ...entry, hostname: 'LEAF1' }),
  ),
  device(
    'two devices have one slug',
    'DUPLICATE_NAME',
    ({ slug }) => slug !== 'leaf1',
    (entry) => ({ ...entry, slug: Slug.parse('leaf1') }),
  ),
  {
    name: 'a VRF has a name of 16 characters',
    code: 'NAME_INVALID',
    apply: change<'vrfs', VrfFacts>('vrfs', always, (entry) => ({ ...entry, deviceName: 'vrf-of-customer-1' })),
  },
  {
    name: 'two VRFs have one name',
    code: 'DUPLICATE_NAME',
    apply: change<'vrfs', VrfFacts>(
      'vrfs',
      (_, { vrfs }) => vrfs.length > 1,
      (entry, { vrfs }) => ({ ...entry, deviceName: vrfs.find(({ id }) => id !== entry.id)?.deviceName ?? '' }),
    ),
  },
  {
    name: 'a VRF has the VNI of a network',
    code: 'DUPLICATE_VNI',
    apply: change<'vrfs', VrfFacts>('vrfs', always, (entry, { networks: [first] }) =>
      first ? { ...entry, l3vni: first.vni, eviId: EviId.parse(60_000) } : null,
    ),
  },
  network('a network is of a VRF that is not there', 'UNKNOWN_REFERENCE', always, (entry) => ({ ...entry, vrfId: 'vrf-ghost' as VrfId })),
  device(
    'a host is told to be a switch',
    'NOT_SUPPORTED',
    ({ platform, switch: facts }) => platform === 'ARISTA_EOS' && facts !== undefined,
    (entry) => ({ ...entry, platform: 'DEBIAN_FRR' }),
  ),
];
