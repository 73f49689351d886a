import type { OpenVswitchFacts } from '#engines/intent';
import type { Draft, Renderer } from '../artefact.js';
import { assertOutline } from '../outline.js';
import { paragraphs } from '../text.js';
import { assertRows, stanzaOutline } from './outline.js';
import { renderOvsRows } from './ovs-rows.js';
import { addressStanzas, ovsStanzas } from './stanzas.js';

/** Beside the state of Trame: the rows of the database, whoever makes them at boot. ifquery looks at no row, so they are also what drift is measured by. */
export const OVS_ROWS_PATH = '/var/lib/trame/openvswitch.json';
export const OVS_INTERFACES_PATH = '/etc/network/interfaces.d/trame-ovs';

export const openVswitchArtefacts: Renderer = (intent): readonly Draft[] => {
  const { slug, openvswitch: facts } = intent;
  if (!facts) return [];
  const rows = renderOvsRows(facts);
  assertRows(slug, OVS_ROWS_PATH, rows, facts);
  const text = renderOvsInterfaces(facts);
  assertOutline(slug, OVS_INTERFACES_PATH, text, stanzaOutline(facts));
  return [
    { path: OVS_ROWS_PATH, format: 'ovsdb', mode: 0o644, owner: 'root', text: rows },
    { path: OVS_INTERFACES_PATH, format: facts.managedBy === 'IFUPDOWN' ? 'ifupdown' : 'ifupdown2', mode: 0o644, owner: 'root', text },
  ];
};

function renderOvsInterfaces(facts: OpenVswitchFacts): string[] {
  const stanzas = facts.managedBy === 'OVSDB' ? addressStanzas(facts) : ovsStanzas(facts.managedBy, facts);
  return paragraphs('', [['# Owned by Trame: changes made here by hand are undone.'], ...stanzas]);
}
