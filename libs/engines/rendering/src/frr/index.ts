export { frrOutline } from './outline.js';
export { renderFrr } from './render-frr.js';
