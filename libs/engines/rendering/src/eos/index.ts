import type { Draft, Renderer } from '../artefact.js';
import { assertOutline } from '../outline.js';
import { eosOutline } from './outline.js';
import { renderEos } from './render-eos.js';

/** The lines of the running-config that Trame owns. */
export const RUNNING_CONFIG_PATH = 'running-config';

export const eosArtefacts: Renderer = (intent): readonly Draft[] => {
  const text = renderEos(intent);
  assertOutline(intent.slug, RUNNING_CONFIG_PATH, text, eosOutline(intent));
  return [{ path: RUNNING_CONFIG_PATH, format: 'eos', mode: 0o644, owner: 'root', text }];
};
