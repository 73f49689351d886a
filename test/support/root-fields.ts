import {
  getNamedType,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
  isInputObjectType,
  isLeafType,
  isAbstractType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql';

/** The API reads no deeper. */
const DEEPEST = 10;

/** A field of Query, Mutation or Subscription, as a client can ask for it. */
export interface RootField {
  readonly operation: 'query' | 'mutation' | 'subscription';
  readonly name: string;
  /** `Query.network` */
  readonly path: string;
  readonly args: readonly GraphQLArgument[];
  /** Everything that its answer can hold, down to the leaves. */
  readonly selection: string;
}

type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value };
/** What to send at a place such as `Mutation.provisionNetwork.input.vniPool`; undefined: nothing. */
export type Sample = (path: string) => Value | undefined;

export function rootFields(schema: GraphQLSchema): RootField[] {
  const roots = [
    ['query', schema.getQueryType()],
    ['mutation', schema.getMutationType()],
    ['subscription', schema.getSubscriptionType()],
  ] as const;
  return roots.flatMap(([operation, type]) =>
    Object.values(type?.getFields() ?? {}).map((field) => ({
      operation,
      name: field.name,
      path: `${type?.name}.${field.name}`,
      args: field.args,
      selection: wholeOf(schema, getNamedType(field.type)),
    })),
  );
}

/** Places of the input that name a thing: every ID, and in queries the other names that a thing goes by. */
export function namingPlaces(field: RootField): string[] {
  const otherNames = field.operation === 'query' ? ['slug', 'vni', 'externalRef'] : [];
  return places(field)
    .filter(({ name, type }) => getNamedType(type).name === 'ID' || otherNames.includes(name))
    .map(({ path }) => path);
}

/** A document for one field with everything in it, and the variables for it. @param sample asked for every place of the input. */
export function documentFor(field: RootField, sample: Sample): { readonly query: string; readonly variables: Record<string, Value> } {
  const variables: Record<string, Value> = {};
  for (const arg of field.args) {
    const value = valueAt(arg, `${field.path}.${arg.name}`, sample);
    if (value !== undefined) variables[arg.name] = value;
  }
  const sent = field.args.filter((arg) => arg.name in variables);
  const declared = sent.length > 0 ? `(${sent.map((arg) => `$${arg.name}: ${String(arg.type)}`).join(', ')})` : '';
  const passed = sent.length > 0 ? `(${sent.map((arg) => `${arg.name}: $${arg.name}`).join(', ')})` : '';
  return { query: `${field.operation} ${declared} { ${field.name}${passed} ${field.selection} }`, variables };
}

interface Place {
  readonly name: string;
  readonly path: string;
  readonly type: GraphQLInputType;
}

function places(field: RootField): Place[] {
  const below = (type: GraphQLInputType, path: string): Place[] => {
    const named = getNamedType(type);
    if (!isInputObjectType(named)) return [];
    return Object.values(named.getFields()).flatMap((inner) => [
      { name: inner.name, path: `${path}.${inner.name}`, type: inner.type },
      ...below(inner.type, `${path}.${inner.name}`),
    ]);
  };
  return field.args.flatMap((arg) => {
    const path = `${field.path}.${arg.name}`;
    return [{ name: arg.name, path, type: arg.type }, ...below(arg.type, path)];
  });
}

function valueAt(place: GraphQLArgument | GraphQLInputField, path: string, sample: Sample): Value | undefined {
  const given = sample(path);
  const named = getNamedType(place.type);
  if (given !== undefined || !isInputObjectType(named)) {
    if (given === undefined && isRequiredPlace(place)) throw new Error(`nobody says what to send as ${path}`);
    return given;
  }
  const value: Record<string, Value> = {};
  for (const inner of Object.values(named.getFields())) {
    const found = valueAt(inner, `${path}.${inner.name}`, sample);
    if (found !== undefined) value[inner.name] = found;
  }
  const type = isNonNullType(place.type) ? place.type.ofType : place.type;
  return isListType(type) ? [value] : value;
}

const isRequiredPlace = (place: GraphQLArgument | GraphQLInputField): boolean =>
  isRequiredArgument(place as GraphQLArgument) || isRequiredInputField(place as GraphQLInputField);

function wholeOf(schema: GraphQLSchema, type: GraphQLNamedType, above: readonly string[] = []): string {
  if (isAbstractType(type)) {
    const parts = schema
      .getPossibleTypes(type)
      .map((possible) => `... on ${possible.name} ${wholeOf(schema, possible, [...above, type.name])}`);
    return `{ __typename ${parts.join(' ')} }`;
  }
  if (!isObjectType(type)) return '';
  if (above.includes(type.name)) return '{ __typename }'; // It has been asked for, further up.
  const fits = above.length < DEEPEST - 2; // Its fields are two levels further down than it has above it; theirs would be three.
  const fields = Object.values(type.getFields())
    .filter(({ type: of }) => fits || isLeafType(getNamedType(of)))
    .map((field) => {
      if (field.args.some(isRequiredArgument)) throw new Error(`${type.name}.${field.name} has arguments: say what to send`);
      return `${field.name} ${wholeOf(schema, getNamedType(field.type), [...above, type.name])}`;
    });
  return `{ ${fields.length > 0 ? fields.join(' ') : '__typename'} }`;
}
