export { AccessModule } from './access.module.js';
export { AUTHORIZED_SCOPES, Authorize, Unauthenticated } from './authorize.js';
export { TOKEN_SCOPES, type TokenScope } from './domain/token-scope.js';
export { Ctx, type GraphqlContext, type RequestContext, requestContextOf, unauthenticated } from './request-context.js';
export { type ActingTenant, needScope, operatorOnly, tenantIn } from './tenant-in.js';
export type { TokenRow } from './store/token.store.js';
export { type NewToken, type Principal, type RecordToken, TokenService } from './token.service.js';
