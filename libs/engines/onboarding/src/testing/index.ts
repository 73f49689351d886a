export { handBuiltFabric, handBuiltFabricInFull, HOST_FRR } from './hand-built-fabric.js';
