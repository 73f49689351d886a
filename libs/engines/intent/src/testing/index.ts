export { forwardPort, hostFacts, type HostSpec, masquerade, snat } from './host-facts.js';
export { bondOfCards, bridgeOfCard, hostWithCards } from './host-with-cards.js';
export { demoFabric, demoSnapshot } from './demo-fabric.js';
export { lacking, type Mutation, mutations } from './mutations/index.js';
export { dice, type FabricShape, randomFabric } from './random-fabric.js';
export { refusedScenarios, scenarios } from './scenarios.js';
export {
  internalPort,
  openVswitchScenarios,
  ovsBond,
  ovsBridge,
  ovsHost,
  ovsMirror,
  ovsPort,
  staticVxlan,
} from './scenarios-openvswitch.js';
export { exitNodes, leakingVrfs, routingScenarios, sessionPair } from './scenarios-routing.js';
export { type NetworkSpec, type SessionSpec, SnapshotBuilder, type VrfSpec } from './snapshot-builder.js';
export { switchScenarios } from './scenarios-switches.js';
