import { Injectable } from '@nestjs/common';
import { AddressingService, PrefixAllocationService, PrefixTreeService, SubnetService } from '#contexts/addressing';
import { TenancyListing } from '#contexts/tenancy';
import {
  Cidr,
  decodeId,
  type DomainError,
  encodeId,
  IdempotencyKey,
  type NetworkId,
  type PrefixPoolId,
  type TenantId,
  type VrfId,
} from '#engines/kernel';
import { vlanIds } from '../local-ids.js';
import { ImportedPools } from './imported-pools.js';
import { ImportedSpaces, type Whose } from './imported-spaces.js';
import { keyOf, localRef, refusal, type Taking, textOf } from './taking.js';
import { tenantOf } from './take-tenancy.js';

/** Prefixes that another system knows: containers, and subnets that come out of a pool here, so that nobody else is given them. */
@Injectable()
export class TakePrefixes {
  constructor(
    private readonly pools: ImportedPools,
    private readonly tree: PrefixTreeService,
    private readonly prefixes: PrefixAllocationService,
    private readonly subnets: SubnetService,
    private readonly addressing: AddressingService,
    private readonly tenancy: TenancyListing,
    private readonly spaces: ImportedSpaces,
  ) {}

  /** @returns its id, as the next. @throws DomainError OVERLAPS | INVALID_STATE | INVALID_VALUE. */
  async container(taking: Taking): Promise<string> {
    const whose = whoseIs(taking);
    if (whose.vrfId !== null && !(await this.spaces.hasOwn(taking, whose.vrfId)))
      throw refusal(
        'INVALID_STATE',
        'it is a container of a VRF there; containers here are of an address space and in no VRF: give the VRF a space of its own',
      );
    const { spaceId } = await this.spaces.placesFor(taking, whose);
    const cidr = Cidr.parse(taking.object.fields['prefix']);
    return encodeId('prefix', (await this.tree.createContainer(taking.tx, { spaceId, cidr })).id);
  }

  /** A subnet; of the network whose VLAN it has there, where it is in no VRF. @throws DomainError OVERLAPS | OUT_OF_RANGE | NOT_FOUND | INVALID_STATE. */
  async prefix(taking: Taking): Promise<string | DomainError> {
    const { tx, object } = taking;
    const cidr = Cidr.parse(object.fields['prefix']);
    if (object.fields['status'] === 'reserved') return this.keepFree(taking, cidr);
    const { vrfId } = whoseIs(taking);
    const tenantId = await this.ownerOf(taking, vrfId);
    const networkId = vrfId === null ? await this.networkOf(taking, tenantId) : null;
    const poolId = await this.pools.holding(tx, await this.spaces.placesFor(taking, { vrfId, tenantId }), cidr);
    if (networkId !== null) return this.subnetOf(taking, networkId, { tenantId, poolId, cidr });
    const key = IdempotencyKey.parse(keyOf(taking, 'prefix'));
    const [leaf] = await this.prefixes.adoptIn(tx, poolId, tenantId, [{ cidr, key }]);
    if (!leaf) throw refusal('NOT_FOUND', 'it is another tenant’s');
    await this.subnets.open(tx, {
      prefixId: leaf.id,
      generation: leaf.generation,
      tenantId,
      gatewayMode: 'NONE',
      ...(vrfId !== null && { vrfId }),
    });
    return encodeId('prefix', leaf.id);
  }

  /** A refusal that is returned: what it did stays. */
  private async keepFree(taking: Taking, cidr: Cidr): Promise<DomainError> {
    const reason = taking.object.fields['description'];
    const places = await this.spaces.placesFor(taking, whoseIs(taking));
    const pool = await this.pools.exclude(taking.tx, places, cidr, typeof reason === 'string' && reason !== '' ? reason : 'reserved there');
    return refusal(
      'INVALID_STATE',
      pool
        ? `it is reserved there: the pool ${pool.slug} gives nothing of it to anybody, and it is no prefix of anybody here`
        : 'it is reserved there, and in no pool here that could give it away',
    );
  }

  private async subnetOf(
    { tx, object, places }: Taking,
    networkId: NetworkId,
    on: { tenantId: TenantId; poolId: PrefixPoolId; cidr: Cidr },
  ): Promise<string> {
    const { prefixId } = await this.addressing.createSubnet(tx, {
      ...on,
      networkId,
      gatewayMode: 'NONE',
      gatewayName: null,
      dnsZone: null,
      key: `adopted/${places.source}/prefix/${object.remoteId}`,
    });
    return encodeId('prefix', prefixId);
  }

  /** Its own tenant, that of its VRF, or the one for what has none. */
  private async ownerOf(taking: Taking, vrfId: VrfId | null): Promise<TenantId> {
    if (vrfId === null) return tenantOf(taking);
    const [vrf] = await this.tenancy.vrfsById(taking.tx, [vrfId]);
    if (!vrf) throw refusal('NOT_FOUND', 'its VRF is not there any more');
    const own = localRef(taking, 'tenant');
    if (own !== null && own !== encodeId('tenant', vrf.tenantId))
      throw refusal('INVALID_STATE', `its VRF (${textOf(taking, 'vrf') || vrf.name}) is another tenant's than it is`);
    return vrf.tenantId;
  }

  private async networkOf(taking: Taking, tenantId: TenantId): Promise<NetworkId | null> {
    const vlan = localRefOrNote(taking, 'vlan');
    if (vlan === null) return null;
    const { networkId } = vlanIds.parse(vlan);
    const [network] = await this.tenancy.networksById(taking.tx, [networkId]);
    if (network?.tenantId === tenantId) return networkId;
    taking.note('it is no subnet of the network of its VLAN, which is of another tenant');
    return null;
  }
}

function whoseIs(taking: Taking): Whose {
  const [vrf, tenant] = [localRef(taking, 'vrf'), localRef(taking, 'tenant')];
  return {
    vrfId: vrf === null ? null : decodeId<VrfId>('vrf', vrf),
    tenantId: tenant === null ? taking.places.tenantId : decodeId<TenantId>('tenant', tenant),
  };
}

/** A VLAN that was not taken keeps no prefix from being taken. */
function localRefOrNote(taking: Taking, field: string): string | null {
  try {
    return localRef(taking, field);
  } catch {
    taking.note(`its ${field} there is not taken: it is a subnet of no network here`);
    return null;
  }
}
