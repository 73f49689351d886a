import { ApiRefusal } from '../api-refusal.js';
import type { ApiAnswer, ApiCall } from '../api-call.js';
import type { TableName } from '../schema.js';

/** By name; they can be read and not be made. */
export function customFieldsOf({ ipam }: ApiCall, table: TableName): ApiAnswer {
  const fields = ipam.database.customFields(table);
  if (fields.length === 0) throw new ApiRefusal(404, 'No custom fields defined');
  const shown = fields.map(({ name, size }) => [name, { name, type: `varchar(${size})`, Comment: '', Null: 'YES', Default: null }]);
  return { code: 200, data: Object.fromEntries(shown) };
}
