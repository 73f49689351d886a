import { DomainError } from '#engines/kernel';
import { lintNetwork } from './lint-network.js';
import type { LibvirtNetwork, LibvirtPortgroup } from './libvirt-network.js';
import { readXml, type XmlElement } from './read-xml.js';

/**
 * One network, from a file of somebody or from `virsh net-dumpxml`.
 * @throws DomainError INVALID_VALUE for what is no XML or no network; what is merely wrong in a network is a problem of it.
 */
export function readLibvirtNetwork(text: string): LibvirtNetwork {
  const root = readXml(text);
  const name = childOf(root, 'name')?.text.trim() ?? '';
  if (root.name !== 'network' || name === '') {
    throw new DomainError('INVALID_VALUE', 'this is no network of libvirt: expected <network> with a <name>', {
      kind: 'XML',
      line: 1,
      accepted: '<network>',
    });
  }
  const network = {
    name,
    uuid: childOf(root, 'uuid')?.text.trim().toLowerCase() ?? null,
    forward: childOf(root, 'forward')?.attributes.get('mode') ?? (childOf(root, 'forward') ? 'nat' : null),
    bridge: childOf(root, 'bridge')?.attributes.get('name') ?? null,
    isOpenVswitch: childOf(root, 'virtualport')?.attributes.get('type') === 'openvswitch',
    portgroups: childrenOf(root, 'portgroup').map(readPortgroup),
    kept: [...keptOf(root)],
  };
  return { ...network, problems: lintNetwork(network, childrenOf(root, 'portgroup').map(saysTrunk)) };
}

const childrenOf = (element: XmlElement, name: string): readonly XmlElement[] => element.children.filter((child) => child.name === name);
const childOf = (element: XmlElement, name: string): XmlElement | undefined => childrenOf(element, name)[0];

/** Whether it was said, and not only meant. */
const saysTrunk = (portgroup: XmlElement): boolean => childOf(portgroup, 'vlan')?.attributes.get('trunk')?.toLowerCase() === 'yes';

function readPortgroup(element: XmlElement): LibvirtPortgroup {
  const vlan = childOf(element, 'vlan');
  const tags = vlan ? childrenOf(vlan, 'tag').filter(isNumbered) : [];
  const native = tags.find((tag) => tag.attributes.has('nativeMode'));
  return {
    name: element.attributes.get('name') ?? '',
    isDefault: element.attributes.get('default') === 'yes',
    // virNetDevVlanParse: several tags, or a native one, are a trunk whether it is said or not.
    isTrunk: saysTrunk(element) || tags.length > 1 || native !== undefined,
    tags: tags.map(numberOf),
    nativeTag: native ? { vlan: numberOf(native), mode: native.attributes.get('nativeMode') === 'tagged' ? 'tagged' : 'untagged' } : null,
  };
}

const isNumbered = (tag: XmlElement): boolean => /^\d{1,9}$/.test(tag.attributes.get('id') ?? '');
const numberOf = (tag: XmlElement): number => Number(tag.attributes.get('id'));

/** What of which element a field holds, by path; children by paths of their own. */
const HELD: Readonly<Record<string, { readonly attributes: readonly string[]; readonly hasText?: boolean }>> = {
  network: { attributes: [] },
  'network/name': { attributes: [], hasText: true },
  'network/uuid': { attributes: [], hasText: true },
  'network/forward': { attributes: ['mode'] },
  'network/bridge': { attributes: ['name'] },
  'network/virtualport': { attributes: ['type'] },
  'network/portgroup': { attributes: ['name', 'default'] },
  'network/portgroup/vlan': { attributes: ['trunk'] },
  'network/portgroup/vlan/tag': { attributes: ['id', 'nativeMode'] },
};
const REPEATED = new Set(['network/portgroup', 'network/portgroup/vlan/tag']);

function* keptOf(element: XmlElement, path = element.name): Generator<{ readonly path: string; readonly xml: string }> {
  const held = HELD[path];
  const isStrange =
    !held ||
    [...element.attributes.keys()].some((name) => !held.attributes.includes(name)) ||
    (!held.hasText && element.text.trim() !== '') ||
    (path === 'network/portgroup/vlan/tag' && !isNumbered(element)) ||
    (path === 'network/virtualport' && element.attributes.get('type') !== 'openvswitch');
  if (isStrange) yield { path, xml: held && path !== 'network/virtualport' ? written({ ...element, children: [] }) : written(element) };
  if (!held) return;
  const seen = new Set<string>();
  for (const child of element.children) {
    const below = `${path}/${child.name}`;
    if (seen.has(below) && !REPEATED.has(below)) yield { path: below, xml: written(child) };
    else yield* keptOf(child, below);
    seen.add(below);
  }
}

const written = ({ name, attributes, children, text }: XmlElement): string => {
  const head = [name, ...[...attributes].map(([key, value]) => `${key}='${escaped(value)}'`)].join(' ');
  const body = escaped(text.trim()) + children.map(written).join('');
  return body === '' ? `<${head}/>` : `<${head}>${body}</${name}>`;
};
const escaped = (text: string): string => text.replace(/[&<>'"]/g, (character) => `&#${character.charCodeAt(0)};`);
