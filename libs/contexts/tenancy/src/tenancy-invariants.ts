/** Numbers and those who hold them know one another. Numbering cannot say this: it does not know what a network is. */
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type Invariant, InvariantRegistry, type Slices } from '#contexts/events';
import { numberPools } from '#contexts/numbering';

const PAGE = 2000;

const slicesOf = (name: string, kind: 'network' | 'vrf', alive: string): Slices => ({
  name,
  kind,
  next: async (tx, after) =>
    (
      await tx.sql<{ id: string }>(`SELECT id FROM ${kind} WHERE ${alive} AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2`, [
        after,
        PAGE,
      ])
    ).map((row) => row.id),
});

const GIVE_BACK =
  'Whoever held it is gone: when no device carries the value, release the allocation with `number_release` in the database.';
const MEND =
  'The row and the allocation do not belong together. Find out in the audit which of them was changed, and put it right before the pool gives the value to somebody else.';

const numbersAreUsed: Invariant = {
  name: 'tenancy.numbers-used',
  says: 'Every number that a network or a VRF holds is the number of one.',
  remedy: GIVE_BACK,
  slices: numberPools,
  violations: (tx, ids, limit) =>
    tx.sql<{ id: string; what: string }>(
      `SELECT a.pool_id AS id, a.value || ' (' || a.id || ') is held by a ' || a.holder_kind || ' and no ' || a.holder_kind || ' has it' AS what
         FROM number_allocation a WHERE a.pool_id = ANY($1) AND a.holder_kind <> 'external' AND CASE a.holder_kind
           WHEN 'network' THEN NOT EXISTS (SELECT FROM network n WHERE n.vni_allocation_id = a.id) AND NOT EXISTS (SELECT FROM network n WHERE n.evi_allocation_id = a.id)
           WHEN 'vrf' THEN NOT EXISTS (SELECT FROM vrf v WHERE a.id IN (v.l3vni_allocation_id, v.evi_allocation_id)) ELSE false END
        LIMIT $2`,
      [ids, limit],
    ),
};

/** @param numbers column of the allocation → column that repeats its value. */
const holderHasNumbers = (name: string, says: string, slices: Slices, numbers: Readonly<Record<string, string>>): Invariant => {
  const kind = slices.kind;
  const each = Object.entries(numbers).map(
    ([allocation, value]) =>
      `SELECT h.id, '${value} ' || h.${value} || CASE
           WHEN a.id IS NULL THEN ' has no allocation'
           WHEN a.state <> 'BOUND' THEN ' is an allocation that is ' || a.state
           WHEN a.value <> h.${value} THEN ' is an allocation of ' || a.value
           WHEN a.holder_kind <> '${kind}' THEN ' is held as ' || a.holder_kind END || coalesce(' (' || a.id || ')', '') AS what
         FROM ${kind} h LEFT JOIN number_allocation a ON a.id = h.${allocation} AND a.tenant_id = h.tenant_id
        WHERE h.id = ANY($1) AND (a.state, a.value, a.holder_kind) IS DISTINCT FROM ('BOUND', h.${value}::bigint, '${kind}')`,
  );
  return {
    name,
    says,
    remedy: MEND,
    slices,
    violations: (tx, ids, limit) =>
      tx.sql<{ id: string; what: string }>(`SELECT id, what FROM (${each.join(' UNION ALL ')}) found LIMIT $2`, [ids, limit]),
  };
};

const networksHaveNumbers = holderHasNumbers(
  'tenancy.networks-numbered',
  'The VNI and the EVI id of every network that is not retired are bound to it, with the values that it repeats.',
  slicesOf('networks', 'network', `state <> 'RETIRED'`),
  { vni_allocation_id: 'vni', evi_allocation_id: 'evi_id' },
);

const vrfsHaveNumbers = holderHasNumbers(
  'tenancy.vrfs-numbered',
  'The L3 VNI and the EVI id of every VRF are bound to it, with the values that it repeats.',
  slicesOf('VRFs', 'vrf', 'true'),
  { l3vni_allocation_id: 'l3vni', evi_allocation_id: 'evi_id' },
);

@Injectable()
export class TenancyInvariants implements OnModuleInit {
  constructor(private readonly registry: InvariantRegistry) {}

  onModuleInit(): void {
    this.registry.add(numbersAreUsed, networksHaveNumbers, vrfsHaveNumbers);
  }
}
