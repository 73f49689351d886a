export type { Artefact } from './artefact.js';
export { FRR_PATH, INTERFACES_PATH, RUNNING_CONFIG_PATH, renderDevice } from './render-device.js';
