import { Injectable } from '@nestjs/common';
import { Cidr, type DomainError, type Ip, notFound, type SubnetId, type TenantId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { AddressExtent, Outcome } from './domain/allocation.js';
import { addressTaken, keyReused, outOfRange, quotaExceeded, subnetExhausted } from './domain/errors.js';
import { extentContains, hostRange } from './domain/subnet-layout.js';
import { AddressAllocationStore } from './store/address-allocation.store.js';
import { SubnetStore } from './store/subnet.store.js';

interface Refused {
  readonly subnetId: SubnetId;
  readonly tenantId: TenantId;
  readonly key: string;
  readonly count?: number;
  readonly prefer?: Ip;
  readonly within?: AddressExtent;
}

/** Puts a refusal of the database into words, with the facts that its caller may know. Read after the refusal: the facts are the newest. */
@Injectable()
export class AddressRefusals {
  constructor(
    private readonly subnets: SubnetStore,
    private readonly allocations: AddressAllocationStore,
  ) {}

  async explain(
    tx: Tx,
    { outcome, address, room }: { outcome: Outcome; address?: Ip | null; room?: bigint | null },
    request: Refused,
  ): Promise<DomainError> {
    if (outcome === 'KEY_REUSED') return keyReused(request.key);
    const subnet = await this.subnets.subnet(tx, request.subnetId);
    if (!subnet || outcome === 'NOT_FOUND') return notFound('subnet', request.subnetId);
    const wanted = address ?? request.prefer ?? Cidr.network(subnet.cidr);
    switch (outcome) {
      case 'QUOTA':
        return quotaExceeded(subnet.cidr, room !== null && room !== undefined && room > 0n ? room : 0n, 'addresses of this address space');
      case 'OUT_OF_RANGE': {
        const { first, last } = hostRange(subnet.cidr);
        return outOfRange(`address ${wanted}`, `${first} to ${last} in ${subnet.cidr}`);
      }
      case 'EXCLUDED':
      case 'DHCP': {
        const range = (await this.subnets.ranges(tx, subnet.id)).find((each) => extentContains(each, wanted));
        const why = range === undefined ? 'reserved' : `in the ${range.kind} range ${range.first} to ${range.last} (${range.reason})`;
        return outOfRange(
          `address ${wanted}`,
          outcome === 'DHCP' ? `it is ${why}; name the range to get an address of it` : `it is ${why}; any other of ${subnet.cidr}`,
        );
      }
      case 'TAKEN': {
        const held = await this.allocations.holding(tx, subnet.id, wanted);
        return addressTaken(wanted, held ? { state: held.state, heldBy: held.externalRef ?? held.holder ?? held.holderKind } : {});
      }
      default: {
        const { free, largest } = await this.subnets.freeWithin(tx, subnet.id, request.within ?? null);
        return subnetExhausted({ cidr: subnet.cidr, wanted: request.count ?? 1, free, largestFreeBlock: largest });
      }
    }
  }
}
