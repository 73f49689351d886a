/** The MySQL below phpIPAM: rows, defaults, the few constraints that there are, and `editDate` with its second. */
import { sqlError } from './api-refusal.js';
import { type Column, SCHEMA, type Table, type TableName } from './schema.js';

export type Cell = number | string | null;
export type Row = Readonly<Record<string, Cell>>;

export interface CustomField {
  readonly name: string;
  /** Characters; a varchar. */
  readonly size: number;
}

const TAGS = ['Offline', 'Used', 'Reserved', 'DHCP'];

export class IpamDatabase {
  private readonly rows = new Map<TableName, Map<number, Row>>();
  private readonly lastIds = new Map<TableName, number>();
  private readonly custom = new Map<TableName, CustomField[]>();

  constructor(
    private readonly now: () => Date,
    /** `STRICT_TRANS_TABLES`: what is too long is refused; else it is cut. */
    private readonly isStrict: boolean,
  ) {
    for (const name of Object.keys(SCHEMA) as TableName[]) this.rows.set(name, new Map());
    for (const type of TAGS) this.insert('ipTags', { type });
    this.insert('vlanDomains', { name: 'default', description: 'default L2 domain' });
  }

  /** `ALTER TABLE … ADD`: an administrator does it, no call of the API can. */
  addCustomField(table: TableName, name: string, size = 128): void {
    this.custom.set(table, [...this.customFields(table), { name, size }]);
    const rows = this.table(table);
    for (const [id, row] of rows) rows.set(id, { ...row, [name]: null });
  }

  dropCustomField(table: TableName, name: string): void {
    this.custom.set(
      table,
      this.customFields(table).filter((field) => field.name !== name),
    );
    const rows = this.table(table);
    for (const [id, row] of rows) rows.set(id, Object.fromEntries(Object.entries(row).filter(([column]) => column !== name)));
  }

  customFields(table: TableName): readonly CustomField[] {
    return this.custom.get(table) ?? [];
  }

  columnsOf(table: TableName): ReadonlyMap<string, Column> {
    const custom = this.customFields(table).map(({ name, size }): [string, Column] => [name, { type: 'text', size }]);
    return new Map([...Object.entries(SCHEMA[table].columns), ...custom]);
  }

  all(table: TableName): Row[] {
    return [...this.table(table).values()];
  }

  where(table: TableName, matches: (row: Row) => boolean): Row[] {
    return this.all(table).filter(matches);
  }

  find(table: TableName, id: unknown): Row | undefined {
    return this.table(table).get(Number(id));
  }

  insert(table: TableName, values: Row): number {
    const { key } = SCHEMA[table];
    const id = (this.lastIds.get(table) ?? 0) + 1;
    const row: Record<string, Cell> = {};
    for (const [name, column] of this.columnsOf(table)) {
      const value = name === key ? null : (values[name] ?? null);
      row[name] = value === null ? (column.default ?? null) : this.stored(table, name, column, value);
      if (row[name] === null && column.isRequired)
        throw sqlError(`[HY000]: General error: 1364 Field '${name}' doesn't have a default value`);
    }
    row[key] = id;
    this.checkUnique(table, id, row);
    this.lastIds.set(table, id);
    this.table(table).set(id, row);
    return id;
  }

  update(table: TableName, id: number, values: Row): void {
    const before = this.find(table, id);
    if (before === undefined) return;
    const columns = this.columnsOf(table);
    const changed: Record<string, Cell> = {};
    for (const [name, value] of Object.entries(values)) {
      const column = columns.get(name);
      if (column === undefined || name === SCHEMA[table].key) continue;
      if (value === null && column.isRequired)
        throw sqlError(`[23000]: Integrity constraint violation: 1048 Column '${name}' cannot be null`);
      changed[name] = value === null ? null : this.stored(table, name, column, value);
    }
    const row = { ...before, ...changed };
    this.checkUnique(table, id, row);
    const isChanged = Object.keys(changed).some((name) => changed[name] !== before[name]);
    // MySQL leaves the timestamp alone where an UPDATE changes nothing.
    const edited = isChanged && columns.has('editDate') ? { editDate: timestamp(this.now()) } : {};
    this.table(table).set(id, { ...row, ...edited });
  }

  remove(table: TableName, id: number): void {
    this.table(table).delete(id);
    for (const name of Object.keys(SCHEMA) as TableName[]) {
      for (const [column, { references }] of Object.entries(SCHEMA[name].columns))
        if (references === table) this.dereference(name, column, id);
    }
    if (table === 'subnets' || table === 'ipaddresses') this.removeFromNat(table, id);
  }

  /** What an UPDATE of references does: by hand where phpIPAM does it, by ON DELETE SET NULL where the database does. */
  dereference(table: TableName, column: string, id: number, to: Cell = null): void {
    for (const [key, row] of this.table(table)) if (row[column] === id) this.update(table, key, { [column]: to });
  }

  /** By hand (`remove_address_nat_items`, `remove_subnet_nat_items`): the translation stays, without it. */
  private removeFromNat(table: TableName, gone: number): void {
    for (const [id, row] of this.table('nat'))
      for (const side of ['src', 'dst'] as const) {
        const objects = JSON.parse(String(row[side] ?? '{}')) as Record<string, string[]>;
        const left = { ...objects, [table]: (objects[table] ?? []).filter((one) => Number(one) !== gone) };
        if (objects[table]) this.update('nat', id, { [side]: JSON.stringify(left) });
      }
  }

  private table(name: TableName): Map<number, Row> {
    return this.rows.get(name) as Map<number, Row>;
  }

  private stored(table: TableName, name: string, { type, size, references }: Column, value: number | string): Cell {
    if (type === 'int') {
      const number = Number(value);
      if (!Number.isFinite(number))
        throw sqlError(`[HY000]: General error: 1366 Incorrect integer value: '${value}' for column '${name}' at row 1`);
      if (references !== undefined && this.find(references, number) === undefined) {
        throw sqlError(
          `[23000]: Integrity constraint violation: 1452 Cannot add or update a child row: a foreign key constraint fails (\`phpipam\`.\`${table}\`)`,
        );
      }
      return Math.trunc(number);
    }
    const text = String(value);
    if (size === undefined || [...text].length <= size) return text;
    if (this.isStrict) throw sqlError(`[22001]: String data, right truncated: 1406 Data too long for column '${name}' at row 1`);
    return [...text].slice(0, size).join('');
  }

  private checkUnique(table: TableName, id: number, row: Row): void {
    const unique: Table['unique'] = SCHEMA[table].unique;
    if (unique === undefined) return;
    // utf8mb4_unicode_ci: case does not make a difference.
    const valuesOf = (one: Row): string => unique.columns.map((column) => String(one[column]).toLowerCase()).join('-');
    const isTwin = [...this.table(table)].some(([other, one]) => other !== id && valuesOf(one) === valuesOf(row));
    if (isTwin) throw sqlError(`[23000]: Integrity constraint violation: 1062 Duplicate entry '${valuesOf(row)}' for key '${unique.name}'`);
  }
}

/** Local time, no zone. */
export function timestamp(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${[two(date.getHours()), two(date.getMinutes()), two(date.getSeconds())].join(':')}`;
}
