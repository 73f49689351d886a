export {
  handBuiltFabric,
  handBuiltFabricInFull,
  HOST_FRR,
  HOST_INTERFACES,
  LEAF_BGP,
  LEAF_VXLAN,
  LEAF_WHOLE,
} from './hand-built-fabric.js';
