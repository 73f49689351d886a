export type { Artefact } from './artefact.js';
