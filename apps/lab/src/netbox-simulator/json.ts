export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export const isObject = (value: Json | undefined): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** A value that is no object, as text. */
export const textOf = (value: Json | undefined): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));

/** As Python prints it in messages: `{'slug': 'acme'}`. */
export function pythonText(value: Json): string {
  if (value === null) return 'None';
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return `[${value.map(pythonText).join(', ')}]`;
  return `{${Object.entries(value)
    .map(([key, one]) => `'${key}': ${pythonText(one)}`)
    .join(', ')}}`;
}

export function pythonType(value: Json): string {
  if (value === null) return 'NoneType';
  if (Array.isArray(value)) return 'list';
  return { string: 'str', boolean: 'bool', number: 'int', object: 'dict' }[typeof value as 'string' | 'boolean' | 'number' | 'object'];
}
