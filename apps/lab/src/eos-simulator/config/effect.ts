/** Checks and consequences of commands that reach beyond their own line. */
import { reasonUnusableVlan } from './internal-vlans.js';
import { collapseList, expandList } from './number-list.js';
import type { Effect, EffectInput, Section } from './section.js';

/** The switch understood the command and will not do it: eAPI code 1000, with its own words. */
export class CommandRefused extends Error {}

const store = ({ section, rule }: EffectInput, text: string, key = text): void => void section.settings.set(key, { text, rule });

/** `vxlan vlan 10,20 vni 10010,10020`: pairwise, and neither number twice on one switch. */
export const mapVlans: Effect = (input) => {
  const { section, match, verb } = input;
  const [vlans, vnis] = [expandList(match.words[2] as string), match.words[4] === undefined ? [] : expandList(match.words[4])];
  if (verb !== 'set') {
    section.remove((text) =>
      vlans.some(
        (vlan, i) =>
          text === `vxlan vlan ${vlan} vni ${vnis[i] ?? ''}` || (vnis.length === 0 && text.startsWith(`vxlan vlan ${vlan} vni `)),
      ),
    );
    return;
  }
  if (vlans.length !== vnis.length) throw new CommandRefused('VLAN range and VNI range are of different sizes');
  for (const [i, vlan] of vlans.entries()) {
    refuseTakenVni(section, vnis[i] as string, `vxlan vlan ${vlan} vni`);
    store(input, `vxlan vlan ${vlan} vni ${vnis[i]}`, `vxlan vlan ${vlan} vni`);
  }
};

export const mapVrf: Effect = (input) => {
  const { section, match, verb } = input;
  if (verb !== 'set') return void section.settings.delete(match.key);
  refuseTakenVni(section, match.words[4] as string, match.key);
  store(input, match.text, match.key);
};

function refuseTakenVni(section: Section, vni: string, unlessKey: string): void {
  for (const [key, { text }] of section.settings) {
    const mapped = /^vxlan (?:vlan|vrf) (\S+) vni (\d+)$/.exec(text);
    if (mapped?.[2] === vni && key !== unlessKey)
      throw new CommandRefused(`VNI ${vni} is already mapped to ${text.split(' ')[1]} ${mapped[1]}`);
  }
}

/** Kept by direction; printed as one line again when import and export agree. */
export const routeTarget: Effect = (input) => {
  const { section, match, verb } = input;
  const [, targets] = /^route-target (?:both|import export|import|export) (.+)$/.exec(match.text) as unknown as [string, string];
  const isBoth = /^route-target (?:both|import export) /.test(match.text);
  for (const one of isBoth ? ['import', 'export'] : [match.words[1]]) {
    const text = `route-target ${one} ${targets}`;
    if (verb !== 'set') section.settings.delete(text);
    else store(input, text);
  }
};

export const trunkVlans: Effect = (input) => {
  const { section, match, verb } = input;
  const key = 'switchport trunk allowed vlan';
  const [how, list] = match.words.slice(4);
  if (verb !== 'set' || how === 'all') return void section.settings.delete(key);
  const now = section.valueOf(key);
  const present = now === undefined ? expandList('1-4094') : now === 'none' ? [] : expandList(now);
  const given = list === undefined ? [] : expandList(list);
  const wanted: Record<string, () => readonly string[]> = {
    add: () => [...present, ...given],
    remove: () => present.filter((vlan) => !given.includes(vlan)),
    none: () => [],
  };
  const vlans = wanted[how as string]?.() ?? expandList(how as string);
  store(input, `${key} ${vlans.length === 0 ? 'none' : collapseList(vlans)}`, key);
};

const isAddress = (text: string): boolean => /^(?:ip|ipv6) (?:address|virtual-router address) /.test(text);

/** Moving an interface to another VRF takes its addresses away, without a word. */
export const moveToVrf: Effect = (input) => {
  const { root, section, match, verb } = input;
  const [, name] = match.words;
  if (verb === 'set' && !root.sections.has(`vrf instance ${name}`)) throw new CommandRefused(`VRF ${name} does not exist`);
  const before = section.valueOf('vrf');
  if (verb !== 'set') section.settings.delete('vrf');
  else store(input, match.text, 'vrf');
  if (section.valueOf('vrf') !== before) section.remove(isAddress);
};

