/** What phpIPAM would delete, or let lose its reference, together with an object. */
import type { PhpIpamKind } from './kinds.js';
import type { PhpIpamClient } from './phpipam-client.js';
import { isPhpIpamError } from './phpipam-error.js';
import { numberOf, type Row, textOf } from './row.js';
import { UnfitValue } from './unfit-value.js';

/** Rows that may name it; of a list of everybody's, which of them do. */
interface Question {
  readonly rows: (asking: Asking) => Promise<readonly Row[]>;
  readonly isIt?: (row: Row, id: number) => boolean;
  readonly what: string;
  readonly fate: string;
}

interface Asking {
  readonly client: PhpIpamClient;
  readonly id: number;
  readonly signal: AbortSignal;
}

/** Always there, and takes the VLANs of those that go; releases before 1.8 let it be deleted. */
const DEFAULT_DOMAIN = 1;
/** Lists that are read one by one where PHP has no memory for all at once. */
const MAX_LISTS = 200;

const goes = 'would be deleted with it';
const loses = 'would lose it';

const list =
  (path: (id: number) => string): Question['rows'] =>
  ({ client, id, signal }) =>
    client.rows(path(id), {}, signal);

/** Foreign keys to a customer are set to NULL by the database. */
const ofCustomer = (row: Row, id: number): boolean => numberOf(row, 'customer_id') === id;

/** Filtered by PHP, which has to load all of them. Where it cannot, and where there are none (it cannot tell the two apart), `others` are asked. */
const filtered =
  (path: string, others: Question['rows']): Question['rows'] =>
  (asking) =>
    asking.client
      .rows(path, { filter_by: 'customer_id', filter_value: String(asking.id), filter_match: 'full' }, asking.signal)
      .catch((error: unknown) => {
        if (isPhpIpamError(error, 'PHPIPAM_UNEXPECTED_ANSWER') && error.facts.status === 500) return others(asking);
        throw error;
      });

/** Of all sections: an object of ours may be named in any. */
const subnetsOneByOne: Question['rows'] = async ({ client, signal }) =>
  listsOf(client, await client.rows('/sections/', {}, signal), (id) => `/sections/${id}/subnets/`, 'subnets', signal);

const addressesOneByOne: Question['rows'] = async (asking) =>
  listsOf(asking.client, await subnetsOneByOne(asking), (id) => `/subnets/${id}/addresses/`, 'addresses', asking.signal);

async function listsOf(
  client: PhpIpamClient,
  owners: readonly Row[],
  below: (id: number) => string,
  what: string,
  signal: AbortSignal,
): Promise<readonly Row[]> {
  if (owners.length > MAX_LISTS)
    throw new UnfitValue(`it is not deleted, for it cannot be told whether ${what} name it: PHP has no memory for all of them at once`);
  const rows: Row[] = [];
  for (const owner of owners) rows.push(...(await client.rows(below(numberOf(owner, 'id') ?? 0), {}, signal)));
  return rows;
}

/** Both ends of a translation are JSON: `{"subnets":["3"],"ipaddresses":["12"]}`. */
const translates = (table: 'subnets' | 'ipaddresses'): Question => ({
  rows: list(() => '/tools/nat/'),
  isIt: (row, id) => ['src', 'dst'].some((side) => idsIn(textOf(row, side), table).includes(id)),
  what: 'NAT',
  fate: loses,
});

function idsIn(text: string | null, table: string): number[] {
  try {
    const objects = JSON.parse(text ?? '{}') as Record<string, unknown> | null;
    return [objects?.[table] ?? []].flat().map(Number);
  } catch {
    throw new UnfitValue('it is not deleted, for it cannot be told whether NAT names it: its objects cannot be read');
  }
}

const QUESTIONS: Readonly<Record<PhpIpamKind, readonly Question[]>> = {
  tenant: [
    { rows: list(() => '/vrfs/'), isIt: ofCustomer, what: 'VRF', fate: loses },
    { rows: list(() => '/vlans/'), isIt: ofCustomer, what: 'VLAN', fate: loses },
    { rows: list(() => '/tools/racks/'), isIt: ofCustomer, what: 'rack', fate: loses },
    { rows: list(() => '/circuits/'), isIt: ofCustomer, what: 'circuit', fate: loses },
    { rows: filtered('/subnets/', subnetsOneByOne), isIt: ofCustomer, what: 'subnet', fate: loses },
    { rows: filtered('/addresses/', addressesOneByOne), isIt: ofCustomer, what: 'address', fate: loses },
  ],
  vrf: [{ rows: list((id) => `/vrfs/${id}/subnets/`), what: 'subnet', fate: loses }],
  vlanGroup: [{ rows: list((id) => `/l2domains/${id}/vlans/`), what: 'VLAN', fate: 'would move to the default L2 domain' }],
  vlan: [{ rows: list((id) => `/vlans/${id}/subnets/`), what: 'subnet', fate: loses }],
  prefix: [
    { rows: list((id) => `/subnets/${id}/slaves/`), what: 'subnet', fate: goes },
    { rows: list((id) => `/subnets/${id}/addresses/`), what: 'address', fate: goes },
    translates('subnets'),
  ],
  ipAddress: [translates('ipaddresses')],
};

/** @returns why it is not deleted; null: nothing hangs on it. */
export async function dependantsOf(kind: PhpIpamKind, id: number, client: PhpIpamClient, signal: AbortSignal): Promise<string | null> {
  if (kind === 'vlanGroup' && id === DEFAULT_DOMAIN) return 'the default L2 domain stays';
  for (const { rows: ask, isIt, what, fate } of QUESTIONS[kind]) {
    const rows = (await ask({ client, id, signal })).filter((row) => isIt?.(row, id) ?? true);
    const [first] = rows;
    if (first === undefined) continue;
    const others = rows.length === 1 ? '' : ` and ${rows.length - 1} more`;
    return `it is not deleted: ${what} ${nameOf(first)}${others} ${fate}`;
  }
  return null;
}

const nameOf = (row: Row): string => {
  const subnet = textOf(row, 'subnet');
  if (subnet !== null) return `${subnet}/${textOf(row, 'mask') ?? ''}`;
  return textOf(row, 'name') ?? textOf(row, 'cid') ?? textOf(row, 'ip') ?? textOf(row, 'id') ?? '';
};
