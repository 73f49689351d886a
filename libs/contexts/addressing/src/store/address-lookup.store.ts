import { Injectable } from '@nestjs/common';
import {
  type AddressSpaceId,
  Cidr,
  type Fqdn,
  Ip,
  type IpAddressId,
  type Mac,
  type PrefixId,
  type PrefixPoolId,
  type SubnetId,
  type TenantId,
  type VrfId,
} from '#engines/kernel';
import type { Tx } from '#platform';
import type { AddressAllocation, AddressExtent } from '../domain/allocation.js';
import type { Subnet } from '../domain/subnet.js';

/** Where values mean one thing: subnets of one tenant in one VRF (null: in none) of these address spaces. */
export interface Realm {
  readonly tenantId: TenantId;
  readonly vrfId: VrfId | null;
  readonly spaceIds: readonly AddressSpaceId[];
}

/** All that are given must hold. */
export interface SubnetQuestion {
  readonly ids?: readonly SubnetId[];
  readonly cidr?: Cidr;
  /** The address with which it begins. */
  readonly network?: Ip;
  readonly within?: Cidr;
  readonly having?: Ip;
}

export interface AddressQuestion {
  readonly ids?: readonly IpAddressId[];
  readonly subnetId?: SubnetId;
  readonly address?: Ip;
  readonly within?: Cidr;
  readonly mac?: Mac;
  readonly dnsName?: Fqdn;
}

/** DHCP ranges. */
export interface RangeQuestion {
  readonly subnetId?: SubnetId;
  readonly first?: Ip;
  readonly last?: Ip;
  /** Of subnets that lie in it. */
  readonly within?: Cidr;
}

export interface Page {
  readonly offset: number;
  readonly limit: number;
}

/** An allocation beside the subnet that it is in. */
export interface FoundAddress extends AddressAllocation {
  readonly subnet: Cidr;
  readonly description: string | null;
}

/** What clients are shown of it. */
export type StationAddress = Pick<
  FoundAddress,
  | 'id'
  | 'subnetId'
  | 'subnet'
  | 'address'
  | 'role'
  | 'mac'
  | 'dnsName'
  | 'description'
  | 'holderKind'
  | 'generation'
  | 'createdAt'
  | 'updatedAt'
>;

export interface FoundRange extends AddressExtent {
  readonly subnetId: SubnetId;
  /** Of the subnet. */
  readonly cidr: Cidr;
  readonly reason: string;
}

const SUBNET = `s.id, s.tenant_id AS "tenantId", s.network_id AS "networkId", s.vrf_id AS "vrfId", s.prefix_id AS "prefixId", s.space_id AS "spaceId", s.cidr::text AS cidr,
    s.gateway_mode AS "gatewayMode", host(s.gateway_address) AS "gatewayAddress", s.dns_zone AS "dnsZone"`;
const ADDRESS = `a.id, a.subnet_id AS "subnetId", a.tenant_id AS "tenantId", host(a.address) AS address, a.role, a.mac::text AS mac, a.dns_name AS "dnsName", a.state,
    a.generation, a.key, a.holder_kind AS "holderKind", a.holder, a.external_ref AS "externalRef", a.created_at AS "createdAt", a.updated_at AS "updatedAt",
    a.expires_at AS "expiresAt", a.released_at AS "releasedAt", a.reusable_at AS "reusableAt", s.cidr::text AS subnet, a.description`;
/** Beyond it nobody counts. */
const MOST_COUNTED = 100_000;

@Injectable()
export class AddressLookupStore {
  async subnets(tx: Tx, realm: Realm, question: SubnetQuestion, page: Page): Promise<{ rows: Subnet[]; count: number }> {
    const asked = new Conditions(realm);
    if (question.ids) asked.and('s.id = ANY(?)', question.ids);
    if (question.cidr !== undefined) asked.and('s.cidr = ?', question.cidr);
    if (question.network !== undefined) asked.and('s.cidr = ANY(?::cidr[])', beginningAt(question.network));
    if (question.within !== undefined) asked.and('s.cidr >= ?::cidr', question.within).and('s.cidr <= ?::cidr', lastOf(question.within));
    if (question.having !== undefined) asked.and('s.cidr = ANY(?::cidr[])', around(question.having));
    return this.paged<Subnet>(tx, SUBNET, `FROM subnet s WHERE ${asked.end()}`, 's.cidr, s.id', asked.values, page);
  }

