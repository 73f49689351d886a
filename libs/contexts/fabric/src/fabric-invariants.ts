/** VLANs and the domains that use them know one another. */
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type Invariant, InvariantRegistry, type Slices } from '#contexts/events';
import { numberPools } from '#contexts/numbering';

/** A domain has at most 4093 mappings. */
const PAGE = 20;

const vlanDomains: Slices = {
  name: 'VLAN domains',
  kind: 'vlanDomain',
  next: async (tx, after) =>
    (await tx.sql<{ id: string }>('SELECT id FROM vlan_domain WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2', [after, PAGE])).map(
      (row) => row.id,
    ),
};

const vlansAreUsed: Invariant = {
  name: 'fabric.vlans-used',
  says: 'Every VLAN that a mapping holds is the VLAN of one.',
  remedy: 'The mapping is gone: when no device carries the VLAN, release the allocation with `number_release` in the database.',
  slices: numberPools,
  violations: (tx, ids, limit) =>
    tx.sql<{ id: string; what: string }>(
      `SELECT a.pool_id AS id, a.value || ' (' || a.id || ') is held by a vlan_mapping and no vlan_mapping has it' AS what FROM number_allocation a
        WHERE a.pool_id = ANY($1) AND a.holder_kind <> 'external' AND a.holder_kind = 'vlan_mapping'
          AND NOT EXISTS (SELECT FROM vlan_mapping m WHERE m.vlan_allocation_id = a.id) LIMIT $2`,
      [ids, limit],
    ),
};

const mappingsHaveVlans: Invariant = {
  name: 'fabric.mappings-numbered',
  says: 'The VLAN of every mapping is bound to it, out of a pool of its domain, with the value that it repeats.',
  remedy:
    'The mapping and the allocation do not belong together. Find out in the audit which of them was changed, and put it right before the pool gives the VLAN to another network.',
  slices: vlanDomains,
  violations: (tx, ids, limit) =>
    tx.sql<{ id: string; what: string }>(
      `SELECT m.vlan_domain_id AS id, 'VLAN ' || m.vlan || ' of the network ' || m.network_id || CASE
            WHEN a.id IS NULL THEN ' has no allocation'
            WHEN a.state <> 'BOUND' THEN ' is an allocation that is ' || a.state
            WHEN a.value <> m.vlan THEN ' is an allocation of ' || a.value
            WHEN a.holder_kind <> 'vlan_mapping' THEN ' is held as ' || a.holder_kind
            ELSE ' is of another VLAN domain' END || coalesce(' (' || a.id || ')', '') AS what
         FROM vlan_mapping m LEFT JOIN number_allocation a ON a.id = m.vlan_allocation_id AND a.tenant_id = m.tenant_id
         LEFT JOIN number_space s ON s.id = a.space_id
        WHERE m.vlan_domain_id = ANY($1) AND (a.state, a.value, a.holder_kind, s.vlan_domain_id) IS DISTINCT FROM ('BOUND', m.vlan::bigint, 'vlan_mapping', m.vlan_domain_id)
        LIMIT $2`,
      [ids, limit],
    ),
};

@Injectable()
export class FabricInvariants implements OnModuleInit {
  constructor(private readonly registry: InvariantRegistry) {}

  onModuleInit(): void {
    this.registry.add(vlansAreUsed, mappingsHaveVlans);
  }
}
