import { Cidr, DomainError, type Ip } from '#engines/kernel';

/** Facts are JSON; beyond 2^53 a count is rounded. */
const countFact = (count: bigint): number => Number(count);

export const prefixPoolExhausted = (facts: {
  slug: string;
  length: number;
  wanted: number;
  /** Of this length. */
  free: bigint;
  largestFreePrefixLength: number | null;
}): DomainError<'POOL_EXHAUSTED'> =>
  new DomainError(
    'POOL_EXHAUSTED',
    facts.largestFreePrefixLength === null
      ? `the pool ${facts.slug} is used up`
      : `the pool ${facts.slug} cannot give ${facts.wanted === 1 ? 'a' : `${facts.wanted} prefixes of`} /${facts.length}: the largest free block is a /${facts.largestFreePrefixLength}`,
    {
      ...facts,
      free: countFact(facts.free),
      accepted: facts.largestFreePrefixLength === null ? 'nothing' : `/${facts.largestFreePrefixLength} or longer`,
    },
  );

export const subnetExhausted = (facts: {
  cidr: Cidr;
  wanted: number;
  free: bigint;
  largestFreeBlock: bigint;
}): DomainError<'POOL_EXHAUSTED'> =>
  new DomainError(
    'POOL_EXHAUSTED',
    facts.free === 0n
      ? `${facts.cidr} has no free address there`
      : `${facts.cidr} cannot give ${facts.wanted} addresses there: ${facts.free} are free, at most ${facts.largestFreeBlock} of them in a row`,
    { ...facts, slug: facts.cidr, free: countFact(facts.free), largestFreeBlock: countFact(facts.largestFreeBlock) },
  );

export const overlaps = (cidr: Cidr, overlapping: readonly Cidr[], cause?: unknown): DomainError<'OVERLAPS'> =>
  new DomainError('OVERLAPS', `${cidr} overlaps a prefix that is in use`, { cidr, overlapping }, { cause });

/** @param overlapping what stands in the way, as far as the caller may know. */
export const overlapsInVrf = (cidr: Cidr | null, overlapping: readonly Cidr[], cause?: unknown): DomainError<'OVERLAPS'> =>
  new DomainError(
    'OVERLAPS',
    cidr === null ? 'the VRFs have prefixes that overlap' : `${cidr} overlaps a prefix that is seen in the same VRF`,
    { ...(cidr !== null && { cidr }), overlapping },
    { cause },
  );

export const outOfRange = (what: string, accepted: string, facts: Record<string, unknown> = {}): DomainError<'OUT_OF_RANGE'> =>
  new DomainError('OUT_OF_RANGE', `${what} is out of range: ${accepted}`, { ...facts, what, accepted });

export const noRangeFrom = (first: Ip, ranges: readonly { readonly first: Ip }[]): DomainError<'OUT_OF_RANGE'> =>
  outOfRange(
    `range from ${first}`,
    ranges.length === 0 ? 'the subnet has no ranges' : `ranges begin at ${ranges.map((range) => range.first).join(', ')}`,
  );

export const addressTaken = (address: Ip, facts: Record<string, unknown> = {}): DomainError<'ALREADY_EXISTS'> =>
  new DomainError('ALREADY_EXISTS', `${address} is not free in its subnet`, { ...facts, address });

export const quotaExceeded = (slug: string, room: bigint, unit: string): DomainError<'QUOTA_EXCEEDED'> =>
  new DomainError('QUOTA_EXCEEDED', `the tenant may have ${room} more ${unit} of ${slug}; release some, or ask the operator for more`, {
    slug,
    room: countFact(room),
    accepted: `at most ${room} more ${unit}`,
  });

export const keyReused = (key: string): DomainError<'IDEMPOTENCY_KEY_REUSED'> =>
  new DomainError('IDEMPOTENCY_KEY_REUSED', 'this idempotency key stands for another request', { key });

export const inUse = (kind: string): DomainError<'IN_USE'> =>
  new DomainError('IN_USE', `a ${kind} uses it: it is released with that`, { holderKind: kind });

export const versionConflict = (currentVersion: number): DomainError<'VERSION_CONFLICT'> =>
  new DomainError('VERSION_CONFLICT', 'it has changed since it was read: read it again', { currentVersion });

export const invalidState = (state: string, allowedStates: readonly string[]): DomainError<'INVALID_STATE'> =>
  new DomainError('INVALID_STATE', `it is ${state}, not ${allowedStates.join(' or ')}`, { state, allowedStates });

/** What a pool is asked for must be of its family. */
export const wrongFamily = (cidr: Cidr, family: 4 | 6): DomainError<'OUT_OF_RANGE'> =>
  outOfRange(cidr, `an IPv${family} prefix; this one is IPv${Cidr.family(cidr)}`);

/** It ends by itself, and nobody knows when. */
export const namesInFlux = (cause: unknown): DomainError<'LOCKED'> =>
  new DomainError(
    'LOCKED',
    'names are being given there: try again in a moment, or after the import that gives them',
    { reason: 'names are being given' },
    { cause },
  );
