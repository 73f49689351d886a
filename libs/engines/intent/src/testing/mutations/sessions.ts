/** BGP sessions and the links below them. */
import { Ip } from '#engines/kernel';
import type { BgpSessionFacts, FabricSnapshot, LinkFacts } from '../../snapshot.js';
import { type Mutation, lacking, change, always } from './mutation.js';

const session = (
  name: string,
  accepts: (entry: BgpSessionFacts, snapshot: FabricSnapshot) => boolean,
  wrong: (entry: BgpSessionFacts) => BgpSessionFacts,
): Mutation => ({
  name,
  code: 'SESSION_INVALID',
  apply: change<'sessions', BgpSessionFacts>('sessions', accepts, wrong),
});
const asnsOf = ({ ends }: BgpSessionFacts, { devices }: FabricSnapshot): Set<unknown> =>
  new Set(ends.map(({ deviceId }) => devices.find(({ id }) => id === deviceId)?.vtep?.asn));
const firstRole = (entry: BgpSessionFacts, role: BgpSessionFacts['ends'][0]['role']): BgpSessionFacts => ({
  ...entry,
  ends: [{ ...entry.ends[0], role }, entry.ends[1]],
});

export const sessions: readonly Mutation[] = [
  session(
    'a client has no reflector',
    ({ ends: [, b] }) => b.role === 'ROUTE_REFLECTOR_CLIENT',
    (entry) => firstRole(entry, 'PEER'),
  ),
  session(
    'a reflector is in another AS',
    (entry, snapshot) => asnsOf(entry, snapshot).size > 1,
    (entry) => firstRole(entry, 'ROUTE_REFLECTOR'),
  ),
  session(
    'a route server is in the AS of its client',
    (entry, snapshot) => asnsOf(entry, snapshot).size === 1,
    (entry) => firstRole(entry, 'ROUTE_SERVER'),
  ),
  session(
    'hops are counted inside one AS',
    (entry, snapshot) => asnsOf(entry, snapshot).size === 1,
    (entry) => ({ ...entry, multihop: 2 }),
  ),
  session(
    'one end is unnumbered',
    ({ ends: [a] }) => a.port !== undefined,
    (entry) => ({ ...entry, ends: [lacking(entry.ends[0], 'port'), entry.ends[1]] }),
  ),
  session('an end speaks from an address of nobody', always, (entry) => ({
    ...entry,
    ends: [{ ...entry.ends[0], address: Ip.parse('203.0.113.9') }, entry.ends[1]],
  })),
  session('the hold time is shorter than three keepalives', always, (entry) => ({ ...entry, holdSeconds: 20 })),
  session('no family is carried', always, (entry) => ({ ...entry, families: [] })),
  session('BFD is faster than devices can', always, (entry) => ({ ...entry, bfd: { transmitMs: 1, receiveMs: 300, multiplier: 3 } })),
  session('a device speaks with itself', always, (entry) => ({ ...entry, ends: [entry.ends[0], entry.ends[0]] })),
  {
    name: 'a link ends at one device twice',
    code: 'LINK_INVALID',
    apply: change<'links', LinkFacts>('links', always, (entry) => ({
      ...entry,
      ends: [entry.ends[0], { ...entry.ends[1], deviceId: entry.ends[0].deviceId }],
    })),
  },
  {
    name: 'an end of a link lies outside of its prefix',
    code: 'LINK_INVALID',
    apply: change<'links', LinkFacts>(
      'links',
      ({ prefix }) => prefix !== null,
      (entry) => ({ ...entry, ends: [{ ...entry.ends[0], address: Ip.parse('203.0.113.9') }, entry.ends[1]] }),
    ),
  },
];
