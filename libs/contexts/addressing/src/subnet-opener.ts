import { Injectable } from '@nestjs/common';
import type { Cidr, IdempotencyKey, PrefixPoolId, TenantId } from '#engines/kernel';
import type { Tx } from '#platform';
import { keyReused } from './domain/errors.js';
import type { Subnet } from './domain/subnet.js';
import { PrefixAllocationService } from './prefix-allocation.service.js';
import { SubnetService, type SubnetToOpen } from './subnet.service.js';

export interface SubnetOfPool {
  readonly tenantId: TenantId;
  readonly poolId: PrefixPoolId;
  readonly key: IdempotencyKey;
  readonly length?: number;
  /** This prefix or none. Not with `length`. */
  readonly prefer?: Cidr;
  readonly subnet: Omit<SubnetToOpen, 'prefixId' | 'generation' | 'tenantId'>;
}

/** A prefix out of a pool and a subnet on it, both or neither. */
@Injectable()
export class SubnetOpener {
  constructor(
    private readonly prefixes: PrefixAllocationService,
    private readonly subnets: SubnetService,
  ) {}

  /** @throws what `PrefixAllocationService.allocate` and `SubnetService.open` throw. */
  async openOutOf(tx: Tx, { subnet: wanted, ...request }: SubnetOfPool): Promise<{ subnet: Subnet; replayed: boolean }> {
    const { allocations, replayed } = await this.prefixes.allocateIn(tx, request);
    const [prefix] = allocations;
    if (!prefix) throw new Error(`the request ${request.key} was granted nothing`);
    const before = replayed ? await this.subnets.onPrefix(tx, prefix.id) : undefined;
    if (!before) {
      const { id: prefixId, generation } = prefix;
      return { subnet: await this.subnets.open(tx, { ...wanted, prefixId, generation, tenantId: request.tenantId }), replayed: false };
    }
    const isAsked = isWhatWasAsked(before, wanted) && (hasDnsAsked(before, wanted) || (await this.subnets.isDnsSet(tx, before.id)));
    if (!isAsked) throw keyReused(request.key);
    return { subnet: before, replayed: true };
  }
}

const isWhatWasAsked = (subnet: Subnet, wanted: SubnetOfPool['subnet']): boolean =>
  subnet.gatewayMode === wanted.gatewayMode &&
  subnet.vrfId === (wanted.vrfId ?? null) &&
  (wanted.gatewayAddress === undefined || subnet.gatewayAddress === wanted.gatewayAddress);

const hasDnsAsked = (subnet: Subnet, wanted: SubnetOfPool['subnet']): boolean =>
  subnet.dnsZone === (wanted.dnsZone ?? null) &&
  subnet.dnsZonePrefix === (wanted.dnsZonePrefix ?? null) &&
  subnet.dnsTtlSeconds === (wanted.dnsTtlSeconds ?? null);
