/** The commands of FRR 8.4.4 that hosts of this fabric use: node, form, and what bgpd makes of them. */

export type FrrNode = 'top' | 'bgp' | 'ipv4' | 'ipv6' | 'evpn' | 'vni' | 'vrf';

const OCTET = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const V4 = `${OCTET}(?:\\.${OCTET}){3}`;
const V6 = '[0-9a-fA-F]*:[0-9a-fA-F:.]+';
const PEER = `(${V4}|${V6}|[A-Za-z][A-Za-z0-9_-]*)`;
const VNI = '(\\d{1,8})';

/** What one line does to the routing configuration; returns the daemon's words when it refuses. */
type Effect = (model: BgpModel, groups: readonly string[]) => string | null;

export interface FrrCommand {
  readonly pattern: RegExp;
  readonly enters?: FrrNode;
  readonly accepts?: (groups: readonly string[]) => boolean;
  readonly effect?: Effect;
}

export interface EvpnVni {
  rd: string | null;
  readonly importTargets: string[];
  readonly exportTargets: string[];
}

export interface BgpNeighbor {
  remoteAsn: number | null;
  /** RFC 2385, in clear as FRR keeps it. */
  password: string | null;
  readonly families: Set<'ipv4' | 'ipv6' | 'evpn'>;
  readonly reflectsIn: Set<'ipv4' | 'ipv6' | 'evpn'>;
}

export interface BgpModel {
  asn: number | null;
  routerId: string | null;
  advertisesAllVnis: boolean;
  hasRfc8365Targets: boolean;
  activatesIpv4ByDefault: boolean;
  readonly neighbors: Map<string, BgpNeighbor>;
  readonly peerGroups: Set<string>;
  readonly vnis: Map<number, EvpnVni>;
  /** The VNI block that is open; bgpd keeps it as state too. */
  openVni: EvpnVni | null;
}

const SPECIFY_FIRST = '% Specify remote-as or peer-group commands first';

const setting =
  (change: (model: BgpModel, value: string) => void): Effect =>
  (model, [value = '']) => {
    change(model, value);
    return null;
  };

const onNeighbor =
  (change: (neighbor: BgpNeighbor, value: string) => void): Effect =>
  (model, [address = '', value = '']) => {
    const neighbor = model.neighbors.get(address);
    if (neighbor === undefined) return SPECIFY_FIRST;
    change(neighbor, value);
    return null;
  };

/** Assigned number by the kind of administrator (RFC 4364 §4.2, RFC 4360): bgpd drops what does not fit, without a word. */
function fitsAdministrator(value: string): boolean {
  const [administrator = '', assigned = ''] = value.split(':');
  const isTwoOctets = !administrator.includes('.') && Number(administrator) <= 65_535;
  return Number(assigned) <= (isTwoOctets ? 4_294_967_295 : 65_535);
}

const target =
  (into: readonly ('importTargets' | 'exportTargets')[]): Effect =>
  (model, [value = '']) => {
    if (!fitsAdministrator(value) || model.openVni === null) return 'dropped';
    for (const list of into) if (!model.openVni[list].includes(value)) model.openVni[list].push(value);
    return null;
  };

const inFamily = (family: 'ipv4' | 'ipv6' | 'evpn'): FrrCommand[] => [
  { pattern: new RegExp(`^neighbor ${PEER} activate$`), effect: onNeighbor((neighbor) => neighbor.families.add(family)) },
  { pattern: new RegExp(`^no neighbor ${PEER} activate$`), effect: onNeighbor((neighbor) => neighbor.families.delete(family)) },
  { pattern: new RegExp(`^neighbor ${PEER} route-reflector-client$`), effect: onNeighbor((neighbor) => neighbor.reflectsIn.add(family)) },
  { pattern: new RegExp(`^neighbor ${PEER} next-hop-self( force)?$`), effect: onNeighbor(() => undefined) },
  { pattern: /^exit-address-family$/ },
];

const isAsn = (groups: readonly string[]): boolean => Number(groups[0]) >= 1 && Number(groups[0]) <= 4_294_967_295;
const isVni = (groups: readonly string[]): boolean => Number(groups[0]) >= 1 && Number(groups[0]) <= 16_777_215;

