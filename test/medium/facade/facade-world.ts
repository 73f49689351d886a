import { AddressingService } from '#contexts/addressing';
import { FabricService } from '#contexts/fabric';
import { FacadeService } from '#contexts/facade';
import { NumberingService } from '#contexts/numbering';
import { type AddressSpaceId, Cidr, Fqdn, Label, type TenantId, type VrfId } from '#engines/kernel';
import { systemScope } from '#platform';
import { type ApiWorld, createApiWorld } from '../../support/api-world.js';

export interface FacadeWorld {
  readonly world: ApiWorld;
  readonly url: string;
  /** Two customers' VRFs with the same addresses, in address spaces of their own; each has a façade. */
  readonly a: FacadeParty;
  readonly b: FacadeParty;
  rows<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
}

export interface FacadeParty {
  readonly tenantId: TenantId;
  readonly vrfId: VrfId;
  readonly spaceId: AddressSpaceId;
  readonly token: string;
}

export async function createFacadeWorld(): Promise<FacadeWorld> {
  const world = await createApiWorld();
  const scope = systemScope('test');
  const [addressing, fabric, pools, facades] = [
    world.api.get(AddressingService, { strict: false }),
    world.api.get(FabricService, { strict: false }),
    world.api.get(NumberingService, { strict: false }),
    world.api.get(FacadeService, { strict: false }),
  ];
  const party = async (slug: string, tenantId: TenantId): Promise<FacadeParty> => {
    const made = await world.db.inTransaction(scope, async (tx) => {
      const { id: l3vniPoolId } = await pools.poolBySlug(tx, 'l3vni');
      const vrf = await fabric.createVrf(tx, { tenantId, l3vniPoolId, slug, name: Label.parse(slug), key: slug });
      const spaceId = await addressing.createSpace(tx, { fabricId: world.fabricId, slug, name: slug });
      for (const [family, cidr, minLength, maxLength] of [
        [4, '10.0.0.0/8', 8, 30],
        [6, '2001:db8:8888::/48', 48, 64],
      ] as const) {
        const pool = {
          spaceId,
          slug: `${slug}-v${family}`,
          name: slug,
          cidr: Cidr.parse(cidr),
          minLength,
          defaultLength: family === 4 ? 24 : 64,
          maxLength,
        };
        await addressing.createPrefixPool(tx, { ...pool, quarantineSeconds: 3600 });
      }
      return { vrfId: vrf.id, spaceId };
    });
    const token = await facades.create({
      slug,
      tenantId,
      vrfId: made.vrfId,
      poolSlugs: [`${slug}-v4`, `${slug}-v6`],
      dnsZone: Fqdn.parse(`${slug}.cust.example`),
      actor: 'test',
    });
    return { tenantId, ...made, token };
  };
  const a = await party('vrf-a', world.tenantId);
  const b = await party('vrf-b', (await world.newTenant('umbrella', 'Umbrella')).tenantId);
  return {
    world,
    url: `${world.apiUrl}/netbox/api`,
    a,
    b,
    rows: (sql, values = []) => world.db.inTransaction(scope, (tx) => tx.sql(sql, values)),
  };
}
