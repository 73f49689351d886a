import { needScope, type RequestContext, type TokenScope } from '#contexts/access';
import type { Given } from '../given.js';

/** Whoever may allocate something may also do with it what comes later. */
export const ALLOCATE_SCOPES = [
  'number:allocate',
  'vni:allocate',
  'vlan:allocate',
  'prefix:allocate',
  'ip:allocate',
] as const satisfies TokenScope[];

/** @throws DomainError FORBIDDEN. */
export function needScopeFor(ctx: RequestContext, { of, allocation }: Given): void {
  if (of === 'prefix') return needScope(ctx, 'prefix:allocate');
  if (of === 'address') return needScope(ctx, 'ip:allocate');
  switch (allocation.kind) {
    case 'VNI':
    case 'L3VNI':
      return needScope(ctx, 'vni:allocate', 'number:allocate');
    case 'VLAN':
      return needScope(ctx, 'vlan:allocate', 'number:allocate');
    default:
      return needScope(ctx, 'number:allocate');
  }
}
