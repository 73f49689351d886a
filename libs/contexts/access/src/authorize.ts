import { type CanActivate, type CustomDecorator, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { GqlExecutionContext } from '@nestjs/graphql';
import type { GraphQLResolveInfo } from 'graphql';
import { DomainError } from '#engines/kernel';
import type { TokenScope } from './domain/token-scope.js';
import { readRequestContext } from './request-context.js';

export const AUTHORIZED_SCOPES = 'trame:authorized-scopes';
const UNAUTHENTICATED_ROUTE = 'trame:unauthenticated-route';

/** The caller needs any one of these scopes; with none named, any valid token will do. A root field without it is refused to everybody. */
export const Authorize = (...scopes: TokenScope[]): CustomDecorator => SetMetadata(AUTHORIZED_SCOPES, scopes);

/** An HTTP route that asks for no token. @param _reason why that is right: for the reader. */
export const Unauthenticated = (_reason: string): CustomDecorator => SetMetadata(UNAUTHENTICATED_ROUTE, true);

const isRootField = (context: ExecutionContext): boolean =>
  ['Query', 'Mutation', 'Subscription'].includes(GqlExecutionContext.create(context).getInfo<GraphQLResolveInfo>().parentType.name);

/** Stands before every resolver and every controller, and refuses what nobody thought about. */
@Injectable()
export class ScopeGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    if (context.getType<'http' | 'graphql'>() === 'http') {
      if (this.reflector.get<boolean | undefined>(UNAUTHENTICATED_ROUTE, context.getHandler())) return true;
      throw new DomainError('FORBIDDEN', 'this route is not open to anybody', {});
    }
    const caller = readRequestContext(context);
    const accepted = this.reflector.get<readonly TokenScope[] | undefined>(AUTHORIZED_SCOPES, context.getHandler());
    if (accepted === undefined) {
      if (!isRootField(context)) return true; // Whoever got the object may see its fields, unless one of them says otherwise.
      throw new DomainError('FORBIDDEN', 'this field is not open to anybody', {});
    }
    if (accepted.length === 0 || accepted.some((scope) => caller.scopes.has(scope))) return true;
    throw new DomainError('FORBIDDEN', `this token lacks the scope ${accepted.join(' or ')}`, { scopes: accepted });
  }
}
