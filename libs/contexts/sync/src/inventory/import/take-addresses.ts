import { Injectable } from '@nestjs/common';
import { AddressAllocationService, AddressingListing, SubnetService } from '#contexts/addressing';
import { decodeId, encodeId, Fqdn, IdempotencyKey, Ip, isDomainError, type SubnetId, type TenantId, type VrfId } from '#engines/kernel';
import { rangeIds } from '../local-ids.js';
import { attempt } from './attempt.js';
import { ImportedSpaces } from './imported-spaces.js';
import { keyOf, localRef, refusal, type Taking } from './taking.js';

/** Several stations may have it: what FHRP and anycast are for. */
const SHARED_ROLES: ReadonlySet<unknown> = new Set(['anycast', 'vip', 'vrrp', 'hsrp', 'glbp', 'carp']);

interface Home {
  readonly subnetId: SubnetId;
  readonly tenantId: TenantId;
}

/** Addresses and ranges that another system knows, each in the subnet that has it. */
@Injectable()
export class TakeAddresses {
  constructor(
    private readonly addresses: AddressAllocationService,
    private readonly subnets: SubnetService,
    private readonly listing: AddressingListing,
    private readonly spaces: ImportedSpaces,
  ) {}

  /** Reserved: given to nobody. Any other: to whoever asks within it. @returns its id, as the next. @throws DomainError NOT_FOUND | OUT_OF_RANGE | OVERLAPS. */
  async range(taking: Taking): Promise<string> {
    const { tx, object } = taking;
    const [first, last] = [Ip.parse(object.fields['start']), Ip.parse(object.fields['end'])];
    const { subnetId } = await this.home(taking, first);
    const kind = object.fields['status'] === 'reserved' ? 'RESERVED' : 'DHCP';
    await this.subnets.addRange(tx, subnetId, { first, last, kind, reason: '' });
    return rangeIds.of({ subnetId, first });
  }

  /** With its name, unless somebody has that. @throws DomainError NOT_FOUND | ALREADY_EXISTS. */
  async address(taking: Taking): Promise<string> {
    const { tx, object } = taking;
    const address = Ip.parse(object.fields['host']);
    const { subnetId, tenantId } = await this.home(taking, address);
    const owner = localRef(taking, 'tenant');
    if (owner !== null && owner !== encodeId('tenant', tenantId))
      taking.note('it goes to the tenant of its subnet, which is another one there');
    const role = SHARED_ROLES.has(object.fields['role']) ? 'VIP' : 'HOST';
    const request = { address, key: IdempotencyKey.parse(keyOf(taking, 'ipAddress')), role } as const;
    const adopt = async (named: { dnsName?: Fqdn }): Promise<string> => {
      const [adopted] = await this.addresses.adoptIn(tx, subnetId, tenantId, [{ ...request, ...named }]);
      if (!adopted) throw refusal('NOT_FOUND', 'it is another tenant’s');
      return encodeId('ipAddress', adopted.id);
    };
    const dnsName = nameOf(taking);
    if (dnsName === null) return adopt({});
    const named = await attempt(tx, () => adopt({ dnsName }));
    if (!isDomainError(named)) return named;
    const id = await adopt({});
    taking.note(`it is taken without its name: ${named.message}`);
    return id;
  }

  /** One that is a host of prefixes in two address spaces is in the one of its own tenant, or in neither. */
  private async home(taking: Taking, address: Ip): Promise<Home> {
    const [vrf, tenant] = [localRef(taking, 'vrf'), localRef(taking, 'tenant')];
    const vrfId = vrf === null ? null : decodeId<VrfId>('vrf', vrf);
    const tenantId = tenant === null ? taking.places.tenantId : decodeId<TenantId>('tenant', tenant);
    const homes: Home[] = [];
    let isElsewhere = false;
    for (const spaceId of await this.spaces.spacesFor(taking, { vrfId, tenantId })) {
      const subnet = (await this.listing.subnetsOf(taking.tx, spaceId, [address])).get(address);
      if (subnet?.vrfId === vrfId) homes.push(subnet);
      else if (subnet) isElsewhere = true;
    }
    const home = homes.length > 1 ? homes.find((each) => each.tenantId === tenantId) : homes[0];
    if (home) return home;
    if (homes.length > 1)
      throw refusal(
        'INVALID_STATE',
        `${address} is a host of prefixes in ${homes.length} address spaces, and its tenant there says not in which`,
      );
    if (isElsewhere) throw refusal('NOT_FOUND', `the prefix of ${address} that was taken is in another VRF`);
    throw refusal('NOT_FOUND', `${address} is a host of no prefix that was taken`);
  }
}

function nameOf(taking: Taking): Fqdn | null {
  const name = taking.object.fields['dnsName'];
  if (typeof name !== 'string' || name === '') return null;
  try {
    return Fqdn.parse(name);
  } catch (error) {
    if (!isDomainError(error)) throw error;
    taking.note(`it is taken without its name: ${error.message}`);
    return null;
  }
}
