import { Injectable } from '@nestjs/common';
import type { RefusedAddress, StationAddress } from '#contexts/addressing';
import type { Cidr, Fqdn, Ip, IpAddressId, Mac, SubnetId, TenantId, VrfId } from '#engines/kernel';
import type { Database, Scope, Tx } from '#platform';
import type { Extent } from '../domain/place.js';

/** One address for one station. */
export interface StationRequest {
  readonly actor: string;
  /** Of what it is taken, by its number; or by the id of the subnet. */
  readonly kind: 'prefix' | 'ip-range';
  readonly number: number | null;
  readonly subnetId: SubnetId | null;
  /** This one or none. */
  readonly prefer: Ip | null;
  readonly id: IpAddressId;
  readonly key: string | null;
  readonly mac: Mac | null;
  readonly dnsName: Fqdn | null;
  readonly description: string | null;
}

/** Whose requests they are, and of which address spaces. */
export interface StationGround {
  readonly tenantId: TenantId;
  readonly vrfId: VrfId | null;
  readonly spaceIds: readonly string[];
  readonly holder: string;
}

export interface TakenStation {
  readonly outcome: RefusedAddress['outcome'] | 'PRESENT';
  readonly refused: Pick<RefusedAddress, 'address' | 'room'>;
  /** Null: there is no such prefix or range for who asks. */
  readonly subnetId: SubnetId | null;
  readonly within: Extent | null;
  /** Null with a refusal. */
  readonly found: StationAddress | null;
  /** Null: it has none yet. */
  readonly number: number | null;
}

interface Row {
  readonly i: number;
  readonly outcome: TakenStation['outcome'];
  readonly subnet_id: SubnetId | null;
  readonly subnet: Cidr;
  readonly first: Ip | null;
  readonly last: Ip | null;
  readonly room: string | null;
  readonly refused: Ip | null;
  readonly address_id: IpAddressId | null;
  readonly address: Ip;
  readonly role: StationAddress['role'];
  readonly mac: Mac | null;
  readonly dns_name: Fqdn | null;
  readonly description: string | null;
  readonly holder_kind: StationAddress['holderKind'];
  readonly generation: number;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly number: string | null;
}

const CALL = 'facade_take(scope.role, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)';

/** Why it is one statement, and right, stands at `facade_take` in migration 0034. */
@Injectable()
export class StationStore {
  /** A transaction of its own. One answer for each, in their order. */
  async take(db: Database, scope: Scope, ground: StationGround, requests: readonly StationRequest[]): Promise<TakenStation[]> {
    return inOrder(await db.call<Row>(scope, CALL, valuesOf(ground, requests)), requests.length);
  }

  /** The same in an open transaction. */
  async takeIn(tx: Tx, ground: StationGround, requests: readonly StationRequest[]): Promise<TakenStation[]> {
    const call = CALL.replace('scope.role', 'current_user::text');
    return inOrder(await tx.sql<Row>(`SELECT * FROM ${call}`, valuesOf(ground, requests)), requests.length);
  }
}

function valuesOf({ tenantId, vrfId, spaceIds, holder }: StationGround, requests: readonly StationRequest[]): unknown[] {
  const column = <Name extends keyof StationRequest>(name: Name): StationRequest[Name][] => requests.map((request) => request[name]);
  return [
    tenantId,
    vrfId,
    spaceIds,
    holder,
    column('actor'),
    column('kind'),
    column('number'),
    column('subnetId'),
    column('prefer'),
    column('id'),
    column('key'),
    column('mac'),
    column('dnsName'),
    column('description'),
  ];
}

function inOrder(rows: readonly Row[], count: number): TakenStation[] {
  const answers = new Array<TakenStation>(count);
  for (const row of rows) answers[row.i - 1] = takenOf(row);
  return answers;
}

function takenOf(row: Row): TakenStation {
  const { outcome, subnet_id: subnetId, first, last, number } = row;
  const within = first !== null && last !== null ? { first, last } : null;
  const refused = { address: row.refused, room: row.room === null ? null : BigInt(row.room) };
  return { outcome, subnetId, within, refused, found: addressOf(row), number: number === null ? null : Number(number) };
}

function addressOf(row: Row): StationAddress | null {
  const { address_id: id, subnet_id: subnetId, subnet, address, role, mac, description, generation } = row;
  if (id === null || subnetId === null) return null;
  return {
    id,
    subnetId,
    subnet,
    address,
    role,
    mac,
    description,
    generation,
    dnsName: row.dns_name,
    holderKind: row.holder_kind,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
