/** How a field of the inventory stands in the columns of NetBox, and goes back. One function per shape of NetBox' fields. */
import { z } from 'zod';
import { Cidr, compareNatural, invalidValue, Ip, isDomainError, RouteTarget } from '#engines/kernel';
import type { Fields, FieldValue, Ref } from '#engines/reconcile';
import { column, type Row } from './row.js';

/** What goes into the body of a write. */
export type Body = Readonly<Record<string, unknown>>;

export interface EncodeAt {
  /** The object as it will be: what is there, with what is written. */
  readonly merged: Fields;
  /** As it is there; null: it is created. */
  readonly present: Row | null;
}

export interface FieldCodec {
  /** Columns that it is read from. */
  readonly columns: readonly string[];
  /** Minor of the release 4 that it came with. */
  readonly since?: number;
  /** @returns undefined: not compared in this object. @throws NETBOX_UNEXPECTED_ANSWER. */
  decode(row: Row): FieldValue | undefined;
  /** @throws INVALID_VALUE for a value that the column cannot hold. */
  encode(value: FieldValue, at: EncodeAt): Body;
}

// Made once: a shape costs a hundred times what it costs to use it.
const aText = z.string();
const textOrNull = aText.nullable();
const numberOrNull = z.number().nullable();
const aFlag = z.boolean();
const choiceOrNull = z.object({ value: aText }).nullable();
const nestedShape = z.looseObject({ id: z.int().positive() });
const nestedOrNull = nestedShape.nullable();
const nestedList = z.array(nestedShape);
const slugShape = z.looseObject({ slug: aText });

export function text(name: string): FieldCodec {
  return {
    columns: [name],
    decode: (row) => column(row, name, textOrNull) || null,
    encode: (value) => ({ [name]: textOf(name, value) }),
  };
}

/** A text that NetBox keeps in a canonical form of ours. What is not in that form is left as it stands. */
function canonicalText(name: string, canonical: (value: string) => string): FieldCodec {
  const plain = text(name);
  const of = (value: FieldValue | undefined): FieldValue => (typeof value === 'string' ? asItStands(value, canonical) : (value ?? null));
  return { columns: plain.columns, decode: (row) => of(plain.decode(row)), encode: (value, at) => plain.encode(of(value), at) };
}

/** `0:65000:1` and `65000:1` are the same eight bytes; a name that is no route target is a text. */
export const routeTargetName = (name: string): FieldCodec => canonicalText(name, RouteTarget.parse);
export const cidr = (name: string): FieldCodec => canonicalText(name, Cidr.parse);
/** NetBox saves names in lower case, and accepts a dot at the end, which means nothing. */
export const dnsName = (name: string): FieldCodec => canonicalText(name, (value) => value.toLowerCase().replace(/\.$/, ''));

export function number(name: string): FieldCodec {
  return {
    columns: [name],
    decode: (row) => column(row, name, numberOrNull),
    encode: (value) => {
      if (value !== null && typeof value !== 'number') throw invalidValue(name, value, 'a number');
      return { [name]: value };
    },
  };
}

export function boolean(name: string): FieldCodec {
  return {
    columns: [name],
    decode: (row) => column(row, name, aFlag),
    encode: (value) => {
      if (typeof value !== 'boolean') throw invalidValue(name, value, 'true or false');
      return { [name]: value };
    },
  };
}

/**
 * Read as an object, written as its bare value. Choices are the administrator's: what is not in `names` is taken as it stands.
 * @param names ours to NetBox'.
 */
export function choice(name: string, names: Readonly<Record<string, string>> = {}): FieldCodec {
  const ours = new Map(Object.entries(names).map(([our, their]) => [their, our]));
  return {
    columns: [name],
    decode: (row) => {
      const value = column(row, name, choiceOrNull)?.value;
      return value === undefined || value === '' ? null : (ours.get(value) ?? value);
    },
    encode: (value) => {
      const plain = textOf(name, value);
      return { [name]: plain === '' ? null : (names[plain] ?? plain) };
    },
  };
}