/** A subnet is on one interface of a VRF, whether as an own address or as one that is shared. */
export const addAddress: Effect = (input) => {
  const { root, section, match, verb } = input;
  const address = match.words.find((word) => word.includes('/'));
  const isOwn = (text: string): boolean => text.startsWith('ip address ') && !text.startsWith('ip address virtual ');
  if (verb !== 'set' || address === undefined) {
    return section.remove((text) =>
      address !== undefined ? text === match.text : match.words[2] === 'virtual' ? text === match.text : isOwn(text),
    );
  }
  for (const other of root.sections.values()) {
    if (other === section || other.valueOf('vrf') !== section.valueOf('vrf')) continue;
    for (const line of other.valuesOf('ip address')) {
      const taken = line.replace('virtual ', '').split(' ')[0] as string;
      if (taken.includes('/') && overlap(address, taken))
        throw new CommandRefused(`Subnet ${taken} overlaps with existing subnet of ${other.header.replace('interface ', '')}`);
    }
  }
  store(input, match.text, match.key);
};

function overlap(a: string, b: string): boolean {
  const [left, right] = [a, b].map((prefix) => {
    const [address, length] = prefix.split('/') as [string, string];
    return { value: address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0), length: Number(length) };
  }) as [{ value: number; length: number }, { value: number; length: number }];
  const size = 2 ** (32 - Math.min(left.length, right.length));
  return Math.floor(left.value / size) === Math.floor(right.value / size);
}

/** `no neighbor X` takes every line of it, those in address families too. */
export const dropNeighbor: Effect = ({ section, match }) => {
  const name = match.words[1] as string;
  for (const part of [section, ...section.sections.values()])
    part.remove((text) => new RegExp(`^(?:no )?neighbor ${name.replace(/\./g, '\\.')} `).test(text));
};

/** A peer group takes its members' membership with it. */
export const peerGroup: Effect = (input) => {
  const { section, match, verb } = input;
  if (verb === 'set') return store(input, match.text);
  dropNeighbor(input);
  section.remove((text) => text.endsWith(` peer group ${match.words[1]}`));
};

/** A neighbor joins a group that is there. */
export const joinGroup: Effect = (input) => {
  const { section, match, verb } = input;
  if (verb !== 'set') return void section.settings.delete(match.key);
  const group = /peer[- ]group (\S+)/.exec(match.text)?.[1];
  if (!section.has(`neighbor ${group} peer group`)) throw new CommandRefused(`Peer group ${group} does not exist`);
  store(input, match.text, match.key);
};

/** The first member makes the Port-Channel; the last one does not take it away. */
export const joinChannel: Effect = (input) => {
  const { root, section, match, verb } = input;
  if (verb !== 'set') return void section.settings.delete(match.key);
  const header = `interface Port-Channel${match.words[1]}`;
  root.enter(header, 'port-channel', null);
  store(input, match.text, match.key);
};

/** A frame that comes in has one VLAN inside. */
export const translateVlan: Effect = (input) => {
  const { section, match, verb } = input;
  const [outside, inside] = match.words.slice(3) as [string, string];
  if (verb !== 'set') return void section.settings.delete(match.text);
  const other = section
    .valuesOf('switchport vlan translation')
    .find((pair) => pair !== `${outside} ${inside}` && pair.split(' ').some((vlan, i) => vlan === [outside, inside][i]));
  if (other !== undefined) throw new CommandRefused(`VLAN translation ${other} is already configured`);
  store(input, match.text);
};

/** A VLAN has a MAC-VRF of its own or is in one bundle. */
export const freeVlan: Effect = ({ section, match, verb }) => {
  if (verb !== 'set' || section.sections.has(match.text)) return;
  const vlan = match.words[1] as string;
  const bundle = section.sectionsOf('bundle').find((one) => expandList(one.valueOf('vlan') ?? '0').includes(vlan));
  if (bundle !== undefined) throw new CommandRefused(`VLAN ${vlan} is already in ${bundle.header}`);
};

