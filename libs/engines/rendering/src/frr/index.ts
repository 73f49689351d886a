import type { Draft, Renderer } from '../artefact.js';
import { assertOutline } from '../outline.js';
import { frrOutline } from './outline.js';
import { renderFrr } from './render-frr.js';

/** The whole file is ours. */
export const FRR_PATH = '/etc/frr/frr.conf';

export const frrArtefacts: Renderer = (intent): readonly Draft[] => {
  const text = renderFrr(intent);
  assertOutline(intent.slug, FRR_PATH, text, frrOutline(intent));
  return [{ path: FRR_PATH, format: 'frr', mode: 0o640, owner: 'frr', text }];
};