export function ref(name: string, kind: string): FieldCodec {
  return {
    columns: [name],
    decode: (row) => refOf(kind, column(row, name, nestedOrNull)),
    encode: (value) => ({ [name]: idOf(name, value) }),
  };
}

/** Written as a list of ids only; it replaces the whole set, which the merge has made of both. */
export function refs(name: string, kind: string): FieldCodec {
  return {
    columns: [name],
    decode: (row) =>
      column(row, name, nestedList)
        .map(({ id }) => ({ kind, id: `~${id}` }))
        .sort((a, b) => compareNatural(a.id, b.id)),
    encode: (value) => {
      if (!isSet(value)) throw invalidValue(name, value, 'a list of references');
      return { [name]: value.map((one) => idOf(name, one)) };
    },
  };
}

/** Another object by its slug; NetBox finds it when it is written. */
export function slugOf(name: string): FieldCodec {
  return {
    columns: [name],
    decode: (row) => column(row, name, slugShape).slug,
    encode: (value) => ({ [name]: { slug: textOf(name, value) } }),
  };
}

/** Proxmox keeps the MAC of a guest in the description of its address, and finds the address by it: never ours to write. */
export function descriptionBesideProxmox(): FieldCodec {
  const plain = text('description');
  const isTaken = (row: Row): boolean => /^mac:/i.test(column(row, 'description', aText));
  return {
    columns: plain.columns,
    decode: (row) => (isTaken(row) ? undefined : plain.decode(row)),
    encode: (value, at) => (at.present && isTaken(at.present) ? {} : plain.encode(value, at)),
  };
}

/** One end of a generic relation: `<name>_type` and `<name>_id`. Ends of other types are neither compared nor written. */
export function genericRef(name: string, objectType: string, kind: string): FieldCodec {
  const typeOf = (row: Row): string | null => column(row, `${name}_type`, textOrNull) || null;
  const isOther = (row: Row): boolean => ![null, objectType].includes(typeOf(row));
  return {
    columns: [`${name}_type`, `${name}_id`],
    decode: (row) => {
      if (isOther(row)) return undefined;
      const id = column(row, `${name}_id`, numberOrNull);
      return typeOf(row) === null || id === null ? null : { kind, id: `~${id}` };
    },
    encode: (value, { present }) => {
      if (present && isOther(present)) return {};
      const id = idOf(name, value);
      return { [`${name}_type`]: id === null ? null : objectType, [`${name}_id`]: id };
    },
  };
}

export function refOf(kind: string, nested: { readonly id: number } | null): Ref | null {
  return nested === null ? null : { kind, id: `~${nested.id}` };
}

/** @throws INVALID_VALUE: what it refers to is not in NetBox. */
export function idOf(name: string, value: FieldValue | string): number | null {
  if (value === null) return null;
  const id = isSet(value) || typeof value !== 'object' ? '' : value.id;
  if (!/^~[1-9]\d{0,15}$/.test(id)) throw invalidValue(name, id === '' ? value : id, 'a reference to an object that is in NetBox');
  return Number(id.slice(1));
}

/** Address and mask of `10.0.0.1/24`, the address in canonical form. */
export function splitAddress(address: string): { readonly host: string; readonly length: number } {
  const [host = '', length = ''] = address.split('/');
  return { host: asItStands(host, Ip.parse), length: Number(length) };
}

function textOf(name: string, value: FieldValue): string {
  if (value === null) return ''; // NetBox' texts are empty, not null
  if (typeof value !== 'string') throw invalidValue(name, value, 'a text');
  return value;
}

function asItStands(value: string, canonical: (value: string) => string): string {
  try {
    return canonical(value);
  } catch (error) {
    if (!isDomainError(error)) throw error;
    return value; // somebody else's, and compared as it is
  }
}

const isSet = (value: FieldValue): value is readonly (string | Ref)[] => Array.isArray(value);
