import { Injectable } from '@nestjs/common';
import { type RequestContext, tenantIn } from '#contexts/access';
import type { AddressRequest, PrefixRequest } from '#contexts/addressing';
import { decodeId, invalidValue, type PrefixPoolId, type SubnetId, type TenantId } from '#engines/kernel';
import { atPath } from '#platform';
import { AllocationService } from '../allocation.service.js';
import { commonOf, forTenant } from './allocate.input.js';
import type { AllocateIpInput, AllocatePrefixInput } from './allocate-address.input.js';

const GIVEN_ROLES = ['SUBNET', 'LOOPBACK', 'LINK'] as const;

/** What a caller wrote, as a request to the service. @throws DomainError NOT_FOUND | INVALID_VALUE with its place in the input. */
@Injectable()
export class AddressRequests {
  constructor(private readonly allocation: AllocationService) {}

  ofPrefix(ctx: RequestContext, input: AllocatePrefixInput): PrefixRequest {
    const { length, prefer, count, contiguous: isContiguous, partial: isPartial } = input;
    return {
      ...forTenant(ctx, input),
      count,
      isContiguous,
      isPartial,
      poolId: decodeId<PrefixPoolId>('prefixPool', input.pool),
      role: roleOf(input.role),
      ...(length !== null && { length }),
      ...(prefer !== null && { prefer }),
    };
  }

  /** One read more where the operator does not say whose the subnet is. */
  async ofIp(ctx: RequestContext, input: AllocateIpInput): Promise<AddressRequest> {
    const { prefer, within, mac, dnsName, count, contiguous: isContiguous, partial: isPartial } = input;
    const subnetId = decodeId<SubnetId>('subnet', input.subnet);
    return {
      ...commonOf(input),
      subnetId,
      count,
      isContiguous,
      isPartial,
      tenantId: await this.tenantOf(ctx, input.tenant, subnetId),
      ...(prefer !== null && { prefer }),
      ...(within !== null && { within: { first: within.first, last: within.last } }),
      ...(mac !== null && { mac }),
      ...(dnsName !== null && { dnsName }),
    };
  }

  private tenantOf(ctx: RequestContext, named: string | null, subnetId: SubnetId): Promise<TenantId> | TenantId {
    if (named !== null) return tenantIn(ctx, named).tenantId;
    const { scope } = ctx;
    return scope.kind === 'tenant' ? scope.tenantId : this.allocation.tenantOfSubnet(scope, subnetId);
  }
}

const roleOf = (role: string): (typeof GIVEN_ROLES)[number] =>
  atPath(['role'], () => {
    const found = GIVEN_ROLES.find((candidate) => candidate === role);
    if (!found) throw invalidValue('role', role, GIVEN_ROLES.join(', '));
    return found;
  });
