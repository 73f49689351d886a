export { demoFabric, demoSnapshot } from './demo-fabric.js';
export { refusedScenarios, scenarios } from './scenarios.js';
export { type NetworkSpec, SnapshotBuilder, type VrfSpec } from './snapshot-builder.js';
