/** Addresses: NetBox has host and mask in one text, and a mask at both ends of a range; the inventory has the host. */
import { z } from 'zod';
import { invalidValue, Ip } from '#engines/kernel';
import type { Fields, FieldValue } from '#engines/reconcile';
import { type EncodeAt, type FieldCodec, splitAddress } from './field-codecs.js';
import { column, type Row } from './row.js';

const aText = z.string();
const addressOf = (row: Row, name: string) => splitAddress(column(row, name, aText));

/** Both halves are written together: a change of one takes the other from what is there. */
function writtenAddress(_value: FieldValue, { merged }: EncodeAt): { address: string } {
  const host = hostOf(merged, 'host');
  const length = merged['length'] ?? (host.includes(':') ? 128 : 32);
  if (typeof length !== 'number') throw invalidValue('length', length, 'a number of bits');
  return { address: `${host}/${length}` };
}

export const addressParts: { readonly host: FieldCodec; readonly length: FieldCodec } = {
  host: { columns: ['address'], decode: (row) => addressOf(row, 'address').host, encode: writtenAddress },
  length: { columns: ['address'], decode: (row) => addressOf(row, 'address').length, encode: writtenAddress },
};

export function rangeEnd(end: 'start' | 'end'): FieldCodec {
  const name = `${end}_address`;
  return {
    columns: ['start_address', 'end_address'],
    decode: (row) => addressOf(row, name).host,
    encode: (_value, { merged, present }) => {
      const [start, last] = [hostOf(merged, 'start'), hostOf(merged, 'end')];
      // NetBox wants one mask at both ends. The one that is there stays; else that of the smallest prefix that holds both.
      const length = present ? addressOf(present, 'start_address').length : commonLength(start, last);
      return { start_address: `${start}/${length}`, end_address: `${last}/${length}` };
    },
  };
}

function hostOf(fields: Fields, field: string): Ip {
  return Ip.parse(fields[field]);
}

function commonLength(start: Ip, end: Ip): number {
  const differing = (Ip.toBigInt(start) ^ Ip.toBigInt(end)).toString(2).replace(/^0$/, '');
  return (Ip.family(start) === 4 ? 32 : 128) - differing.length;
}
