/** Numbers, names and addresses that exist once per fabric. The database keeps them apart; a snapshot may come from elsewhere. */
import { compareNatural, type DeviceId } from '#engines/kernel';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding, type FindingCode, listed } from '../finding.js';
import { groupBy } from '../group-by.js';
import type { RdFacts } from '../snapshot.js';

interface Use {
  readonly value: string | number;
  /** Who has it, in words: `network blue`. */
  readonly owner: string;
  readonly id: string;
}

export function checkDuplicates(index: FabricIndex): Finding[] {
  return [...numbers(index), ...names(index), ...addresses(index), ...routeDistinguishers(index)];
}

function numbers({ snapshot }: FabricIndex): Finding[] {
  const network = snapshot.networks.map(({ id, slug, vni, eviId }) => ({ id, owner: `network ${slug}`, vni, eviId }));
  const vrf = snapshot.vrfs.map(({ id, deviceName, l3vni, eviId }) => ({ id, owner: `VRF ${deviceName}`, vni: l3vni, eviId }));
  // L2 and L3 share both spaces: a VNI is either bridged or routed, and an RD is made of an EVI id.
  const all = [...network, ...vrf];
  return [
    ...doubled(
      'DUPLICATE_VNI',
      'vnis',
      'VNI',
      all.map(({ vni, ...use }) => ({ ...use, value: vni })),
    ),
    ...doubled(
      'DUPLICATE_EVI',
      'evis',
      'EVI id',
      all.map(({ eviId, ...use }) => ({ ...use, value: eviId })),
    ),
  ];
}

function names({ snapshot }: FabricIndex): Finding[] {
  const device = snapshot.devices.map(({ id, slug, hostname }) => ({ id, owner: `device ${slug}`, slug, hostname }));
  return [
    ...doubled(
      'DUPLICATE_NAME',
      'networks',
      'slug',
      snapshot.networks.map(({ id, slug }) => ({ id, owner: id, value: slug })),
    ),
    ...doubled(
      'DUPLICATE_NAME',
      'vrfs',
      'name',
      snapshot.vrfs.map(({ id, deviceName }) => ({ id, owner: id, value: deviceName })),
    ),
    ...doubled(
      'DUPLICATE_NAME',
      'devices',
      'slug',
      device.map(({ id, slug }) => ({ id, owner: id, value: slug })),
    ),
    ...doubled(
      'DUPLICATE_NAME',
      'hostnames',
      'host name',
      device.map(({ hostname, ...use }) => ({ ...use, value: hostname.toLowerCase() })),
    ),
  ];
}

function addresses(index: FabricIndex): Finding[] {
  const { devices, links } = index.snapshot;
  const vteps = devices.flatMap(({ id, slug, vtep }) => (vtep ? [{ id, owner: `device ${slug}`, vtep }] : []));
  const ports = links.flatMap(({ ends }) =>
    ends.flatMap(({ deviceId, port, address }) =>
      address === null ? [] : [{ id: deviceId, owner: `${nameOf(index, deviceId)} ${port}`, value: address }],
    ),
  );
  return [
    ...doubled(
      'DUPLICATE_ADDRESS',
      'routerIds',
      'router id',
      vteps.map(({ vtep, ...use }) => ({ ...use, value: vtep.routerId })),
    ),
    ...doubled('DUPLICATE_ADDRESS', 'addresses', 'underlay address', [
      ...vteps.map(({ vtep, ...use }) => ({ ...use, value: vtep.address })),
      ...(index.snapshot.mlags ?? []).flatMap(({ domain, sharedVtep, members: [{ deviceId }] }) =>
        sharedVtep === undefined ? [] : [{ id: deviceId, owner: `MLAG pair ${domain}`, value: sharedVtep }],
      ),
      ...ports,
    ]),
  ];
}

