export type { Artefact } from './artefact.js';
export { RUNNING_CONFIG_PATH } from './eos/index.js';
export { FRR_DAEMONS_PATH, FRR_PATH } from './frr/index.js';
export { INTERFACES_PATH } from './ifupdown2/index.js';
export { renderDevice } from './render-device.js';
