import { Injectable } from '@nestjs/common';
import { TenancyListing } from '#contexts/tenancy';
import type { AddressSpaceId, TenantId, VrfId } from '#engines/kernel';
import type { ImportPlaces, SpaceRule, Taking } from './taking.js';

/** Whose something is. What is in a VRF is its tenant's. */
export interface Whose {
  readonly vrfId: VrfId | null;
  readonly tenantId: TenantId | null;
}

interface VrfOfRun {
  readonly name: string;
  readonly tenantId: TenantId;
}

/** Of one run, by id: read once. */
interface Known {
  readonly vrfs: Map<VrfId, VrfOfRun>;
  readonly slugs: Map<TenantId, string>;
}

/** Which address space something goes into. */
@Injectable()
export class ImportedSpaces {
  private readonly known = new WeakMap<ImportPlaces, Known>();

  constructor(private readonly tenancy: TenancyListing) {}

  /** The same places, with the space for this. */
  async placesFor(taking: Taking, whose: Whose): Promise<ImportPlaces> {
    const { places } = taking;
    if (places.elsewhere.length === 0) return places;
    return { ...places, spaceId: (await this.ruleFor(taking, whose))?.spaceId ?? places.spaceId };
  }

  /** Where a prefix of this VRF or, without one, of any tenant may be: an address need not have the tenant of its prefix. That of its own first. */
  async spacesFor(taking: Taking, whose: Whose): Promise<AddressSpaceId[]> {
    const own = (await this.placesFor(taking, whose)).spaceId;
    const { places } = taking;
    if (whose.vrfId !== null) return [own];
    const others = places.elsewhere.filter((rule) => rule.whose !== 'VRF').map(({ spaceId }) => spaceId);
    return [...new Set([own, ...others, places.spaceId])];
  }

  /** Whether a rule says where what is in this VRF goes. */
  async hasOwn(taking: Taking, vrfId: VrfId): Promise<boolean> {
    return (await this.ruleFor(taking, { vrfId, tenantId: null }))?.whose === 'VRF';
  }

  private async ruleFor(taking: Taking, { vrfId, tenantId }: Whose): Promise<SpaceRule | undefined> {
    const { elsewhere } = taking.places;
    const named = (whose: SpaceRule['whose'], name: string | undefined): SpaceRule | undefined =>
      elsewhere.find((rule) => rule.whose === whose && rule.name === name);
    if (vrfId === null) return (tenantId && named('TENANT', await this.slugOf(taking, tenantId))) ?? named('GLOBAL', '');
    const vrf = await this.vrf(taking, vrfId);
    return named('VRF', vrf?.name) ?? (vrf && named('TENANT', await this.slugOf(taking, vrf.tenantId)));
  }

  private async vrf({ tx, places }: Taking, id: VrfId): Promise<VrfOfRun | undefined> {
    const { vrfs } = this.of(places);
    if (!vrfs.has(id)) for (const row of await this.tenancy.vrfsById(tx, [id])) vrfs.set(id, { name: row.name, tenantId: row.tenantId });
    return vrfs.get(id);
  }

  private async slugOf({ tx, places }: Taking, id: TenantId): Promise<string | undefined> {
    const { slugs } = this.of(places);
    if (!slugs.has(id)) for (const row of await this.tenancy.tenantsById(tx, [id])) slugs.set(id, row.slug);
    return slugs.get(id);
  }

  private of(places: ImportPlaces): Known {
    const known = this.known.get(places) ?? { vrfs: new Map(), slugs: new Map() };
    this.known.set(places, known);
    return known;
  }
}
