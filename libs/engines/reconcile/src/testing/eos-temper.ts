/** EOS as far as tests of the merge go: what it refuses, what falls with what, and which lines hold one value. */
import { type Mode, Refused, type Temper } from './shell.js';

const root = (path: readonly Mode[]): Mode => path[0] as Mode;
const header = (path: readonly Mode[], depth: number): string => path[depth]?.header ?? '';

const TOP =
  /^(?:vlan \d+|vrf instance \S+|interface \S+|router bgp \d+|route-map \S+ (?:permit|deny) \d+|ip prefix-list \S+|ip access-list \S+|mlag configuration)$/;

export const eosTemper: Temper = {
  modeOf(path, line) {
    if (path.length === 1) return TOP.test(line) ? line.replace(/^(route-map \S+) (?:permit|deny) /, '$1 ') : undefined;
    if (path.length === 2 && header(path, 1).startsWith('router bgp')) {
      return /^(?:vlan \d+|vlan-aware-bundle \S+|address-family \S+|vrf \S+)$/.test(line) ? line : undefined;
    }
    if (path.length === 2 && header(path, 1).startsWith('interface ')) return line === 'evpn ethernet-segment' ? line : undefined;
    return path.length === 3 && header(path, 2).startsWith('vrf ') && line.startsWith('address-family ') ? line : undefined;
  },
  leaves: (line) => line === 'exit',
  slotOf(path, line) {
    const words = line.split(' ');
    if (/^ip (?:prefix-list|access-list) /.test(header(path, 1))) return (/^(?:seq )?\d+/.exec(line) ?? [line])[0];
    if (/^(?:description|name|mtu|vrf|rd|router-id|identifier|mlag|domain-id|peer-link|local-interface)$/.test(words[0] ?? ''))
      return words[0] as string;
    if (header(path, 2).startsWith('vlan-aware-bundle') && words[0] === 'vlan') return 'vlan';
    if (/^(?:switchport trunk allowed vlan|switchport access vlan|vxlan flood vtep|vxlan source-interface|channel-group)/.test(line)) {
      return (/^(?:switchport trunk allowed vlan|switchport access vlan|vxlan flood vtep|vxlan source-interface|channel-group)/.exec(
        line,
      ) ?? [line])[0];
    }
    if (/^vxlan (?:vlan|vrf) \S+ vni/.test(line)) return words.slice(0, 4).join(' ');
    if (/^ip address \d\S*$|^ip address virtual \S+$/.test(line)) return words.slice(0, -1).join(' ');
    if (words[0] === 'neighbor' && /^(?:remote-as|description|update-source|timers)$/.test(words[2] ?? ''))
      return words.slice(0, 3).join(' ');
    if (words[0] === 'neighbor' && words[2] === 'peer' && words.length > 4) return words.slice(0, 4).join(' ') + ' of';
    return /^(?:set|match) /.test(line) ? words.slice(0, -1).join(' ') : line;
  },
  before(path, line) {
    if (
      path.length === 1 &&
      /^router bgp /.test(line) &&
      [...root(path).modes.keys()].some((name) => name.startsWith('router bgp ') && name !== line)
    ) {
      throw new Refused(`BGP is already running: ${line}`);
    }
    if (header(path, 1).startsWith('router bgp')) return inBgp(path, line);
    return header(path, 1).startsWith('interface ') && inInterface(path, line);
  },
  beforeRemoval(path, mode) {
    if (/^interface Ethernet/.test(mode.header)) throw new Refused(`${mode.header} is hardware`);
    const vrf = /^vrf instance (\S+)$/.exec(mode.header)?.[1];
    const users = [...root(path).modes.values()].filter((one) => vrf !== undefined && one.settings.get('vrf') === `vrf ${vrf}`);
    if (users.length > 0) throw new Refused(`${users[0]?.header} is in ${vrf}`);
    const channel = /^interface Port-Channel(\d+)$/.exec(mode.header)?.[1];
    const member = [...root(path).modes.values()].find(
      (one) => channel !== undefined && one.settings.get('channel-group')?.startsWith(`channel-group ${channel} `),
    );
    if (member !== undefined) throw new Refused(`${member.header} is a member of ${channel}`);
    const vlan = path.length === 1 ? /^vlan (\d+)$/.exec(mode.header)?.[1] : undefined;
    const mapping = root(path).modes.get('interface Vxlan1')?.settings.get(`vxlan vlan ${vlan} vni`);
    if (vlan !== undefined && mapping !== undefined) throw new Refused(`${mapping} is there`);
  },
};

function inInterface(path: readonly Mode[], line: string): boolean {
  const here = path[1] as Mode;
  const vrf = /^(?:no )?vrf (\S+)$/.exec(line)?.[1];
  if (vrf !== undefined && path.length === 2) {
    if (!root(path).modes.has(`vrf instance ${vrf}`)) throw new Refused(`no VRF ${vrf}`);
    for (const slot of here.settings.keys()) if (/^ip(?:v6)? (?:address|virtual-router)/.test(slot)) here.settings.delete(slot);
  }
  const [, kind, name, vni] = /^vxlan (vlan|vrf) (\S+) vni (\d+)$/.exec(line) ?? [];
  for (const set of here.settings.values()) {
    const isOther = set !== line && (set.endsWith(` vni ${vni}`) || set.startsWith(`vxlan ${kind} ${name} vni `));
    if (vni !== undefined && isOther) throw new Refused(`${line}: ${set} is there`);
  }
  return false;
}

function inBgp(path: readonly Mode[], line: string): boolean {
  const bgp = path[1] as Mode;
  const [, no, name, rest] = /^(no )?neighbor (\S+)(?: (.*))?$/.exec(line) ?? [];
  if (no !== undefined && path.length === 2 && (rest === undefined || rest === 'peer group')) {
    const member = [...bgp.settings.values()].find((text) => text.endsWith(` peer group ${name}`));
    if (rest !== undefined && member !== undefined) throw new Refused(`${member} is there`);
    for (const mode of [bgp, ...bgp.modes.values()]) {
      for (const [slot, text] of mode.settings) if (text.replace(/^no /, '').startsWith(`neighbor ${name} `)) mode.settings.delete(slot);
    }
    return true;
  }
  const [, removed] = /^vlan remove (\S+)$/.exec(line) ?? [];
  if (removed !== undefined && path.length === 3) {
    const bundle = path[2] as Mode;
    const left = (bundle.settings.get('vlan') ?? 'vlan ')
      .slice(5)
      .split(',')
      .filter((one) => !removed.split(',').includes(one));
    if (left.length === 0) bundle.settings.delete('vlan');
    else bundle.settings.set('vlan', `vlan ${left.join(',')}`);
    return true;
  }
  const vlan = /^vlan (\d+)$/.exec(line)?.[1];
  if (path.length === 2 && vlan !== undefined && [...bgp.modes.values()].some((mode) => inBundle(mode, vlan)))
    throw new Refused(`VLAN ${vlan} is in a bundle`);
  if (path.length === 3 && header(path, 2).startsWith('vlan-aware-bundle') && line.startsWith('vlan ')) {
    const taken = line
      .slice(5)
      .split(',')
      .find((one) => bgp.modes.has(`vlan ${one}`));
    if (taken !== undefined) throw new Refused(`VLAN ${taken} has an instance of its own`);
  }
  return false;
}

const inBundle = (mode: Mode, vlan: string): boolean => (mode.settings.get('vlan') ?? '').slice(5).split(',').includes(vlan);
