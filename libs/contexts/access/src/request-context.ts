import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { GqlExecutionContext } from '@nestjs/graphql';
import { DomainError } from '#engines/kernel';
import type { Scope } from '#platform';
import type { Principal } from './token.service.js';

/** Who asks, what they may do, and whose rows they see. It is made once per request, from the token. */
export interface RequestContext {
  readonly actor: string;
  readonly scope: Scope;
  readonly scopes: ReadonlySet<string>;
  readonly requestId: string;
}

/** Where the server puts it for the guard and the resolvers; a subscription has one too. */
export interface GraphqlContext {
  readonly requestContext?: RequestContext;
}

export const requestContextOf = (principal: Principal, requestId: string): RequestContext => ({
  actor: principal.actor,
  scope: principal.scope,
  scopes: principal.scopes,
  requestId,
});

/** @throws DomainError UNAUTHENTICATED where there is none: one text for every reason. */
export function readRequestContext(context: ExecutionContext): RequestContext {
  const found = GqlExecutionContext.create(context).getContext<GraphqlContext>().requestContext;
  if (!found) throw unauthenticated();
  return found;
}

export const unauthenticated = (): DomainError<'UNAUTHENTICATED'> =>
  new DomainError('UNAUTHENTICATED', 'a valid token is needed: Authorization: Bearer trame_live_…');

/** `@Ctx() ctx: RequestContext` */
export const Ctx = createParamDecorator((_data: unknown, context: ExecutionContext): RequestContext => readRequestContext(context));
