import { GraphQLError, GraphQLScalarType, Kind, type ValueNode, valueFromASTUntyped } from 'graphql';

interface ScalarSpec<Value> {
  readonly name: string;
  readonly description: string;
  /** What the kernel accepts; its error says what would have been accepted. Numbers arrive as numbers, text as text. */
  readonly parse: (value: unknown) => Value;
  readonly serialize?: (value: Value) => string;
}

/** A scalar on top of a parser of the kernel: what a resolver gets was parsed, what it returns is trusted. */
export function scalar<Value>({ name, description, parse, serialize }: ScalarSpec<Value>): GraphQLScalarType<Value, unknown> {
  return new GraphQLScalarType<Value, unknown>({
    name,
    description,
    parseValue: parse,
    parseLiteral: (node, variables) => parse(literal(node, variables)),
    serialize: (value) => (serialize ? serialize(value as Value) : value),
  });
}

/** `1e3` is not an integer to us although JavaScript thinks so; a literal keeps its own kind. */
function literal(node: ValueNode, variables: Parameters<typeof valueFromASTUntyped>[1]): unknown {
  switch (node.kind) {
    case Kind.INT:
      return Number(node.value);
    case Kind.STRING:
    case Kind.BOOLEAN:
      return node.value;
    case Kind.OBJECT:
    case Kind.LIST:
      return valueFromASTUntyped(node, variables);
    default:
      throw new GraphQLError(`${node.kind === Kind.FLOAT ? node.value : node.kind} is not a value of this type`, { nodes: node });
  }
}