  async addresses(tx: Tx, realm: Realm, question: AddressQuestion, page: Page): Promise<{ rows: FoundAddress[]; count: number }> {
    const asked = new Conditions(realm);
    const subnet = asked.end();
    asked.and(`a.state <> 'QUARANTINED'`).and('a.space_id = ANY(?)', realm.spaceIds);
    if (question.ids) asked.and('a.id = ANY(?)', question.ids);
    if (question.subnetId !== undefined) asked.and('a.subnet_id = ?', question.subnetId);
    if (question.address !== undefined) asked.and('a.address = ?', question.address);
    if (question.within !== undefined) {
      const { first, last } = boundsOf(question.within);
      asked.and('a.address >= ?::inet', first).and('a.address <= ?::inet', last);
    }
    if (question.mac !== undefined) asked.and('a.mac = ?', question.mac);
    if (question.dnsName !== undefined) asked.and('a.dns_name = ?', question.dnsName);
    // OFFSET 0: the subnet of each, and not all subnets for a few addresses.
    const from = `FROM ip_address a CROSS JOIN LATERAL (SELECT s.cidr FROM subnet s WHERE s.id = a.subnet_id AND ${subnet} OFFSET 0) s WHERE ${asked.end()}`;
    return this.paged<FoundAddress>(tx, ADDRESS, from, 'a.address, a.id', asked.values, page);
  }

  async dhcpRanges(tx: Tx, realm: Realm, question: RangeQuestion, page: Page): Promise<{ rows: FoundRange[]; count: number }> {
    const asked = new Conditions(realm).and(`r.kind = 'DHCP'`);
    if (question.subnetId !== undefined) asked.and('r.subnet_id = ?', question.subnetId);
    if (question.first !== undefined) asked.and('s.cidr = ANY(?::cidr[])', around(question.first)).and('r.first = ?', question.first);
    if (question.last !== undefined) asked.and('s.cidr = ANY(?::cidr[])', around(question.last)).and('r.last = ?', question.last);
    if (question.within !== undefined) asked.and('s.cidr >= ?::cidr', question.within).and('s.cidr <= ?::cidr', lastOf(question.within));
    const from = `FROM subnet s JOIN address_range r ON r.subnet_id = s.id WHERE ${asked.end()}`;
    const range = 'r.subnet_id AS "subnetId", s.cidr::text AS cidr, host(r.first) AS first, host(r.last) AS last, r.reason';
    return this.paged<FoundRange>(tx, range, from, 'r.first, r.subnet_id', asked.values, page);
  }

  /** What of it rests, and was the tenant's. */
  async restingAddress(tx: Tx, tenantId: TenantId, subnetId: SubnetId, address: Ip): Promise<IpAddressId | undefined> {
    const row = await tx.one<{ id: IpAddressId }>(
      `SELECT id FROM ip_address WHERE subnet_id = $1 AND address = $2 AND tenant_id = $3 AND state = 'QUARANTINED'`,
      [subnetId, address, tenantId],
    );
    return row?.id;
  }

  async restingPrefix(tx: Tx, tenantId: TenantId, spaceId: AddressSpaceId, cidr: Cidr): Promise<PrefixId | undefined> {
    const row = await tx.one<{ id: PrefixId }>(
      `SELECT id FROM prefix WHERE space_id = $1 AND cidr = $2 AND tenant_id = $3 AND state = 'QUARANTINED' AND role = 'SUBNET'`,
      [spaceId, cidr, tenantId],
    );
    return row?.id;
  }

  /** Address spaces and ranges of pools, in the order of the ranges. */
  async ranges(tx: Tx, poolIds: readonly PrefixPoolId[]): Promise<{ poolId: PrefixPoolId; spaceId: AddressSpaceId; cidr: Cidr }[]> {
    return tx.sql(
      `SELECT o.id AS "poolId", o.space_id AS "spaceId", r.cidr::text AS cidr FROM prefix_pool o JOIN prefix_pool_range r ON r.pool_id = o.id
        WHERE o.id = ANY($1) ORDER BY r.cidr, o.id`,
      [poolIds],
    );
  }

  /** @returns false when it has changed hands meanwhile. @param key null: the one that it has. */
  async changeStation(
    tx: Tx,
    id: IpAddressId,
    generation: number,
    to: { readonly mac: Mac | null; readonly dnsName: Fqdn | null; readonly description: string | null },
    key: string | null,
  ): Promise<boolean> {
    return (
      (await tx.run(
        `UPDATE ip_address a SET mac = $3, dns_name = $4, description = $5, generation = generation + 1, updated_at = now(), key = CASE
            WHEN $6::text IS NULL THEN a.key
            WHEN EXISTS (SELECT FROM ip_address x WHERE x.tenant_id = a.tenant_id AND x.key = $6 AND x.fingerprint <> '' AND x.state <> 'QUARANTINED' AND x.id <> a.id) THEN a.id::text
            ELSE $6 END
          WHERE id = $1 AND generation = $2`,
        [id, generation, to.mac, to.dnsName, to.description, key],
      )) === 1
    );
  }

