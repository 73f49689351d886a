import type { Draft, Renderer } from '../artefact.js';
import { assertOutline } from '../outline.js';
import type { Line } from '../piece.js';
import { eosOutline } from './outline.js';
import { renderEos } from './render-eos.js';

/** The lines of the running-config that Trame owns. */
export const RUNNING_CONFIG_PATH = 'running-config';

export const eosArtefacts: Renderer<Line> = (intent): readonly Draft<Line>[] => {
  const text = renderEos(intent);
  assertOutline(intent.slug, RUNNING_CONFIG_PATH, text, eosOutline(intent));
  return [{ path: RUNNING_CONFIG_PATH, format: 'eos', mode: 0o644, owner: 'root', text }];
};
