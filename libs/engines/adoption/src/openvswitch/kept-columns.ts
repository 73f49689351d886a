import { nameOf, type OvsRow, type OvsTable, ownColumns } from '#engines/reconcile';

/** Something that is configured and that no fact holds; it stays on the host as it is. */
export interface OvsKept {
  readonly table: OvsTable;
  /** Name of the row; of an sFlow row that of its bridge. */
  readonly row: string;
  /** `column`, or `column:key` of a map; null: the whole row. */
  readonly column: string | null;
  /** COLUMN: Trame has no word for it. The others say what of a row, or of a column of ours, cannot be held. */
  readonly reason: 'COLUMN' | 'NAME' | 'INTERFACE' | 'OUTPUT' | 'VLAN' | 'VALUE';
}

const HOLDS_ROWS = new Set([
  '_uuid',
  'name',
  'ports',
  'interfaces',
  'mirrors',
  'sflow',
  'select_src_port',
  'select_dst_port',
  'output_port',
]);

/** Columns and entries of maps that have a value and are none of ours. */
export function keptColumns(table: OvsTable, row: OvsRow): readonly OvsKept[] {
  const own = new Set(ownColumns(table));
  return [...row.cells].flatMap(([column, cell]) => {
    if (HOLDS_ROWS.has(column)) return [];
    const found =
      'map' in cell
        ? [...cell.map.keys()].map((key) => `${column}:${key}`)
        : cell.set.some((value) => value !== '' && value !== false && value !== 0)
          ? [column]
          : [];
    return found.filter((name) => !own.has(name)).map((name) => ({ table, row: nameOf(row), column: name, reason: 'COLUMN' as const }));
  });
}