  async free(tx: Tx, subnetId: SubnetId, within: AddressExtent | null, limit: number): Promise<AddressExtent[]> {
    if (within === null)
      return tx.sql<AddressExtent>(
        `SELECT host(f.first) AS first, host(f.last) AS last FROM free_address f WHERE f.subnet_id = $1 AND f.kind = 'HOST' ORDER BY f.first LIMIT $2`,
        [subnetId, limit],
      );
    return tx.sql<AddressExtent>(
      `SELECT host(greatest(f.first, $2)) AS first, host(least(f.last, $3)) AS last FROM free_address f
        WHERE f.subnet_id = $1 AND f.kind = 'DHCP' AND f.first <= $3 AND f.last >= $2 ORDER BY f.first LIMIT $4`,
      [subnetId, within.first, within.last, limit],
    );
  }

  async changeReason(tx: Tx, subnetId: SubnetId, first: Ip, reason: string): Promise<void> {
    await tx.run('UPDATE address_range SET reason = $3 WHERE subnet_id = $1 AND first = $2', [subnetId, first, reason]);
  }

  async isNameTaken(tx: Tx, name: Fqdn, { id, address }: Pick<StationAddress, 'id' | 'address'>): Promise<boolean> {
    // Another tenant may have the same address. As an alias, or by the prefix of its subnet, only another tenant has it.
    const row = await tx.one(
      `SELECT FROM ip_address WHERE dns_name = $1 AND family(address) = family($2::inet) AND id <> $3
       UNION ALL
       SELECT FROM ip_address a JOIN subnet s ON s.id = a.subnet_id JOIN dns_name_claim c
           ON c.family = family(a.address) AND c.name = dns_called($1, s.dns_zone, s.dns_zone_prefix) AND c.place = 0 AND c.tenant_id <> a.tenant_id WHERE a.id = $3 LIMIT 1`,
      [name, address, id],
    );
    return row !== undefined;
  }

  private async paged<Row extends object>(
    tx: Tx,
    columns: string,
    from: string,
    order: string,
    values: readonly unknown[],
    { offset, limit }: Page,
  ): Promise<{ rows: Row[]; count: number }> {
    const at = values.length;
    const rows = await tx.sql<Row>(`SELECT ${columns} ${from} ORDER BY ${order} OFFSET $${at + 1} LIMIT $${at + 2}`, [
      ...values,
      offset,
      limit,
    ]);
    // A page that is not full has told it.
    if (rows.length < limit && (rows.length > 0 || offset === 0)) return { rows, count: offset + rows.length };
    const counted = await tx.one<{ n: number }>(`SELECT count(*)::int AS n FROM (SELECT ${from} LIMIT ${MOST_COUNTED}) x`, values);
    return { rows, count: counted?.n ?? 0 };
  }
}

/**
 * Conditions that all must hold, only those that were asked for: one that says `$1 IS NULL OR` of what was not keeps a plan that serves every value
 * from its index. The texts are as many as there are sets of filters.
 */
class Conditions {
  private readonly terms: string[] = [];
  readonly values: unknown[] = [];

  constructor({ tenantId, vrfId, spaceIds }: Realm) {
    this.and('s.tenant_id = ?', tenantId).and('s.space_id = ANY(?)', spaceIds);
    if (vrfId === null) this.and('s.vrf_id IS NULL');
    else this.and('s.vrf_id = ?', vrfId);
  }

  /** Those that were added since the last; values are numbered through. */
  end(): string {
    return this.terms.splice(0).join(' AND ');
  }

  and(term: string, ...values: readonly unknown[]): this {
    this.values.push(...values);
    this.terms.push(term.replace('?', `$${this.values.length}`));
    return this;
  }
}

const BITS = { 4: 32, 6: 128 } as const;

/** Every prefix that has the address. A handful of look-ups, where an operator of containment would be none of the index. */
function around(address: Ip): string[] {
  const family = Ip.family(address);
  const [bits, value] = [BITS[family], Ip.toBigInt(address)];
  return Array.from({ length: bits + 1 }, (_, length) => {
    const rest = BigInt(bits - length);
    return `${Ip.fromBigInt(family, (value >> rest) << rest)}/${length}`;
  });
}

/** Every prefix that begins with the address. */
const beginningAt = (address: Ip): string[] => around(address).filter((cidr) => cidr.startsWith(`${address}/`));

const boundsOf = (cidr: Cidr): { first: Ip; last: Ip } => {
  const { first, last } = Cidr.bounds(cidr);
  return { first: Ip.fromBigInt(Cidr.family(cidr), first), last: Ip.fromBigInt(Cidr.family(cidr), last) };
};

/** The last that lies in it: in the order of prefixes everything within is between the two. */
const lastOf = (cidr: Cidr): string => `${boundsOf(cidr).last}/${BITS[Cidr.family(cidr)]}`;
