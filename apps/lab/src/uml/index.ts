export { missingForUml } from './missing-for-uml.js';
export { UmlMachine, type UmlOptions } from './uml-machine.js';
export type { Shell, UmlNode } from './uml-node.js';
