import { registerEnumType } from '@nestjs/graphql';

/** What `@Field(() => …)` takes of an enum. */
export type EnumType<Name extends string> = { readonly [Each in Name]: Each };

/** An enum of the schema: each value is its own name. @param about it, and those of its values whose names do not say it all. */
export function enumType<const Name extends string>(
  name: string,
  values: readonly Name[],
  about: { readonly description?: string; readonly of?: Partial<Readonly<Record<Name, string>>> } = {},
): EnumType<Name> {
  const type = Object.fromEntries(values.map((value) => [value, value])) as EnumType<Name>;
  const of: Partial<Record<Name, string>> = about.of ?? {};
  const valuesMap = Object.fromEntries(
    Object.entries<string | undefined>(of).map(([value, description]) => [value, { description }]),
  ) as Partial<Record<Name, { readonly description: string }>>;
  registerEnumType(type, { name, valuesMap, ...(about.description !== undefined && { description: about.description }) });
  return type;
}
