export type { ActualItem, Brakes, Change, ChangeVerb, Item, Plan, Target } from './plan.js';
