import { AddressingService } from '#contexts/addressing';
import { type FabricInventory, InventoryService } from '#contexts/fabric';
import { PoolAdminService } from '#contexts/numbering';
import { TenancyService } from '#contexts/tenancy';
import { Cidr, type FabricId, type PoolId, type PrefixPoolId, type TenantId, type VlanDomainId } from '#engines/kernel';
import { Database, systemScope } from '#platform';

export interface LoadedWorld {
  readonly fabricId: FabricId;
  readonly tenantId: TenantId;
  readonly vniPoolId: PoolId;
  readonly prefixPoolId: PrefixPoolId;
}

export interface WorldServices {
  readonly db: Database;
  readonly inventory: InventoryService;
  readonly pools: PoolAdminService;
  readonly addressing: AddressingService;
  readonly tenancy: TenancyService;
}

export interface WorldOptions {
  readonly vnis?: { readonly first: number; readonly last: number };
  readonly prefix?: string;
  readonly quarantineSeconds?: number;
}

/** Inventory, the pools that orders draw from, and one customer. */
export function loadFabric(services: WorldServices, inventory: FabricInventory, options: WorldOptions = {}): Promise<LoadedWorld> {
  const quarantine = options.quarantineSeconds === undefined ? {} : { quarantineSeconds: options.quarantineSeconds };
  return services.db.inTransaction(systemScope('lab'), async (tx) => {
    const { fabricId, vlanDomains } = await services.inventory.load(tx, inventory);
    const pool = { fabricId, ...quarantine };
    const vniPoolId = await services.pools.create(tx, {
      ...pool,
      kind: 'VNI',
      slug: 'cust-vni',
      name: 'Customer VNIs',
      ranges: [options.vnis ?? { first: 10_000, last: 19_999 }],
    });
    await services.pools.create(tx, { ...pool, kind: 'L3VNI', slug: 'l3vni', name: 'L3 VNIs', ranges: [{ first: 50_000, last: 50_999 }] });
    await services.pools.create(tx, { ...pool, kind: 'EVI', slug: 'evi', name: 'EVI ids', ranges: [{ first: 10_000, last: 65_535 }] });
    for (const [slug, vlanDomainId] of vlanDomains as ReadonlyMap<string, VlanDomainId>) {
      // EOS takes VLANs for routed ports from 1006 up by default: customers stay below.
      await services.pools.create(tx, {
        ...pool,
        kind: 'VLAN',
        vlanDomainId,
        slug: `vlan-${slug}`,
        name: `VLANs of ${slug}`,
        ranges: [{ first: 100, last: 999 }],
      });
    }
    const spaceId = await services.addressing.createSpace(tx, { fabricId, slug: 'customers', name: 'Customers' });
    const cidr = Cidr.parse(options.prefix ?? '10.20.0.0/16');
    const prefixPoolId = await services.addressing.createPrefixPool(tx, {
      spaceId,
      cidr,
      slug: 'cust-v4',
      name: 'Customer IPv4',
      defaultLength: 24,
      minLength: Cidr.length(cidr),
      maxLength: 29,
      ...quarantine,
    });
    const tenant = await services.tenancy.createTenant(tx, { slug: 'acme', name: 'Acme SA' });
    return { fabricId, tenantId: tenant.id, vniPoolId, prefixPoolId };
  });
}
