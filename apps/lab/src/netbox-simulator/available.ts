/** The next free ones: addresses, prefixes, VLANs and AS numbers, lowest first. */
import type { Kind, Row } from './model.js';
import type { Act, Answer } from './act.js';
import { type Address, addressText, bitsOf, blocksOf, type Family, firstOf, hostKey, hostText, lastOf, parseAddress } from './addresses.js';
import { isObject, type Json, type JsonObject, pythonType, textOf } from './json.js';
import { rangesIn } from './kinds/addresses.js';
import { rangesOf } from './kinds/vlans.js';
import { limitOf } from './list.js';
import { detail, Refusal } from './refusal.js';

const EXHAUSTED = 'Insufficient resources are available to satisfy the request';

interface Pool {
  readonly parent: string;
  readonly child: string;
  /** Key of the advisory lock, one for the whole of NetBox. */
  readonly lock: number;
  /** What is free, as it is shown. */
  free(act: Act, parent: Row): Iterable<JsonObject>;
  /** What is asked for, with what it is given. Null: nothing is left for it. */
  give(act: Act, parent: Row, asked: readonly JsonObject[]): readonly JsonObject[] | null;
  readonly isPaged: boolean;
}

const parsed = (value: Json | undefined): Address => parseAddress(textOf(value)) ?? { family: 4, host: 0n, length: 32 };

/** Stretches that are taken, merged into what is free between two ends. */
function* gaps(from: bigint, to: bigint, taken: readonly (readonly [bigint, bigint])[]): Generator<readonly [bigint, bigint]> {
  let at = from;
  for (const [start, end] of [...taken].sort((a, b) => (a[0] < b[0] ? -1 : 1))) {
    if (start > at) yield [at, (start > to ? to + 1n : start) - 1n];
    if (end + 1n > at) at = end + 1n;
    if (at > to) return;
  }
  if (at <= to) yield [at, to];
}

/** Where the children of a prefix are looked for: a container of the global table has those of every VRF. */
function spacesOf({ values }: Row, spaces: readonly string[]): readonly string[] {
  return values['vrf'] === null && values['status'] === 'container' ? spaces : [textOf(values['vrf'] ?? 'global')];
}

function takenHosts(act: Act, parent: Row, family: Family, from: bigint, to: bigint): (readonly [bigint, bigint])[] {
  const table = act.shared.db.table('ipam.ipaddress');
  const keys = spacesOf(parent, table.spaceNames).flatMap(
    (space) => table.space(space)?.between(hostKey(family, from), `${hostKey(family, to)}~`) ?? [],
  );
  return keys.map((key) => BigInt(`0x${key.slice(1, 33)}`)).map((host) => [host, host] as const);
}

function* freeHosts(act: Act, parent: Row): Generator<bigint> {
  const isRange = 'start_address' in parent.values;
  if (isRange && parent.values['mark_populated'] === true) return;
  const { family, length, host } = parsed(parent.values[isRange ? 'start_address' : 'prefix']);
  const [first, last] = isRange ? [host, parsed(parent.values['end_address']).host] : [host, lastOf({ family, host, length })];
  const isWhole = isRange || parent.values['is_pool'] === true || length >= bitsOf(family) - 1;
  const [from, to] = isWhole ? [first, last] : [first + 1n, family === 4 ? last - 1n : last];
  const blocking = isRange
    ? []
    : rangesIn(act.viewer, parent.values['vrf']).filter(
        ({ values }) => values['mark_populated'] === true || !act.shared.release.isAtLeast('4.3'),
      );
  const stretches = blocking.map(({ values }) => [parsed(values['start_address']).host, parsed(values['end_address']).host] as const);
  for (const [start, end] of gaps(from, to, [...takenHosts(act, parent, family, from, to), ...stretches]))
    for (let at = start; at <= end; at += 1n) yield at;
}

const vrfOf = (act: Act, { values }: Row): Json => (typeof values['vrf'] === 'number' ? act.viewer.brief('ipam.vrf', values['vrf']) : null);

