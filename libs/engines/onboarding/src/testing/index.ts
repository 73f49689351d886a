export { handBuiltFabric, handBuiltFabricInFull, HOST_FRR } from './hand-built-fabric.js';
export { switchFabric } from './switch-fabric.js';
