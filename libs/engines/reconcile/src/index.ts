export { makePlan } from './make-plan.js';
export { printPlan } from './print-plan.js';
export type { ActualItem, Change, ChangeVerb, Item, Plan, Target } from './plan.js';
export {
  compareConfigs,
  compareFacts,
  type ConfigDifference,
  type ConfigFact,
  configFacts,
  type DifferenceKind,
} from './config/compare-configs.js';
export { diffText } from './config/diff-text.js';
export { canonicalConfig } from './config/canonical-config.js';
export type { FactNode } from './config/fact-node.js';
export { type ConfigNode, parseConfig } from './config/config-tree.js';
export type { Dialect } from './config/dialect.js';
export { eosDialect } from './config/eos-dialect.js';
export { frrDialect } from './config/frr-dialect.js';
export { ownedText } from './config/owned-text.js';
export { RemediationError, type RemediationErrorCode } from './config/refusals.js';
export { remediate, type ThreeWay } from './config/remediate.js';
export { isGuestPort } from './ovs/guest-port.js';
export { type OvsTable, ownColumns } from './ovs/ovs-columns.js';
export { nameOf, OVS_DUMP, type OvsDump, type OvsRow, parseOvsDump, valuesOf } from './ovs/ovs-dump.js';
export { type OvsRows, parseOvsRows } from './ovs/ovs-rows.js';
export { OvsState } from './ovs/ovs-state.js';
export { type OvsThreeWay, type OvsTransaction, ovsTransaction } from './ovs/ovs-transaction.js';
export { checkSyncBrakes, type Stop, type StopCode, SYNC_LIMITS, type SyncCounts, type SyncLimits } from './sync/check-sync-brakes.js';
export {
  type Existence,
  type ExistenceFacts,
  type ForeignReason,
  type GonePolicy,
  judgeExistence,
  type RetirePhase,
  type Sighting,
} from './sync/judge-existence.js';
export { equalValues } from './sync/equal-values.js';
export { type FieldConflict, type FieldsMerge, mergeFields, type ThreeCopies } from './sync/merge-fields.js';
export type { Authority, FieldRule, KindRules } from './sync/rules.js';
export { printSyncPlan, stopText } from './sync/print-sync-plan.js';
export { digestChanges, type SyncAction, type SyncChange } from './sync/sync-change.js';
export type { Fields, FieldValue, Ref, Scalar, ValueSet } from './sync/values.js';