const addressesOf = (parent: string): Pool => ({
  parent,
  child: 'ipam.ipaddress',
  lock: 100_200,
  isPaged: true,
  *free(act, row) {
    const { family, length } = parsed(row.values['prefix'] ?? row.values['start_address']);
    for (const host of freeHosts(act, row)) yield { family, address: `${hostText(family, host)}/${length}`, vrf: vrfOf(act, row) };
  },
  give(act, row, asked) {
    const { family, length } = parsed(row.values['prefix'] ?? row.values['start_address']);
    refuseMasks(act, asked, family);
    const given: JsonObject[] = [];
    const free = freeHosts(act, row);
    for (const one of asked) {
      const next = free.next();
      if (next.done) return null;
      const mask = act.shared.release.isAtLeast('4.5') && typeof one['prefix_length'] === 'number' ? one['prefix_length'] : length;
      given.push({ ...one, address: `${hostText(family, next.value)}/${mask}`, vrf: row.values['vrf'] ?? null });
    }
    return given;
  },
});

function freeBlocks(act: Act, parent: Row): Address[] {
  const prefix = parsed(parent.values['prefix']);
  const table = act.shared.db.table('ipam.prefix');
  const [from, to] = [firstOf(prefix), lastOf(prefix)];
  const children = spacesOf(parent, table.spaceNames).flatMap((space) => {
    const keys = table.space(space)?.between(hostKey(prefix.family, from), `${hostKey(prefix.family, to)}~`) ?? [];
    return keys.flatMap((key) => {
      const [host, length] = [BigInt(`0x${key.slice(1, 33)}`), Number(key.slice(34, 37))];
      return length > prefix.length ? [[host, lastOf({ family: prefix.family, host, length })] as const] : [];
    });
  });
  return [...gaps(from, to, children)].flatMap(([start, end]) => blocksOf(prefix.family, start, end));
}

const PREFIXES: Pool = {
  parent: 'ipam.prefix',
  child: 'ipam.prefix',
  lock: 100_100,
  isPaged: false,
  *free(act, row) {
    for (const block of freeBlocks(act, row)) yield { family: block.family, prefix: addressText(block), vrf: vrfOf(act, row) };
  },
  give(act, row, asked) {
    const { family } = parsed(row.values['prefix']);
    refuseSome(asked.map((one) => lengthProblem(one['prefix_length'] ?? null, family)));
    let free = freeBlocks(act, row);
    const given: JsonObject[] = [];
    for (const one of asked) {
      const length = Number(one['prefix_length']);
      const block = free.find((candidate) => candidate.length <= length);
      if (!block) return null;
      const taken: Address = { ...block, length };
      given.push({ ...one, prefix: addressText(taken), vrf: row.values['vrf'] ?? null });
      const rest = blocksOf(family, lastOf(taken) + 1n, lastOf(block));
      free = free.flatMap((candidate) => (candidate === block ? rest : [candidate]));
    }
    return given;
  },
};

/** A list, also for one. @throws Refusal where one of them has a problem. */
function refuseSome(problems: readonly (JsonObject | null)[]): void {
  if (problems.some((one) => one !== null))
    throw new Refusal(
      400,
      problems.map((one) => one ?? {}),
    );
}

/** Of too few bits NetBox says that there is no room. */
function lengthProblem(length: Json, family: Family): JsonObject | null {
  if (length === null) return { prefix_length: 'this field can not be missing' };
  if (typeof length !== 'number' || !Number.isInteger(length)) return { prefix_length: 'this field must be int type' };
  return length > bitsOf(family) ? { prefix_length: `Invalid prefix length (${length}) for IPv${family}` } : null;
}

/** @throws Refusal */
function refuseMasks(act: Act, asked: readonly JsonObject[], family: Family): void {
  if (!act.shared.release.isAtLeast('4.5')) return;
  refuseSome(
    asked.map((one) => {
      const length = one['prefix_length'];
      if (length === undefined) return null;
      if (length === null) return { prefix_length: ['This field may not be null.'] };
      if (typeof length !== 'number' || !Number.isInteger(length)) return { prefix_length: ['A valid integer is required.'] };
      return length > bitsOf(family) ? { prefix_length: `Invalid prefix length (${length}) for IPv${family}` } : null;
    }),
  );
}

function* freeVids({ shared: { db } }: Act, group: Row): Generator<number> {
  const vlans = db.table('ipam.vlan');
  const taken = new Set([...vlans.referring('group', group.id)].map((id) => vlans.get(id)?.values['vid']));
  for (const [from, to] of rangesOf(group.values['vid_ranges'])) for (let vid = from; vid <= to; vid += 1) if (!taken.has(vid)) yield vid;
}

