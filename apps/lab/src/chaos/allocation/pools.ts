/** What the callers ask from: one large number pool, a container of prefixes, a subnet. */
import type { INestApplicationContext } from '@nestjs/common';
import { AddressingService, PrefixAllocationService, SubnetService } from '#contexts/addressing';
import { PoolAdminService } from '#contexts/numbering';
import { TenancyService } from '#contexts/tenancy';
import {
  Cidr,
  type FabricId,
  IdempotencyKey,
  type PoolId,
  type PrefixId,
  type PrefixPoolId,
  type SubnetId,
  type TenantId,
  Vni,
} from '#engines/kernel';
import { Database, newId, systemScope } from '#platform';

/** Long enough to be seen, short enough that values come back within the run. */
export const QUARANTINE_SECONDS = 1;
const SCOPE = systemScope('chaos');

export interface Pools {
  readonly tenantId: TenantId;
  readonly numberPoolId: PoolId;
  readonly prefixPoolId: PrefixPoolId;
  readonly subnetId: SubnetId;
}

export async function makePools(app: INestApplicationContext): Promise<Pools> {
  const db = app.get(Database);
  const rest = { quarantineSeconds: QUARANTINE_SECONDS };
  const { tenantId, ...pools } = await db.inTransaction(SCOPE, async (tx) => {
    const { id: tenant } = await app.get(TenancyService, { strict: false }).createTenant(tx, { slug: 'caller', name: 'Caller' });
    const fabric = newId<FabricId>();
    await tx.run(
      `INSERT INTO fabric (id, slug, name, asn_scheme, rt_administrator, vtep_pool, anycast_gateway_mac)
         VALUES ($1, 'chaos', 'Chaos', 'IBGP', 65051, '172.16.0.0/16', '00:1c:73:00:00:01')`,
      [fabric],
    );
    const admin = app.get(PoolAdminService, { strict: false });
    const numberPoolId = await admin.create(tx, {
      fabricId: fabric,
      kind: 'VNI',
      slug: 'numbers',
      name: 'Numbers',
      ranges: [{ first: 1, last: Vni.max }],
      ...rest,
    });
    await admin.setQuota(tx, numberPoolId, tenant, Vni.max);
    const addressing = app.get(AddressingService, { strict: false });
    const spaceId = await addressing.createSpace(tx, { fabricId: fabric, slug: 'space', name: 'Space' });
    const lengths = { minLength: 8, defaultLength: 28, maxLength: 30 };
    const pool = (slug: string, cidr: string): Promise<PrefixPoolId> =>
      addressing.createPrefixPool(tx, { spaceId, slug, name: slug, cidr: Cidr.parse(cidr), ...lengths, ...rest });
    return {
      tenantId: tenant,
      numberPoolId,
      prefixPoolId: await pool('prefixes', '10.0.0.0/8'),
      hostPoolId: await pool('hosts', '172.0.0.0/8'),
    };
  });
  const { allocations } = await app.get(PrefixAllocationService, { strict: false }).allocate(SCOPE, {
    poolId: pools.hostPoolId,
    tenantId,
    key: IdempotencyKey.parse('subnet'),
    length: 10,
  });
  const leaf = allocations[0] as { id: PrefixId; generation: number };
  const subnet = await db.inTransaction(SCOPE, (tx) =>
    app
      .get(SubnetService, { strict: false })
      .open(tx, { prefixId: leaf.id, generation: leaf.generation, tenantId, gatewayMode: 'NONE', ...rest }),
  );
  return { tenantId, numberPoolId: pools.numberPoolId, prefixPoolId: pools.prefixPoolId, subnetId: subnet.id };
}
