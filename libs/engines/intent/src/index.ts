export { checkFabric } from './check-fabric.js';
export { compileFabric, deviceIntent } from './compile-fabric.js';
export * from './device-intent.js';
export { FabricCompiler } from './incremental/fabric-compiler.js';
export type { Finding, FindingCode } from './finding.js';
export { bridgeName, isDerivedName, vrfBridgeName, vrfVxlanName, vxlanName } from './interface-names.js';
export { routerMac } from './router-mac.js';
export * from './snapshot.js';
export { withoutStrangers } from './without-strangers.js';
