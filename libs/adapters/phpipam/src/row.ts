/** A row as the API shows it: numbers are texts or numbers, added columns lie beside the others or in `custom_fields`. */
import { z } from 'zod';

export type Row = Readonly<Record<string, unknown>>;

const RowShape = z.record(z.string(), z.unknown());

/** @returns null where it is no row. */
export function toRow(value: unknown): Row | null {
  const row = RowShape.safeParse(value);
  if (!row.success || Array.isArray(value)) return null;
  const nested = RowShape.safeParse(row.data['custom_fields']);
  return nested.success ? { ...row.data, ...nested.data } : row.data;
}

/** Null where it is empty. */
export function textOf(row: Row, key: string): string | null {
  const value = row[key];
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : null;
}

export function numberOf(row: Row, key: string): number | null {
  const text = textOf(row, key);
  const number = text === null ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : null;
}

/** 0 is how older rows say none. */
export function referenceOf(row: Row, key: string): number | null {
  const id = numberOf(row, key);
  return id === null || id <= 0 ? null : id;
}
