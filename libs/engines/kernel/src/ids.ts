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
export type SyncTargetId = Brand<string, 'SyncTargetId'>;

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
  syncTarget: 'syt',
} as const;
export type IdKind = keyof typeof ID_PREFIXES;

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** `encodeId('network', uuid)` → `net_06…`. */
export function encodeId(kind: IdKind, uuid: string): string {
  let value = BigInt(`0x${uuid.replaceAll('-', '')}`);
  let text = '';
  for (let i = 0; i < 26; i++) {
    text = ALPHABET.charAt(Number(value & 31n)) + text;
    value >>= 5n;
  }
  return `${ID_PREFIXES[kind]}_${text}`;
}

/**
 * The UUID behind a public id. An id that cannot exist is answered like one that does not (`NOT_FOUND`),
 * so that nothing can be learnt from the difference.
 */
export function decodeId<Id extends string>(kind: IdKind, text: string): Id {
  const match = /^([a-z]+)_([0-9a-hjkmnp-tv-z]{26})$/.exec(text);
  if (!match || match[1] !== ID_PREFIXES[kind]) throw notFound(kind, text);
  let value = 0n;
  for (const char of match[2] as string) value = (value << 5n) | BigInt(ALPHABET.indexOf(char));
  if (value >> 128n) throw notFound(kind, text);
  const hex = value.toString(16).padStart(32, '0');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-') as Id;
}

export function notFound(kind: IdKind, id: string): DomainError<'NOT_FOUND'> {
  return new DomainError('NOT_FOUND', `there is no such ${kind}`, { kind, id: id.slice(0, 64) });
}
