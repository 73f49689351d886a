/** Is any number held twice, in the database or on the devices, and is every pool as large as it was? */
import type { ChaosDatabase } from '../chaos-database.js';
import type { DeviceUnderTest } from '../device-under-test.js';

/** Each names what must not be; a row is a violation. The schema forbids most of them: here it is proved and not believed. */
const HELD_TWICE: Readonly<Record<string, string>> = {
  'a VNI of two living networks': `SELECT vni::text AS what FROM network WHERE state <> 'RETIRED' GROUP BY fabric_id, vni HAVING count(*) > 1`,
  'an EVI id of two living networks': `SELECT evi_id::text AS what FROM network WHERE state <> 'RETIRED' GROUP BY fabric_id, evi_id HAVING count(*) > 1`,
  'a VLAN of two networks in one domain': 'SELECT vlan::text AS what FROM vlan_mapping GROUP BY vlan_domain_id, vlan HAVING count(*) > 1',
  'a route distinguisher of two networks': 'SELECT text AS what FROM route_distinguisher GROUP BY text HAVING count(*) > 1',
  'a route target of two networks': 'SELECT text AS what FROM route_target GROUP BY fabric_id, text HAVING count(*) > 1',
  'an address given twice': 'SELECT host(address) AS what FROM ip_address GROUP BY space_id, address HAVING count(*) > 1',
  'overlapping subnets':
    'SELECT a.cidr || $$ and $$ || b.cidr AS what FROM subnet a JOIN subnet b ON a.space_id = b.space_id AND a.id < b.id AND a.cidr && b.cidr',
  'a living network whose number is not allocated to it': `SELECT n.slug AS what FROM network n WHERE n.state <> 'RETIRED' AND (
      NOT EXISTS (SELECT 1 FROM number_allocation a WHERE a.id = n.vni_allocation_id AND a.value = n.vni AND a.state = 'BOUND')
      OR NOT EXISTS (SELECT 1 FROM number_allocation a WHERE a.id = n.evi_allocation_id AND a.value = n.evi_id AND a.state = 'BOUND'))`,
  'a VLAN that is not allocated to its network': `SELECT m.vlan::text AS what FROM vlan_mapping m WHERE NOT EXISTS (
      SELECT 1 FROM number_allocation a WHERE a.id = m.vlan_allocation_id AND a.value = m.vlan AND a.state = 'BOUND')`,
};

const NOT_CONSERVED: Readonly<Record<string, string>> = {
  'number pool is not free + allocated': `SELECT p.slug || $$: $$ || r.size || $$ configured, $$ || f.size || $$ free, $$ || a.size || $$ allocated$$ AS what FROM number_pool p
      CROSS JOIN LATERAL (SELECT coalesce(sum(last - first + 1), 0) AS size FROM number_pool_range WHERE pool_id = p.id) r
      CROSS JOIN LATERAL (SELECT coalesce(sum(last - first + 1), 0) AS size FROM free_number WHERE pool_id = p.id) f
      CROSS JOIN LATERAL (SELECT count(*) AS size FROM number_allocation WHERE pool_id = p.id) a WHERE r.size <> f.size + a.size`,
  'number free and allocated at once': `SELECT p.slug || $$ $$ || a.value AS what FROM free_number f JOIN number_pool p ON p.id = f.pool_id
      JOIN number_allocation a ON a.pool_id = f.pool_id AND a.value BETWEEN f.first AND f.last`,
  'prefix pool is not free + allocated': `SELECT p.slug || $$: $$ || s.size || $$ configured, $$ || f.size || $$ free, $$ || a.size || $$ allocated$$ AS what FROM prefix_pool p
      CROSS JOIN LATERAL (SELECT sum(2::numeric ^ (32 - masklen(cidr))) AS size FROM prefix_pool_range WHERE pool_id = p.id) s
      CROSS JOIN LATERAL (SELECT coalesce(sum(2::numeric ^ (32 - length)), 0) AS size FROM free_prefix WHERE pool_id = p.id) f
      CROSS JOIN LATERAL (SELECT coalesce(sum(2::numeric ^ (32 - masklen(cidr))), 0) AS size FROM prefix WHERE parent_id IN (SELECT prefix_id FROM prefix_pool_range WHERE pool_id = p.id)) a WHERE s.size <> f.size + a.size`,
  'number bound to nothing': `SELECT p.slug || $$ $$ || a.value AS what FROM number_allocation a JOIN number_pool p ON p.id = a.pool_id WHERE a.state <> 'QUARANTINED'
      AND NOT EXISTS (SELECT 1 FROM network n WHERE a.id IN (n.vni_allocation_id, n.evi_allocation_id))
      AND NOT EXISTS (SELECT 1 FROM vlan_mapping m WHERE m.vlan_allocation_id = a.id)`,
  'prefix of no subnet': `SELECT x.cidr::text AS what FROM prefix x WHERE x.holder_kind = 'subnet' AND x.state = 'BOUND' AND NOT EXISTS (SELECT 1 FROM subnet s WHERE s.prefix_id = x.id)`,
  'undone or removed network with remains': `SELECT n.slug AS what FROM network n WHERE n.state = 'RETIRED' AND (
      EXISTS (SELECT 1 FROM attachment a WHERE a.network_id = n.id) OR EXISTS (SELECT 1 FROM vlan_mapping m WHERE m.network_id = n.id)
      OR EXISTS (SELECT 1 FROM route_distinguisher r WHERE r.network_id = n.id) OR EXISTS (SELECT 1 FROM subnet s WHERE s.network_id = n.id)
      OR EXISTS (SELECT 1 FROM route_target t WHERE t.network_id = n.id))`,
  'compensated order that left something': `SELECT o.external_ref AS what FROM network_order o WHERE o.kind = 'PROVISION' AND o.state = 'FAILED_COMPENSATED' AND (
      o.network_id IS NOT NULL OR EXISTS (SELECT 1 FROM network n WHERE n.external_ref = o.external_ref)
      OR EXISTS (SELECT 1 FROM number_allocation a WHERE a.external_ref = o.external_ref)
      OR EXISTS (SELECT 1 FROM prefix x WHERE starts_with(x.key, o.idempotency_key || '/')))`,
};

/** @returns what is held twice. */
export async function checkNumbers(database: ChaosDatabase, devices: readonly DeviceUnderTest[]): Promise<string[]> {
  return [...(await violations(database, HELD_TWICE)), ...liveTwice(devices)];
}

/** @returns where something was lost from a pool, or left behind. */
export const checkPools = (database: ChaosDatabase): Promise<string[]> => violations(database, NOT_CONSERVED);

async function violations(database: ChaosDatabase, queries: Readonly<Record<string, string>>): Promise<string[]> {
  const found: string[] = [];
  for (const [name, query] of Object.entries(queries))
    for (const { what } of await database.rows<{ what: string }>(query)) found.push(`${name}: ${what}`);
  return found;
}

/** Route distinguishers are unique in the world that the fabric sees, VNIs and VLANs on a device. */
function liveTwice(devices: readonly DeviceUnderTest[]): string[] {
  const perDevice = devices.flatMap((device) => {
    const { vnis, vlans } = device.live();
    return [
      ...repeated(vnis).map((vni) => `${device.slug}: VNI ${vni} is live twice`),
      ...repeated(vlans).map((vlan) => `${device.slug}: VLAN ${vlan} is live twice`),
    ];
  });
  return [...perDevice, ...repeated(devices.flatMap((device) => device.live().rds)).map((rd) => `route distinguisher ${rd} is live twice`)];
}

const repeated = <T>(values: readonly T[]): T[] => [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
