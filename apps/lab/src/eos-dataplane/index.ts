export { startEosDataplane } from './eos-dataplane.js';