const VLANS: Pool = {
  parent: 'ipam.vlangroup',
  child: 'ipam.vlan',
  lock: 100_300,
  isPaged: true,
  *free(act, row) {
    for (const vid of freeVids(act, row)) yield { vid, group: act.viewer.brief('ipam.vlangroup', row.id) };
  },
  give(act, row, asked) {
    refuseSome(asked.map(({ name }) => (name === undefined ? { name: ['This field is required.'] } : null)));
    return handOut(freeVids(act, row), asked, (vid) => ({ vid, group: row.id }));
  },
};

function* freeAsns({ shared: { db } }: Act, { values }: Row): Generator<number> {
  for (let asn = Number(values['start']); asn <= Number(values['end']); asn += 1)
    if (db.table('ipam.asn').found('unique asn', String(asn)).size === 0) yield asn;
}

const ASNS: Pool = {
  parent: 'ipam.asnrange',
  child: 'ipam.asn',
  lock: 100_400,
  isPaged: true,
  *free(act, row) {
    for (const asn of freeAsns(act, row)) yield { rir: act.viewer.brief('ipam.rir', Number(row.values['rir'])), asn };
  },
  give: (act, row, asked) => handOut(freeAsns(act, row), asked, (asn) => ({ asn, rir: row.values['rir'] ?? null })),
};

function handOut(
  free: Generator<number>,
  asked: readonly JsonObject[],
  given: (number: number) => JsonObject,
): readonly JsonObject[] | null {
  const handed: JsonObject[] = [];
  for (const one of asked) {
    const next = free.next();
    if (next.done) return null;
    handed.push({ ...one, ...given(next.value) });
  }
  return handed;
}

export const POOLS: Readonly<Record<string, Pool>> = {
  'ipam/prefixes available-ips': addressesOf('ipam.prefix'),
  'ipam/ip-ranges available-ips': addressesOf('ipam.iprange'),
  'ipam/prefixes available-prefixes': PREFIXES,
  'ipam/vlan-groups available-vlans': VLANS,
  'ipam/asn-ranges available-asns': ASNS,
};

export function showFree(act: Act, pool: Pool, id: number): Answer {
  const parent = act.find(act.viewer.kind(pool.parent), id, 'view');
  const limit = pool.isPaged ? limitOf(act.parameters, act.viewer) : Number.POSITIVE_INFINITY;
  const shown: Json[] = [];
  for (const one of pool.free(act, parent)) {
    shown.push(one);
    if (shown.length >= limit) break;
  }
  return { status: 200, body: shown };
}

/** Under the lock of the pool: nothing is given twice by this way, whatever comes by another one. */
export async function allocate(act: Act, pool: Pool, id: number): Promise<Answer> {
  const [parentKind, kind] = [act.viewer.kind(pool.parent), act.viewer.kind(pool.child)];
  act.demand(kind, 'add');
  const parent = act.find(parentKind, id, 'view');
  const sent = Array.isArray(act.body) ? act.body : [act.body ?? {}];
  refuseSome(sent.map((one) => (isObject(one) ? null : { __all__: [`Invalid data. Expected a dictionary, but got ${pythonType(one)}.`] })));
  const asked = sent.filter(isObject);
  const given = pool.give(act, parent, asked);
  if (given === null) throw detail(409, EXHAUSTED);
  const drafts = checkAll(act, kind, given);
  await act.gap();
  const rows = act.shared.db.atomic(() => drafts.map((draft, at) => act.writer.save(kind, draft, act.message(given[at]))));
  const shown = rows.map((row) => act.show(kind, row));
  return { status: 201, body: Array.isArray(act.body) ? shown : (shown[0] ?? {}) };
}

function checkAll(act: Act, kind: Kind, given: readonly JsonObject[]) {
  const errors: Json[] = [];
  const drafts = given.flatMap((one) => {
    try {
      errors.push({});
      return act.writer.draft(kind, one, null, 'POST');
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 400) throw error;
      errors[errors.length - 1] = error.body;
      return [];
    }
  });
  if (drafts.length < given.length) throw new Refusal(400, Array.isArray(act.body) ? errors : (errors[0] ?? {}));
  return drafts;
}
