import type { SubnetId } from '#engines/kernel';
import type { Bench } from '../bench.js';

/** Rows of one statement. */
const CHUNK = 250_000;

/** The lowest addresses of a subnet, as they come from another system: without keys, constraints on; then what is derived from them. */
export async function loadAddresses(
  { owner, system }: Pick<Bench, 'owner' | 'system'>,
  subnetId: SubnetId,
  addresses: number,
): Promise<void> {
  for (let from = 0; from < addresses; from += CHUNK) {
    await system.query(
      `INSERT INTO ip_address (id, tenant_id, space_id, subnet_id, address, role)
       SELECT (left(s.id::text, 24) || lpad(to_hex(n), 12, '0'))::uuid, s.tenant_id, s.space_id, s.id, (address_hosts(s.cidr)).first + n, 'HOST'
         FROM subnet s, generate_series($2::bigint, $3::bigint) n WHERE s.id = $1`,
      [subnetId, from, Math.min(from + CHUNK, addresses) - 1],
    );
  }
  await system.query('SELECT address_rebuild($1)', [subnetId]);
  await owner.query('ANALYZE ip_address, free_address, subnet_state');
}
