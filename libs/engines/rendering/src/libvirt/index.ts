import type { LibvirtNetworkIntent, OnDemandIntent } from '#engines/intent';
import type { Draft, Renderer } from '../artefact.js';
import { assertNetworkMap, renderNetworkMap } from './network-map.js';
import { assertNetwork } from './network-outline.js';
import { QEMU_HOOK } from './qemu-hook.js';
import { networkPath, renderNetwork } from './render-network.js';

/** Both in the text of the hook, too. */
export const NETWORK_MAP_PATH = '/var/lib/trame/libvirt-networks';
export const QEMU_HOOK_PATH = '/etc/libvirt/hooks/qemu.d/trame';
/** As it is rendered: the same on every host, so that a host can refuse any other program there. */
export const QEMU_HOOK_TEXT = `${QEMU_HOOK.join('\n')}\n`;

export const libvirtArtefacts: Renderer = ({ slug, libvirt }): readonly Draft[] => {
  if (!libvirt) return [];
  return [...libvirt.networks.map((network) => networkFile(slug, network)), ...hookFiles(slug, libvirt.onDemand)];
};

function networkFile(device: string, network: LibvirtNetworkIntent): Draft {
  const text = renderNetwork(network);
  const path = networkPath(network);
  assertNetwork(device, path, text, network);
  return { path, format: 'libvirt-network', mode: 0o644, owner: 'root', text };
}

/** The map before its reader. */
function hookFiles(device: string, onDemand: OnDemandIntent | null): Draft[] {
  if (!onDemand) return [];
  const text = renderNetworkMap(onDemand);
  assertNetworkMap(device, NETWORK_MAP_PATH, text, onDemand);
  return [
    { path: NETWORK_MAP_PATH, format: 'script', mode: 0o644, owner: 'root', text },
    { path: QEMU_HOOK_PATH, format: 'script', mode: 0o755, owner: 'root', text: QEMU_HOOK },
  ];
}
