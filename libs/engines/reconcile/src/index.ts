export { checkBrakes } from './check-brakes.js';
export { makePlan } from './make-plan.js';
export { printPlan } from './print-plan.js';
export type { ActualItem, Brakes, Change, ChangeVerb, Item, Plan, Target } from './plan.js';
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
