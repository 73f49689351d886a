export { ifupdown2Outline } from './outline.js';
export { renderIfupdown2 } from './render-ifupdown2.js';