export const bundledVlans: Effect = (input) => {
  const { root, section, match, verb } = input;
  if (verb !== 'set') return void section.settings.delete('vlan');
  const [how, list] = match.words.slice(1) as [string, string?];
  const now = section.valueOf('vlan') === undefined ? [] : expandList(section.valueOf('vlan') as string);
  const given = expandList(list ?? how);
  const vlans = how === 'add' ? [...now, ...given] : how === 'remove' ? now.filter((vlan) => !given.includes(vlan)) : given;
  const bgp = root.sectionsOf('bgp')[0];
  for (const vlan of vlans) {
    const taken =
      bgp?.sections.has(`vlan ${vlan}`) === true ||
      bgp?.sectionsOf('bundle').some((other) => other !== section && expandList(other.valueOf('vlan') ?? '0').includes(vlan)) === true;
    if (taken) throw new CommandRefused(`VLAN ${vlan} is already in another MAC-VRF`);
  }
  if (vlans.length === 0) section.settings.delete('vlan');
  else store(input, `vlan ${collapseList(vlans)}`, 'vlan');
};

/** One for this domain, one for the others. */
export const domainIdentifier: Effect = (input) => {
  const { section, match, verb } = input;
  const key = match.text.endsWith(' remote') ? 'domain identifier remote' : 'domain identifier';
  if (verb !== 'set') section.settings.delete(key);
  else store(input, match.text, key);
};

export const existingVrf: Effect = (input) => {
  const { root, section, match, verb } = input;
  if (verb !== 'set') return void section.settings.delete(match.key);
  const name = match.words[match.words.indexOf('vrf') + 1];
  if (!root.sections.has(`vrf instance ${name}`)) throw new CommandRefused(`VRF ${name} does not exist`);
  store(input, match.text, match.key);
};

export const oneBgp: Effect = ({ root, match, verb }) => {
  const other = root.sectionsOf('bgp')[0];
  if (verb === 'set' && other !== undefined && other.header !== match.text)
    throw new CommandRefused(`BGP is already running with AS number ${other.header.split(' ')[2]}`);
};

export const usableVlans: Effect = ({ root, match, verb }) => {
  if (verb !== 'set') return;
  for (const vlan of expandList(match.words[1] as string)) {
    const reason = reasonUnusableVlan(root, Number(vlan));
    if (reason !== undefined) throw new CommandRefused(reason);
  }
};

/** Interfaces fall back to the default VRF, without addresses. */
export const dropVrf: Effect = ({ root, match, verb }) => {
  if (verb === 'set') return;
  for (const section of root.sections.values()) {
    if (section.mode === 'bgp' || section.valueOf('vrf') !== match.words[2]) continue;
    section.settings.delete('vrf');
    section.remove(isAddress);
  }
};

/** Ports are there because the hardware is. */
export const existingPort: Effect = ({ root, match, verb }) => {
  if (!root.sections.has(match.text)) throw new CommandRefused(`Interface ${match.words[1]} does not exist`);
  if (verb === 'no') throw new CommandRefused(`Interface ${match.words[1]} cannot be deleted`);
};

/** One route map per neighbor and direction. */
export const neighborRouteMap: Effect = ({ section, match, rule, verb }) => {
  const key = `${match.words.slice(0, 3).join(' ')} ${match.words[4]}`;
  if (verb === 'set') section.settings.set(key, { text: match.text, rule });
  else section.settings.delete(key);
};

/** Lines without a number are numbered by ten after the last. */
export const numberedLine: Effect = ({ section, match, rule, verb }) => {
  if (verb !== 'set') return section.remove((text) => text.replace(/^\d+ /, '') === match.text);
  const last = Math.max(0, ...[...section.settings.keys()].map(Number));
  section.settings.set(String(last + 10), { text: `${last + 10} ${match.text}`, rule });
};

/** `no switchport` is printed always, `switchport` only where ports are routed unless told otherwise (4.34). */
export const switchport: Effect = ({ root, section, match, rule, verb }) => {
  const isRoutedByDefault = root.has('switchport default mode routed');
  if (verb === 'no') section.settings.set(match.key, { text: 'no switchport', rule });
  else if (verb === 'set' && isRoutedByDefault) section.settings.set(match.key, { text: 'switchport', rule });
  else section.settings.delete(match.key);
};
