/** What one document may ask for. The parser stops at `MAX_TOKENS`; the rest is counted here, with fragments counted where they are used. */
import {
  type ASTVisitor,
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';
import { PublicError, type TopLevelCode } from '#platform';

export const MAX_BODY_BYTES = 256 * 1024;
export const MAX_TOKENS = 2000;
export const MAX_DEPTH = 10;
const MAX_ALIASES = 30;
const MAX_ROOT_FIELDS = 20;
const MAX_MUTATIONS = 10;

interface Size {
  readonly aliases: number;
  /** Fields of the selection itself, not of what lies below. */
  readonly fields: number;
}

/** An alias inside a fragment counts as often as the fragment is spread: otherwise 20 of them could ask for a million fields. */
class DocumentSize {
  private readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  private readonly known = new Map<string, Size>();

  constructor(document: DocumentNode) {
    this.fragments = new Map(
      document.definitions.flatMap((node) => (node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [])),
    );
  }

  of(selectionSet: SelectionSetNode): Size {
    let [aliases, fields] = [0, 0];
    for (const node of selectionSet.selections) {
      const below =
        node.kind === Kind.FRAGMENT_SPREAD
          ? this.ofFragment(node.name.value)
          : node.selectionSet
            ? this.of(node.selectionSet)
            : { aliases: 0, fields: 0 };
      aliases += below.aliases + (node.kind === Kind.FIELD && node.alias ? 1 : 0);
      fields += node.kind === Kind.FIELD ? 1 : below.fields;
    }
    return { aliases, fields };
  }

  private ofFragment(name: string): Size {
    const known = this.known.get(name);
    if (known) return known;
    this.known.set(name, { aliases: 0, fields: 0 }); // A fragment that spreads itself is refused by another rule.
    const fragment = this.fragments.get(name);
    const size = fragment ? this.of(fragment.selectionSet) : { aliases: 0, fields: 0 };
    this.known.set(name, size);
    return size;
  }
}

/** A validation rule of graphql-js: its verdict is cached with the document. */
export function queryLimits(context: ValidationContext): ASTVisitor {
  const size = new DocumentSize(context.getDocument());
  const refuse = (code: TopLevelCode, message: string): void => context.reportError(new PublicError(code, message, ''));
  return {
    OperationDefinition: (operation: OperationDefinitionNode) => {
      const { aliases, fields } = size.of(operation.selectionSet);
      const maxFields = operation.operation === 'mutation' ? MAX_MUTATIONS : MAX_ROOT_FIELDS;
      if (aliases > MAX_ALIASES)
        refuse(
          'TOO_MANY_ALIASES',
          `a document has at most ${MAX_ALIASES} aliases, fragments counted where they are used; this one has ${aliases}`,
        );
      if (fields > maxFields)
        refuse('QUERY_TOO_LARGE', `a ${operation.operation} has at most ${maxFields} fields at the top; this one has ${fields}`);
    },
  };
}

/** Over HTTP nothing can be streamed; Mercurius would run a subscription once, on nothing. */
export function noSubscription(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition: ({ operation }: OperationDefinitionNode) => {
      if (operation === 'subscription')
        context.reportError(new PublicError('BAD_REQUEST', 'a subscription goes over a WebSocket, by graphql-transport-ws', ''));
    },
  };
}

/** How a JSON text begins that is no GraphQL document: a name in braces stands in quotes, and no document begins with a bracket or a quote. */
const BEGINS_LIKE_JSON = /^\s*(?:\{\s*["}]|["[\d-]|(?:true|false|null)\s*$)/;

/** Mercurius reads what is no GraphQL as a JSON syntax tree, past the parser and its limit of tokens: refused before it can. */
export function refuseSyntaxTree(source: string): void {
  if (!BEGINS_LIKE_JSON.test(source)) return; // Every request passes here: an error of JSON.parse would cost as much as its validation.
  try {
    JSON.parse(source);
  } catch {
    return;
  }
  throw new PublicError('BAD_REQUEST', 'the query is a GraphQL document', '');
}
