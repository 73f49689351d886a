import type { Draft, Renderer } from '../artefact.js';
import { renderTemplate } from './render-template.js';
import { assertTemplate } from './template-outline.js';
import { VXLAN_HOOK } from './vxlan-hook.js';

const TEMPLATES_FOLDER = '/etc/trame/opennebula/networks';
export const VXLAN_HOOK_PATH = '/var/lib/one/remotes/vnm/vxlan/pre.d/trame';

export const openNebulaArtefacts: Renderer = ({ slug: device, opennebula }): readonly Draft[] => {
  if (!opennebula) return [];
  const templates = opennebula.networks.map((network): Draft => {
    const text = renderTemplate(network, opennebula.dns);
    const path = `${TEMPLATES_FOLDER}/${network.slug}.tmpl`;
    assertTemplate(device, path, text, network);
    return { path, format: 'opennebula', mode: 0o644, owner: 'root', text };
  });
  const isTunnelled = opennebula.networks.some(({ carrier }) => carrier.driver === 'vxlan');
  return isTunnelled
    ? [...templates, { path: VXLAN_HOOK_PATH, format: 'script', mode: 0o755, owner: 'root', text: VXLAN_HOOK }]
    : templates;
};
