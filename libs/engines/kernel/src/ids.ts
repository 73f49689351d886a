import type { Brand } from './brand.js';
import { DomainError } from './domain-error.js';

export type FabricId = Brand<string, 'FabricId'>;
export type SiteId = Brand<string, 'SiteId'>;
export type DeviceId = Brand<string, 'DeviceId'>;
export type VtepId = Brand<string, 'VtepId'>;
export type PortId = Brand<string, 'PortId'>;
export type VlanDomainId = Brand<string, 'VlanDomainId'>;
export type TenantId = Brand<string, 'TenantId'>;
export type VrfId = Brand<string, 'VrfId'>;
export type NetworkId = Brand<string, 'NetworkId'>;
export type AddressSpaceId = Brand<string, 'AddressSpaceId'>;
export type PrefixId = Brand<string, 'PrefixId'>;
export type PrefixPoolId = Brand<string, 'PrefixPoolId'>;
export type SubnetId = Brand<string, 'SubnetId'>;
export type IpAddressId = Brand<string, 'IpAddressId'>;
export type AttachmentId = Brand<string, 'AttachmentId'>;
export type PoolId = Brand<string, 'PoolId'>;
export type AllocationId = Brand<string, 'AllocationId'>;
export type OrderId = Brand<string, 'OrderId'>;
export type PlanId = Brand<string, 'PlanId'>;
export type LockId = Brand<string, 'LockId'>;
export type DriftItemId = Brand<string, 'DriftItemId'>;
export type SyncTargetId = Brand<string, 'SyncTargetId'>;
export type SyncRunId = Brand<string, 'SyncRunId'>;
export type SyncConflictId = Brand<string, 'SyncConflictId'>;

/** Prefixes of public ids. An id is opaque: `net_` + 26 characters of Crockford base32 over a UUIDv7. */
export const ID_PREFIXES = {
  fabric: 'fab',
  site: 'site',
  device: 'dev',
  vtep: 'vtep',
  port: 'port',
  vlanDomain: 'vld',
  tenant: 'ten',
  vrf: 'vrf',
  network: 'net',
  addressSpace: 'spc',
  prefix: 'pfx',
  prefixPool: 'ppl',
  subnet: 'sub',
  ipAddress: 'ip',
  attachment: 'att',
  pool: 'pool',
  allocation: 'alc',
  order: 'ord',
  plan: 'plan',
  maintenanceLock: 'lock',
  token: 'tok',
  source: 'src',
  driftReport: 'drr',
  driftItem: 'dri',
  facade: 'fcd',
  syncTarget: 'syt',
  syncRun: 'syr',
  syncConflict: 'syc',
} as const;
export type IdKind = keyof typeof ID_PREFIXES;

const BASE32 = '0123456789abcdefghjkmnpqrstvwxyz';
const HEX = '0123456789abcdef';

/** The digits of a text in another base, both powers of two. Two bits of zero make 26 × 5 of 128. Every request does it a few times: no BigInt. */
function rebase(digits: string, from: string, to: string, spareBits: number): string {
  const [take, give] = [Math.log2(from.length), Math.log2(to.length)];
  let [text, held, bits] = ['', 0, spareBits];
  for (const digit of digits) {
    held = (held << take) | from.indexOf(digit);
    bits += take;
    while (bits >= give) {
      bits -= give;
      text += to.charAt(held >> bits);
      held &= (1 << bits) - 1;
    }
  }
  return text;
}

/** `encodeId('network', uuid)` → `net_06…`. */
export const encodeId = (kind: IdKind, uuid: string): string => `${ID_PREFIXES[kind]}_${rebase(uuid.replaceAll('-', ''), HEX, BASE32, 2)}`;

/**
 * The UUID behind a public id. An id that cannot exist is answered like one that does not (`NOT_FOUND`),
 * so that nothing can be learnt from the difference.
 */
export function decodeId<Id extends string>(kind: IdKind, text: string): Id {
  const match = /^([a-z]+)_([0-7][0-9a-hjkmnp-tv-z]{25})$/.exec(text);
  if (!match || match[1] !== ID_PREFIXES[kind]) throw notFound(kind, text);
  const hex = rebase(match[2] as string, BASE32, HEX, -2);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-') as Id;
}

export function notFound(kind: IdKind, id: string): DomainError<'NOT_FOUND'> {
  return new DomainError('NOT_FOUND', `there is no such ${kind}`, { kind, id: id.slice(0, 64) });
}