export const FRR_COMMANDS: Readonly<Record<FrrNode, readonly FrrCommand[]>> = {
  top: [
    { pattern: /^frr version \S+$/ },
    { pattern: /^frr defaults (datacenter|traditional)$/ },
    { pattern: /^hostname \S+$/ },
    { pattern: /^log syslog( (emergencies|alerts|critical|errors|warnings|notifications|informational|debugging))?$/ },
    { pattern: /^service integrated-vtysh-config$/ },
    { pattern: /^end$/ },
    { pattern: /^vrf [A-Za-z0-9_.-]{1,36}$/, enters: 'vrf' },
    { pattern: /^router bgp (\d+) vrf \S+$/, enters: 'bgp', accepts: isAsn },
    {
      pattern: /^router bgp (\d+)$/,
      enters: 'bgp',
      accepts: isAsn,
      effect: (model, [asn = '']) => {
        if (model.asn !== null && model.asn !== Number(asn)) return `BGP is already running; AS is ${model.asn}`;
        model.asn = Number(asn);
        return null;
      },
    },
  ],
  vrf: [{ pattern: new RegExp(`^vni ${VNI}$`), accepts: isVni }, { pattern: /^exit-vrf$/ }],
  bgp: [
    { pattern: /^exit$/ },
    { pattern: new RegExp(`^bgp router-id (${V4})$`), effect: setting((model, id) => (model.routerId = id)) },
    { pattern: /^no bgp default ipv4-unicast$/, effect: setting((model) => (model.activatesIpv4ByDefault = false)) },
    {
      pattern: new RegExp(`^neighbor ${PEER} remote-as (\\d+)$`),
      accepts: ([, asn]) => isAsn([asn ?? '']),
      effect: (model, [address = '', asn = '']) => {
        const neighbor: BgpNeighbor = model.neighbors.get(address) ?? {
          remoteAsn: null,
          password: null,
          families: new Set(),
          reflectsIn: new Set(),
        };
        neighbor.remoteAsn = Number(asn);
        if (model.activatesIpv4ByDefault) neighbor.families.add('ipv4');
        model.neighbors.set(address, neighbor);
        return null;
      },
    },
    {
      pattern: new RegExp(`^neighbor ${PEER} peer-group( \\S+)?$`),
      effect: (model, [address = '', group = '']) => {
        if (group === '') model.peerGroups.add(address);
        else if (!model.peerGroups.has(group.trim())) return '% Configure the peer-group first';
        return null;
      },
    },
    { pattern: new RegExp(`^neighbor ${PEER} description .+$`), effect: onNeighbor(() => undefined) },
    {
      pattern: new RegExp(`^neighbor ${PEER} password (\\S{1,80})$`),
      effect: onNeighbor((neighbor, password) => {
        neighbor.password = password;
      }),
    },
    { pattern: new RegExp(`^neighbor ${PEER} update-source (?:${V4}|${V6}|[A-Za-z][\\w.-]*)$`), effect: onNeighbor(() => undefined) },
    {
      pattern: new RegExp(`^neighbor ${PEER} timers (\\d+) (\\d+)$`),
      accepts: ([, keepalive, hold]) => Number(keepalive) <= 65_535 && Number(hold) <= 65_535,
      effect: onNeighbor(() => undefined),
    },
    { pattern: /^address-family ipv4 unicast$/, enters: 'ipv4' },
    { pattern: /^address-family ipv6 unicast$/, enters: 'ipv6' },
    { pattern: /^address-family l2vpn evpn$/, enters: 'evpn' },
  ],
  ipv4: [...inFamily('ipv4'), { pattern: new RegExp(`^network ${V4}/(?:[12]?\\d|3[0-2])$`) }, { pattern: /^redistribute connected$/ }],
  ipv6: [...inFamily('ipv6'), { pattern: new RegExp(`^network ${V6}/\\d{1,3}$`) }],
  evpn: [
    ...inFamily('evpn'),
    { pattern: /^advertise-all-vni$/, effect: setting((model) => (model.advertisesAllVnis = true)) },
    { pattern: /^autort rfc8365-compatible$/, effect: setting((model) => (model.hasRfc8365Targets = true)) },
    { pattern: /^advertise ipv[46] unicast$/ },
    { pattern: /^rd \S+:\d+$/ },
    { pattern: /^route-target (import|export|both) \S+:\d+$/ },
    {
      pattern: new RegExp(`^vni ${VNI}$`),
      enters: 'vni',
      accepts: isVni,
      effect: (model, [vni = '']) => {
        model.openVni = null;
        if (!model.advertisesAllVnis) return '% This command is only supported under EVPN VRF';
        model.openVni = model.vnis.get(Number(vni)) ?? { rd: null, importTargets: [], exportTargets: [] };
        model.vnis.set(Number(vni), model.openVni);
        return null;
      },
    },
  ],
  vni: [
    { pattern: /^exit-vni$/ },
    {
      pattern: new RegExp(`^rd ((?:${V4}|\\d+):\\d+)$`),
      effect: (model, [rd = '']) => {
        if (!fitsAdministrator(rd) || model.openVni === null) return 'dropped';
        model.openVni.rd = rd;
        return null;
      },
    },
    { pattern: /^route-target import (\S+:\d+)$/, effect: target(['importTargets']) },
    { pattern: /^route-target export (\S+:\d+)$/, effect: target(['exportTargets']) },
    { pattern: /^route-target both (\S+:\d+)$/, effect: target(['importTargets', 'exportTargets']) },
  ],
};

export const PARENT_NODE: Readonly<Record<FrrNode, FrrNode | null>> = {
  top: null,
  vrf: 'top',
  bgp: 'top',
  ipv4: 'bgp',
  ipv6: 'bgp',
  evpn: 'bgp',
  vni: 'evpn',
};
