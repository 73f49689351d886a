export { trespasses } from '../session-gate.js';
