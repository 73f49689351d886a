import { Injectable } from '@nestjs/common';
import type { DomainError } from '#engines/kernel';
import type { ForeignObject } from '../../ports/foreign-inventory.js';
import type { InventoryKind } from '../kinds.js';
import { TakeAddresses } from './take-addresses.js';
import { TakePrefixes } from './take-prefixes.js';
import { TakeTenancy } from './take-tenancy.js';
import { refusal, type Taking } from './taking.js';

/** One pass over the objects of a kind. */
export interface ImportPass {
  readonly kind: InventoryKind;
  /** Those of another pass are passed over. */
  readonly isOf?: (object: ForeignObject) => boolean;
  /** Reference fields whose objects are read with the page. */
  readonly beside?: readonly { readonly field: string; readonly kind: InventoryKind }[];
  /** @returns its id, or why it is not taken though something was done about it. @throws DomainError: nothing was. */
  take(taking: Taking): Promise<string | DomainError>;
}

const TARGETS = [
  { field: 'importTargets', kind: 'routeTarget' },
  { field: 'exportTargets', kind: 'routeTarget' },
] as const;
const isContainer = ({ fields }: ForeignObject): boolean => fields['status'] === 'container';

/** What is taken after what: a reference is to something that was taken before. */
@Injectable()
export class ImportPasses {
  readonly inOrder: readonly ImportPass[];

  constructor(tenancy: TakeTenancy, prefixes: TakePrefixes, addresses: TakeAddresses) {
    this.inOrder = [
      { kind: 'tenant', take: (taking) => tenancy.tenant(taking) },
      { kind: 'vrf', beside: TARGETS, take: (taking) => tenancy.vrf(taking) },
      { kind: 'l2vpn', beside: TARGETS, take: (taking) => tenancy.l2vpn(taking) },
      { kind: 'routeTarget', take: (taking) => tenancy.routeTarget(taking) },
      { kind: 'vlanGroup', take: (taking) => tenancy.vlanGroup(taking) },
      { kind: 'l2vpnTermination', beside: [{ field: 'vlan', kind: 'vlan' }], take: (taking) => tenancy.termination(taking) },
      // Those that a termination names are linked with it.
      { kind: 'vlan', take: () => Promise.reject(refusal('INVALID_VALUE', 'no L2VPN with a VNI ends on it; a VLAN here is of a network')) },
      { kind: 'prefix', isOf: isContainer, take: (taking) => prefixes.container(taking) },
      { kind: 'prefix', isOf: (object) => !isContainer(object), take: (taking) => prefixes.prefix(taking) },
      { kind: 'ipRange', take: (taking) => addresses.range(taking) },
      { kind: 'ipAddress', take: (taking) => addresses.address(taking) },
    ];
  }
}