function routeDistinguishers(index: FabricIndex): Finding[] {
  const all = index.snapshot.routeDistinguishers;
  const shared = doubled(
    'DUPLICATE_RD',
    'routeDistinguishers',
    'route distinguisher',
    (mayRepeat(all) ? repeated(all, ({ rd }) => rd) : []).map(({ rd, deviceId, eviId }) => ({
      value: rd,
      owner: `EVI ${eviId} on ${nameOf(index, deviceId)}`,
      id: deviceId,
    })),
  );
  let once = 0; // Of each device and EVI the index has one: where that is all, nobody has two.
  for (const deviceId of index.device.keys()) once += index.distinguishersOf(deviceId).size;
  const again =
    once === all.length
      ? []
      : [...groupBy(all, ({ deviceId }) => deviceId).values()].flatMap((entries) => repeated(entries, ({ eviId }) => eviId));
  const several = [...groupBy(again, ({ deviceId, eviId }) => `${deviceId} ${eviId}`).values()].flatMap((entries) => {
    const [first] = entries;
    if (!first || new Set(entries.map(({ rd }) => rd)).size < 2) return [];
    const place = `EVI ${first.eviId} on ${nameOf(index, first.deviceId)}`;
    return [
      error(
        'DUPLICATE_RD',
        `evis.${first.eviId}.${nameOf(index, first.deviceId)}`,
        `keep one of ${listed(entries.map(({ rd }) => rd))} for ${place}`,
        [first.deviceId],
      ),
    ];
  });
  return [...shared, ...several];
}

/**
 * False where no two are the same. By the numbers behind each administrator: a set of hundreds of thousands of texts costs more than all other
 * checks of them. What is not written as expected is looked at as text.
 */
function mayRepeat(all: readonly RdFacts[]): boolean {
  return !isRising(all) && hasTwice(all);
}

/** Whether the numbers of each administrator get larger and larger, as a database gives them: then nothing has to be kept of them. */
function isRising(all: readonly RdFacts[]): boolean {
  const last = new Map<string, number>();
  let head = '';
  let largest = -1;
  for (const { rd } of all) {
    if (head === '' || !rd.startsWith(head)) {
      last.set(head, largest);
      head = headOf(rd);
      largest = last.get(head) ?? -1;
    }
    const number = decimal(rd, head.length);
    if (number === null || number <= largest) return false;
    largest = number;
  }
  return true;
}

function hasTwice(all: readonly RdFacts[]): boolean {
  const taken = new Map<string, Set<number>>();
  let head = '';
  let numbers = new Set<number>();
  for (const { rd } of all) {
    if (head === '' || !rd.startsWith(head)) {
      head = headOf(rd);
      numbers = taken.get(head) ?? new Set();
      taken.set(head, numbers);
    }
    const number = decimal(rd, head.length);
    const { size } = numbers;
    if (number === null || numbers.add(number).size === size) return true;
  }
  return false;
}

/** Administrator and colon. */
const headOf = (rd: string): string => rd.slice(0, rd.lastIndexOf(':') + 1);

function decimal(text: string, start: number): number | null {
  let value = 0;
  for (let at = start; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  return text.length > start ? value : null;
}

/** What has its value not alone: hundreds of thousands of distinguishers are looked at, and hardly ever one is found. */
function repeated<T>(list: readonly T[], valueOf: (item: T) => unknown): readonly T[] {
  const values = new Set<unknown>();
  const twice = new Set<unknown>();
  for (const item of list) {
    const value = valueOf(item);
    const size = values.size;
    if (values.add(value).size === size) twice.add(value);
  }
  return twice.size === 0 ? [] : list.filter((item) => twice.has(valueOf(item)));
}

function doubled(code: FindingCode, folder: string, what: string, uses: readonly Use[]): Finding[] {
  return [...groupBy(uses, ({ value }) => value)]
    .filter(([, users]) => users.length > 1)
    .map(([value, users]) => {
      const owners = users.map(({ owner }) => owner).sort(compareNatural);
      const message = `give each of ${listed(owners)} its own ${what}: they share ${value}`;
      return error(
        code,
        `${folder}.${value}`,
        message,
        users.map(({ id }) => id),
      );
    });
}

const nameOf = (index: FabricIndex, id: DeviceId): string => index.device.get(id)?.slug ?? id;
