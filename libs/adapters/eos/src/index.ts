export { EosTransport, type EosTiming } from './eos-transport.js';
