/** `/search/{text}/`: what contains a text, found by the database and not by PHP. Addresses are not made readable. */
import { ApiRefusal } from '../api-refusal.js';
import { type ApiAnswer, type ApiCall, type Controller, textOf } from '../api-call.js';
import type { Row } from '../ipam-database.js';
import { presentAll } from '../present.js';
import type { TableName } from '../schema.js';

interface Part {
  readonly table: TableName;
  /** Beside the added columns. */
  readonly columns: readonly string[];
  readonly as: string;
  readonly none: string;
  readonly isDefault: boolean;
}

const PARTS: Readonly<Record<string, Part>> = {
  subnets: { table: 'subnets', columns: ['description'], as: 'subnets', none: 'No subnets found', isDefault: true },
  addresses: {
    table: 'ipaddresses',
    columns: ['hostname', 'owner', 'port', 'description', 'note', 'mac'],
    as: 'addresses',
    none: 'No addresses found',
    isDefault: true,
  },
  vlan: { table: 'vlans', columns: ['name', 'number', 'description'], as: 'vlans', none: 'No vlan found', isDefault: false },
  vrf: { table: 'vrf', columns: ['name', 'rd', 'description'], as: 'vrfs', none: 'No vrf found', isDefault: false },
};

function get(call: ApiCall): ApiAnswer {
  const text = textOf(call.params, 'id');
  if (text === undefined) throw new ApiRefusal(400, 'Please provide search string');
  const isWanted = ([name, { isDefault }]: [string, Part]): boolean => (textOf(call.params, name) ?? (isDefault ? '1' : '0')) === '1';
  const found = Object.entries(PARTS)
    .filter(isWanted)
    .map(([name, part]) => [name, search(call, part, text)]);
  return { code: 200, data: Object.fromEntries(found) };
}

/** `LIKE '%text%'`: an underscore is any character, and case makes no difference. */
function search(call: ApiCall, { table, columns, as, none }: Part, text: string): Readonly<Record<string, unknown>> {
  const { database } = call.ipam;
  const like = new RegExp(
    text
      .replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
      .replaceAll('_', '.')
      .replaceAll('%', '.*'),
    'is',
  );
  const all = [...columns, ...database.customFields(table).map(({ name }) => name)];
  const rows = database.where(table, (row: Row) => all.some((column) => like.test(String(row[column] ?? ''))));
  if (rows.length === 0) return { code: 404, data: none };
  return { code: 200, data: presentAll(call, table, rows, { as, isDotted: false }) };
}

export const searching: Controller = { GET: get };
