export { atPath } from './at-path.js';
export { batched } from './batched.js';
export {
  type Connection,
  connectionOf,
  type Edge,
  type Keyset,
  keyset,
  PageArgs,
  type SortColumn,
  toConnection,
} from './connection.js';
export { isKnownErrorCode, isUserError, TOP_LEVEL_ERRORS, type TopLevelCode } from './error-table.js';
export { enumType } from './enum-type.js';
export { exactlyOne } from './exactly-one.js';
export {
  AsnScalar,
  CidrScalar,
  IpAddressScalar,
  MacScalar,
  RouteDistinguisherScalar,
  RouteTargetScalar,
  VlanIdScalar,
  VniScalar,
} from './network-scalars.js';
export { orNull, rowsOf } from './page-request.js';
export { payloadErrors, withErrors } from './payload-errors.js';
export { PublicError, toPublicError } from './public-error.js';
export { DescriptionScalar, DomainNameScalar, LabelScalar, SlugScalar } from './text-scalars.js';
export { ErrorCode, UserError, userErrorTypes } from './user-error.js';
export { BigCountScalar, DateTimeScalar, JsonObjectScalar, PoolNumberScalar } from './value-scalars.js';
