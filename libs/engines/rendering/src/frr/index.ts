import type { Draft, Renderer } from '../artefact.js';
import { assertOutline, outline } from '../outline.js';
import type { Line } from '../piece.js';
import { daemons, renderDaemons } from './daemons.js';
import { frrOutline } from './outline.js';
import { renderFrr } from './render-frr.js';

/** The whole file is ours. */
export const FRR_PATH = '/etc/frr/frr.conf';
/** Ours where more than bgpd has to run; a host that only speaks BGP is prepared for that before it gets to us. */
export const FRR_DAEMONS_PATH = '/etc/frr/daemons';

export const frrArtefacts: Renderer<Line> = (intent): readonly Draft<Line>[] => {
  if (!intent.bgp) return [];
  const text = renderFrr(intent, intent.bgp);
  assertOutline(intent.slug, FRR_PATH, text, frrOutline(intent, intent.bgp));
  const file: Draft<Line> = { path: FRR_PATH, format: 'frr', mode: 0o640, owner: 'frr', text };
  return daemons(intent).length > 1 ? [daemonsFile(intent), file] : [file];
};

const daemonsFile = (intent: Parameters<Renderer>[0]): Draft => {
  const text = renderDaemons(intent);
  const named = daemons(intent);
  const keys = [...named.map((name) => `${name}=yes`), 'vtysh_enable=yes', 'zebra_options="-A 127.0.0.1 -s 90000000"'];
  assertOutline(
    intent.slug,
    FRR_DAEMONS_PATH,
    text,
    outline([], [...keys, ...[...named, 'staticd'].map((name) => `${name}_options="-A 127.0.0.1"`)]),
  );
  return { path: FRR_DAEMONS_PATH, format: 'script', mode: 0o640, owner: 'frr', text };
};
