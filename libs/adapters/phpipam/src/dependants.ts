/** What phpIPAM would delete, or let lose its reference, together with an object. */
import type { PhpIpamKind } from './kinds.js';
import type { PhpIpamClient } from './phpipam-client.js';
import { numberOf, type Row, textOf } from './row.js';

interface Question {
  readonly path: string;
  /** Of a list of everybody's. */
  readonly column?: string;
  readonly what: string;
  readonly fate: string;
}

/** Always there, and takes the VLANs of those that go; releases before 1.8 let it be deleted. */
const DEFAULT_DOMAIN = 1;

const goes = 'would be deleted with it';
const loses = 'would lose it';

const QUESTIONS: Readonly<Record<PhpIpamKind, (id: number) => readonly Question[]>> = {
  // Addresses name a customer, too; asking for those of all subnets is more than PHP has memory for.
  tenant: () => [
    { path: '/vrfs/', column: 'customer_id', what: 'VRF', fate: loses },
    { path: '/vlans/', column: 'customer_id', what: 'VLAN', fate: loses },
  ],
  vrf: (id) => [{ path: `/vrfs/${id}/subnets/`, what: 'subnet', fate: loses }],
  vlanGroup: (id) => [{ path: `/l2domains/${id}/vlans/`, what: 'VLAN', fate: 'would move to the default L2 domain' }],
  vlan: (id) => [{ path: `/vlans/${id}/subnets/`, what: 'subnet', fate: loses }],
  prefix: (id) => [
    { path: `/subnets/${id}/slaves/`, what: 'subnet', fate: goes },
    { path: `/subnets/${id}/addresses/`, what: 'address', fate: goes },
  ],
  ipAddress: () => [],
};

/** @returns why it is not deleted; null: nothing hangs on it. */
export async function dependantsOf(kind: PhpIpamKind, id: number, client: PhpIpamClient, signal: AbortSignal): Promise<string | null> {
  if (kind === 'vlanGroup' && id === DEFAULT_DOMAIN) return 'the default L2 domain stays';
  for (const { path, column, what, fate } of QUESTIONS[kind](id)) {
    const rows = (await client.rows(path, {}, signal)).filter((row) => column === undefined || numberOf(row, column) === id);
    const [first] = rows;
    if (first === undefined) continue;
    const others = rows.length === 1 ? '' : ` and ${rows.length - 1} more`;
    return `it is not deleted: ${what} ${nameOf(first)}${others} ${fate}`;
  }
  return null;
}

const nameOf = (row: Row): string => {
  const subnet = textOf(row, 'subnet');
  return subnet === null ? (textOf(row, 'name') ?? textOf(row, 'ip') ?? textOf(row, 'id') ?? '') : `${subnet}/${textOf(row, 'mask') ?? ''}`;
};
