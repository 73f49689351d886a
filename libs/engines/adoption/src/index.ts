export type { EosConfig } from './eos/eos-config.js';
export { readEos, writeEos } from './eos/read-eos.js';
