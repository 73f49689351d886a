/** Network XML for `virsh net-define`, as `virsh net-dumpxml` prints it: equal networks are equal bytes but for the first line. */
import type { LibvirtNetworkIntent, LibvirtPortgroupFacts } from '#engines/intent';
import { block, lines } from '../text.js';
import { xmlText } from './xml-text.js';

const STEP = 2;

/** Ours, beside those that libvirt keeps for itself below /etc/libvirt/qemu and that nobody may edit. */
const NETWORKS_FOLDER = '/etc/trame/libvirt/networks';

export const networkPath = ({ name }: Pick<LibvirtNetworkIntent, 'name'>): string => `${NETWORKS_FOLDER}/${encodeURIComponent(name)}.xml`;

const OWNED = '<!-- Owned by Trame: changes made here by hand are undone. -->';

export function renderNetwork({ name, uuid, bridge, isOpenVswitch, portgroups }: LibvirtNetworkIntent): string[] {
  return lines(
    OWNED,
    block(
      STEP,
      '<network>',
      [
        `<name>${xmlText(name)}</name>`,
        `<uuid>${xmlText(uuid)}</uuid>`,
        `<forward mode='bridge'/>`,
        `<bridge name='${xmlText(bridge)}'/>`,
        isOpenVswitch && `<virtualport type='openvswitch'/>`,
        portgroups.map(renderPortgroup),
      ],
      '</network>',
    ),
  );
}

/** Also by itself, as `virsh net-update` takes it. */
export function renderPortgroup({ name, isDefault, isTrunk, tags, nativeTag }: LibvirtPortgroupFacts): string[] {
  const head = `portgroup name='${xmlText(name)}'${isDefault ? ` default='yes'` : ''}`;
  const tag = (vlan: number): string => `<tag id='${vlan}'${nativeTag?.vlan === vlan ? ` nativeMode='${nativeTag.mode}'` : ''}/>`;
  const vlan = tags.length > 0 && block(STEP, isTrunk ? `<vlan trunk='yes'>` : '<vlan>', tags.map(tag), '</vlan>');
  return block(STEP, `<${head}>`, vlan, '</portgroup>');
}
