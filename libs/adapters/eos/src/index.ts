export { eosSecretCode, EosTransport, type EosTiming } from './eos-transport.js';
