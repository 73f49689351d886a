import type { Fqdn, IpAddressId } from '#engines/kernel';
import type { Tx } from '#platform';

/** A row of `ip_address`, as far as its names go; rows from before there were aliases have none. */
interface KeptAddress {
  readonly id: IpAddressId;
  readonly dns_name?: Fqdn | null;
  readonly dns_aliases?: readonly Fqdn[] | null;
}
interface TakenNames {
  readonly id: IpAddressId;
  readonly names: readonly Fqdn[];
}

/**
 * The rows without the names that are not to be had again: an address is kept under that name by now, or another tenant is called so on name servers. An address
 * that loses its own name loses its aliases with it. Their subnets are there. Who takes a name after that is met by the index of names, or by the claims.
 * @returns also which names were left out, as they were kept, each once and in order.
 */
export async function withoutTakenNames(
  tx: Tx,
  rows: readonly object[],
): Promise<{ readonly rows: readonly object[]; readonly without: readonly Fqdn[] }> {
  const taken = await takenNames(tx, rows);
  if (taken.length === 0) return { rows, without: [] };
  const takenOf = new Map(taken.map(({ id, names }) => [id, names]));
  const without = new Set<Fqdn>();
  const left = (rows as readonly KeptAddress[]).map((row) => {
    const refused = takenOf.get(row.id);
    if (!refused) return row;
    const isNameless = row.dns_name !== null && row.dns_name !== undefined && refused.includes(row.dns_name);
    const aliases = isNameless ? [] : (row.dns_aliases ?? []).filter((name) => !refused.includes(name));
    for (const name of isNameless ? [row.dns_name as Fqdn, ...(row.dns_aliases ?? [])] : refused) without.add(name);
    return { ...row, dns_name: isNameless ? null : row.dns_name, dns_aliases: aliases.length === 0 ? null : aliases };
  });
  return { rows: left, without: [...without].sort() };
}

function takenNames(tx: Tx, rows: readonly object[]): Promise<TakenNames[]> {
  return tx.sql<TakenNames>(
    `SELECT a.id, array_agg(l.name) AS names FROM jsonb_populate_recordset(NULL::ip_address, $1::jsonb) a JOIN subnet s ON s.id = a.subnet_id
        CROSS JOIN LATERAL unnest(a.dns_name || a.dns_aliases) WITH ORDINALITY l (name, n)
      WHERE a.dns_name IS NOT NULL AND (
        EXISTS (SELECT FROM dns_name_claim c WHERE c.family = family(a.address) AND c.name = dns_called(l.name, s.dns_zone, s.dns_zone_prefix) COLLATE "C" AND c.place = 0
          AND c.tenant_id <> a.tenant_id)
        OR l.n = 1 AND EXISTS (SELECT FROM ip_address o WHERE o.dns_name = l.name AND family(o.address) = family(a.address)))
      GROUP BY a.id`,
    [JSON.stringify(rows)],
  );
}
