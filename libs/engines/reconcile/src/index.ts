export { checkBrakes } from './check-brakes.js';
export { makePlan } from './make-plan.js';
export { printPlan } from './print-plan.js';
export type { ActualItem, Brakes, Change, ChangeVerb, Item, Plan, Target } from './plan.js';
export { diffText } from './config/diff-text.js';
export { type ConfigNode, parseConfig } from './config/config-tree.js';
export { ownedText } from './config/owned-text.js';
export { RemediationError, type RemediationErrorCode } from './config/refusals.js';
export { remediate, type ThreeWay } from './config/remediate.js';
