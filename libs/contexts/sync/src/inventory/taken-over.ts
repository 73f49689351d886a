import { DomainError } from '#engines/kernel';
import type { InventoryKind } from './kinds.js';

/** What people who write there may say of things of ours; everything else follows from what Trame allocated. */
export const TAKEN_OVER: Readonly<Partial<Record<InventoryKind, readonly string[]>>> = {
  tenant: ['name', 'description'],
  vrf: ['description'],
  l2vpn: ['description'],
  prefix: ['description'],
  ipRange: ['description'],
  ipAddress: ['description'],
  device: ['description'],
};

export function cannotTake(kind: InventoryKind, field: string): DomainError<'INVALID_VALUE'> {
  const accepted = TAKEN_OVER[kind]?.join(', ') ?? 'nothing';
  return new DomainError('INVALID_VALUE', `${field} of a ${kind} cannot be taken over: ${accepted} can`, { kind, field, accepted });
}
