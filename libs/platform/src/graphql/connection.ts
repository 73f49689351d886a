/**
 * Relay connections over keysets: a page ends at a row, the next begins after it, whatever was inserted in between. The cursor is
 * the sort key of a row, in base64url; it names a place in an order and nothing else, so a made-up one shows no row that the scope
 * of the query does not hold anyway.
 */
import type { Type } from '@nestjs/common';
import { ArgsType, Field, Int, ObjectType } from '@nestjs/graphql';
import { invalidValue } from '#engines/kernel';

const MAX_PAGE = 100;

@ArgsType()
export class PageArgs {
  @Field(() => Int, { defaultValue: 20, description: '1…100.' }) first: number;
  @Field(() => String, { nullable: true, description: 'Cursor of the row that the page begins after.' }) after: string | null;
}

@ObjectType()
export class PageInfo {
  @Field() hasNextPage: boolean;
  @Field() hasPreviousPage: boolean;
  @Field(() => String, { nullable: true }) startCursor: string | null;
  @Field(() => String, { nullable: true }) endCursor: string | null;
}

export interface Edge<Node> {
  readonly cursor: string;
  readonly node: Node;
}

export interface Connection<Node> {
  readonly edges: readonly Edge<Node>[];
  readonly nodes: readonly Node[];
  readonly pageInfo: PageInfo;
}

/** `@ObjectType() class NetworkConnection extends connectionOf(NetworkObject, 'Network') {}` */
export function connectionOf<Node>(node: Type<Node>, name: string): Type<Connection<Node>> {
  @ObjectType(`${name}Edge`)
  class NodeEdge implements Edge<Node> {
    @Field() cursor: string;
    @Field(() => node) node: Node;
  }
  @ObjectType({ isAbstract: true })
  class NodeConnection implements Connection<Node> {
    @Field(() => [NodeEdge]) edges: NodeEdge[];
    @Field(() => [node], { description: 'The nodes of the edges, for those who need no cursors.' }) nodes: Node[];
    @Field(() => PageInfo) pageInfo: PageInfo;
  }
  return NodeConnection;
}

export interface Keyset {
  /** Rows of the page. Read one more: it tells whether there is a next page. */
  readonly first: number;
  /** Sort key of the row to begin after, as many parts as the order has columns; null for the first page. */
  readonly after: readonly string[] | null;
}

const COLUMNS = {
  text: /^[^\0]{0,512}$/,
  uuid: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  integer: /^-?\d{1,18}$/,
} as const;
export type SortColumn = keyof typeof COLUMNS;

/** @throws DomainError INVALID_VALUE for a page that is too long, and for a cursor that this order cannot have made. */
export function keyset({ first, after }: Pick<PageArgs, 'first' | 'after'>, columns: readonly SortColumn[]): Keyset {
  if (!Number.isInteger(first) || first < 1 || first > MAX_PAGE) throw invalidValue('first', first, `a number from 1 to ${MAX_PAGE}`);
  return { first, after: after === null || after === undefined ? null : decodeCursor(after, columns) };
}

/** @param rows in order, at most `first + 1` of them. @param keyOf the sort key of a row, the same columns as in the query. */
export function toConnection<Row, Node>(
  rows: readonly Row[],
  page: Keyset,
  keyOf: (row: Row) => readonly string[],
  toNode: (row: Row) => Node,
): Connection<Node> {
  const edges = rows.slice(0, page.first).map((row) => ({ cursor: encodeCursor(keyOf(row)), node: toNode(row) }));
  return {
    edges,
    nodes: edges.map((edge) => edge.node),
    pageInfo: {
      hasNextPage: rows.length > page.first,
      hasPreviousPage: page.after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

const encodeCursor = (key: readonly string[]): string => Buffer.from(JSON.stringify(key)).toString('base64url');

function decodeCursor(cursor: string, columns: readonly SortColumn[]): string[] {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    const fits = (part: unknown, index: number): part is string => typeof part === 'string' && COLUMNS[columns[index] ?? 'text'].test(part);
    if (Array.isArray(key) && key.length === columns.length && key.every(fits)) return key;
  } catch {
    // Not ours: answered below like any other.
  }
  throw invalidValue('cursor', cursor, 'a cursor of this query');
}
