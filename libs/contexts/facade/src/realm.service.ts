import { Injectable } from '@nestjs/common';
import { AddressLookup, type Realm } from '#contexts/addressing';
import { TenancyService } from '#contexts/tenancy';
import type { AddressSpaceId, Cidr, PrefixPoolId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { Facade } from './domain/facade.js';
import type { Surroundings } from './domain/netbox-objects.js';
import { wrongField } from './domain/netbox-refusal.js';
import { FacadeStore } from './store/facade.store.js';

export interface PoolRange {
  readonly poolId: PrefixPoolId;
  readonly spaceId: AddressSpaceId;
  readonly cidr: Cidr;
}

/** What a façade may see: its tenant, its VRF, the address spaces of its pools. */
@Injectable()
export class RealmService {
  constructor(
    private readonly tenancy: TenancyService,
    private readonly lookup: AddressLookup,
    private readonly store: FacadeStore,
  ) {}

  ranges(tx: Tx, facade: Facade): Promise<PoolRange[]> {
    return this.lookup.ranges(tx, facade.poolIds);
  }

  async realm(tx: Tx, facade: Facade): Promise<Realm> {
    const spaceIds = [...new Set((await this.ranges(tx, facade)).map(({ spaceId }) => spaceId))];
    return { tenantId: facade.tenantId, vrfId: facade.vrfId, spaceIds };
  }

  async surroundings(tx: Tx, facade: Facade, base: string): Promise<Surroundings> {
    const { tenantId, vrfId } = facade;
    const { name, slug } = await this.tenancy.tenant(tx, tenantId);
    const [tenantNumber] = await this.store.numbers(tx, tenantId, 'tenant', [tenantId]);
    const tenant = { number: tenantNumber as number, name, slug };
    if (vrfId === null) return { base, tenant, vrf: null };
    const vrf = await this.tenancy.vrf(tx, vrfId);
    const [vrfNumber] = await this.store.numbers(tx, tenantId, 'vrf', [vrfId]);
    return { base, tenant, vrf: { number: vrfNumber as number, name: vrf.name } };
  }

  /** Whether filters by VRF and tenant mean this façade's; a façade has one of each. */
  isMeant({ vrf, tenant }: Surroundings, filters: ReadonlyMap<string, readonly string[]>): boolean {
    const means = (name: string, own: string): boolean => filters.get(name)?.every((asked) => asked === own) ?? true;
    return means('vrf_id', String(vrf?.number ?? 'null')) && means('tenant_id', String(tenant.number));
  }

  /** @throws NetBoxRefusal 400 when a body names another VRF or tenant than the façade's, or what is not kept here. */
  checkBody({ vrf, tenant }: Surroundings, body: Readonly<Record<string, unknown>>): void {
    const own = (field: string, value: unknown, number: number | null, name: string | null): void => {
      const asked = typeof value === 'object' && value !== null ? (value as { id?: unknown; name?: unknown }) : { id: value };
      if (value === undefined || asked.id === number || (asked.id === undefined && asked.name === name)) return;
      throw wrongField(field, `This token is for ${name === null ? 'objects without one' : `${name} (${number})`} only.`);
    };
    own('vrf', body['vrf'], vrf?.number ?? null, vrf?.name ?? null);
    own('tenant', body['tenant'], tenant.number, tenant.name);
    if (body['status'] !== undefined && body['status'] !== 'active') throw wrongField('status', 'Only active is kept here.');
    for (const field of ['tags', 'custom_fields', 'role', 'comments']) {
      const value = body[field];
      const isEmpty =
        value === undefined || value === null || value === '' || (typeof value === 'object' && Object.keys(value as object).length === 0);
      if (!isEmpty) throw wrongField(field, 'This is not kept here.');
    }
  }
}
