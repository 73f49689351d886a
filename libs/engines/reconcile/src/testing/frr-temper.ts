/** FRR 8.4–10.6 as far as tests of the merge go: what bgpd and zebra refuse, and what goes with a neighbor. */
import { type Mode, Refused, type Temper } from './shell.js';

const last = (path: readonly Mode[]): Mode => path.at(-1) as Mode;
const root = (path: readonly Mode[]): Mode => path[0] as Mode;

export const frrTemper: Temper = {
  modeOf(path, line) {
    if (path.length === 1) {
      if (/^route-map \S+ (?:permit|deny) \d+$/.test(line)) return line.replace(/ (?:permit|deny) /, ' ');
      return /^(?:interface \S+|vrf \S+|router bgp \d+(?: vrf \S+)?|router ospf)$/.test(line) ? line : undefined;
    }
    if (path.length === 2 && isBgp(path)) return /^address-family \S+ \S+$/.test(line) ? line : undefined;
    return path.length === 3 && last(path).header === 'address-family l2vpn evpn' && /^vni \d+$/.test(line) ? line : undefined;
  },
  leaves: (line) => /^exit(?:-vrf|-address-family|-vni)?$/.test(line),
  slotOf(path, line) {
    const words = line.split(' ');
    if (path.length === 1 && / seq \d+ /.test(line)) return line.slice(0, line.indexOf(' ', line.indexOf(' seq ') + 5));
    if (words[0] === 'neighbor' && words[2] === 'peer-group') return words.slice(0, 3).join(' ');
    if (words[0] === 'neighbor' && /^(?:remote-as|description|update-source|timers)$/.test(words[2] ?? ''))
      return words.slice(0, 3).join(' ');
    if (words[0] === 'neighbor' && words[2] === 'route-map') return `${words.slice(0, 3).join(' ')} ${words[4]}`;
    if (/^(?:rd|vni|description|hostname)$/.test(words[0] ?? '')) return words[0] as string;
    if (/^bgp router-id |^ip ospf cost /.test(line)) return words.slice(0, -1).join(' ');
    return /^(?:match|set) /.test(line) ? words.slice(0, -1).join(' ') : line;
  },
  before(path, line) {
    if (/^no (?:neighbor \S+ )?description ./.test(line)) throw new Refused(`unknown command: ${line}`);
    if (path.length === 1 && /^router bgp \d+$/.test(line)) {
      const other = [...root(path).modes.keys()].find((name) => /^router bgp \d+$/.test(name) && name !== line);
      if (other !== undefined) throw new Refused(`BGP is already running; ${other}`);
    }
    const [, list, entry] = /^(ip prefix-list \S+) seq \d+ (.+)$/.exec(line) ?? [];
    const twin = [...last(path).settings.values()].some(
      (text) => text !== line && text.startsWith(`${list} `) && text.endsWith(` ${entry}`),
    );
    if (list !== undefined && twin) return true; // silently not taken: seen on 8.4.4
    if (path.length === 2 && last(path).header.startsWith('vrf ') && /^vni /.test(line)) {
      const set = last(path).settings.get('vni');
      if (set !== undefined && set !== line) throw new Refused(`VRF has ${set}`);
      const owner = [...root(path).modes.values()].find((mode) => mode !== last(path) && mode.settings.get('vni') === line);
      if (owner !== undefined) throw new Refused(`${line} is already configured as L3-VNI of ${owner.header}`);
    }
    return isBgp(path) && neighborCommand(path, line);
  },
  beforeRemoval(path, mode) {
    if (/^(?:interface|vrf) /.test(mode.header)) throw new Refused(`${mode.header} is in the kernel`);
    const vrf = /^router bgp \d+ vrf (\S+)$/.exec(mode.header)?.[1];
    if (vrf !== undefined && root(path).modes.get(`vrf ${vrf}`)?.settings.has('vni'))
      throw new Refused(`Please unconfigure the L3 VNI of ${vrf}`);
    const isMain = /^router bgp \d+$/.test(mode.header);
    if (isMain && [...root(path).modes.keys()].some((name) => / vrf /.test(name))) throw new Refused('dependent VRF instances exist');
  },
};

const isBgp = (path: readonly Mode[]): boolean => /^router bgp /.test(path[1]?.header ?? '');

function neighborCommand(path: readonly Mode[], line: string): boolean {
  const [, no, name, rest] = /^(no )?neighbor (\S+)(?: (.*))?$/.exec(line) ?? [];
  if (name === undefined) return false;
  const bgp = path[1] as Mode;
  const said = [...bgp.settings.values()].filter((text) => text.startsWith(`neighbor ${name} `));
  const group = said.find((text) => / peer-group \S+$/.test(text));
  if (no !== undefined && path.length === 2 && (rest === undefined || /^(?:interface|peer-group|remote-as)\b/.test(rest))) {
    if (said.length === 0) throw new Refused(`no neighbor ${name}`);
    forget(bgp, name);
    const isGroup = said.includes(`neighbor ${name} peer-group`);
    for (const text of isGroup ? [...bgp.settings.values()] : []) {
      if (text.endsWith(` peer-group ${name}`)) forget(bgp, text.split(' ')[1] as string);
    }
    return true;
  }
  if (no !== undefined) return false;
  const makes = path.length === 2 && /^(?:remote-as \S+|peer-group|interface.*|peer-group \S+)$/.test(rest ?? '');
  if (said.length === 0 && !makes) throw new Refused(`Specify remote-as or peer-group commands first: ${line}`);
  if (path.length === 2 && /^peer-group \S+$/.test(rest ?? '')) {
    if (!bgp.settings.has(`neighbor ${rest?.slice(11)} peer-group`)) throw new Refused(`configure the peer-group first: ${line}`);
    const hasAs = [...said, ...bgp.settings.values()].some(
      (text) => text.startsWith(`neighbor ${name} remote-as`) || text.startsWith(`neighbor ${rest?.slice(11)} remote-as`),
    );
    if (!hasAs && !said.some((text) => / interface remote-as /.test(text)))
      throw new Refused(`specify remote-as or peer-group remote AS first: ${line}`);
    if (group !== undefined && group !== line) throw new Refused(`cannot change the peer-group of ${name}: deconfigure first`);
  }
  return false;
}

function forget(bgp: Mode, name: string): void {
  for (const mode of [bgp, ...bgp.modes.values()]) {
    for (const [slot, text] of mode.settings) if (text.replace(/^no /, '').startsWith(`neighbor ${name} `)) mode.settings.delete(slot);
  }
}
