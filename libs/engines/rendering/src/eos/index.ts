export { eosOutline } from './outline.js';
export { renderEos } from './render-eos.js';
