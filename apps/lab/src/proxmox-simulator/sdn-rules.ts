/** What Proxmox takes as an SDN object and what it refuses: forms are 400 with the parameter, contradictions are 500 with words. */
import { isIP } from 'node:net';
import { ApiRefusal, badParameters } from './api-refusal.js';
import type { Entry, SdnFile, SdnFiles } from './sdn-files.js';

const SHORT_ID = /^[a-zA-Z][a-zA-Z0-9]*[a-zA-Z0-9]$/;
const CONTROLLER_ID = /^[a-zA-Z][a-zA-Z0-9_-]*[a-zA-Z0-9]$/;
const ALIAS = /^[a-zA-Z0-9()\-_.\s]{0,256}$/;

type Form = (value: string) => string | number | null;

const integer =
  (min: number, max: number): Form =>
  (value) =>
    /^\d+$/.test(value) && Number(value) >= min && Number(value) <= max ? Number(value) : null;
const text =
  (form: RegExp): Form =>
  (value) =>
    form.test(value) ? value : null;
const oneOf =
  (...words: readonly string[]): Form =>
  (value) =>
    words.includes(value) ? value : null;
const list =
  (isGood: (word: string) => boolean): Form =>
  (value) => {
    const words = value.split(/[,; ]+/);
    return words.every(isGood) ? words.join(',') : null;
  };
const NODE = /^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/;
const flag = integer(0, 1);

const FORMS: Readonly<Record<SdnFile, Readonly<Record<string, Form>>>> = {
  controllers: {
    type: oneOf('evpn', 'bgp', 'isis'),
    asn: integer(0, 4_294_967_295),
    peers: list((word) => isIP(word) !== 0),
    node: text(NODE),
    ebgp: flag,
  },
  zones: {
    type: oneOf('simple', 'vlan', 'qinq', 'vxlan', 'evpn'),
    nodes: list((word) => NODE.test(word)),
    mtu: integer(0, 65_535),
    ipam: text(SHORT_ID),
    bridge: text(/^\S+$/),
    tag: integer(0, 16_777_215),
    peers: list((word) => isIP(word) !== 0),
    'vxlan-port': integer(1, 65_536),
    controller: text(CONTROLLER_ID),
    'vrf-vxlan': integer(1, 16_777_215),
    mac: text(/^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/),
    exitnodes: list((word) => NODE.test(word)),
    'advertise-subnets': flag,
  },
  vnets: {
    type: oneOf('vnet'),
    zone: text(SHORT_ID),
    tag: integer(1, 16_777_215),
    alias: text(ALIAS),
    vlanaware: flag,
    'isolate-ports': flag,
  },
  subnets: {
    type: oneOf('subnet'),
    gateway: (value) => (isIP(value) !== 0 ? value : null),
    snat: flag,
    dnszoneprefix: text(/^[\w.-]+$/),
    'dhcp-range': text(/^start-address=[^,\s]+,end-address=[^,\s]+(\nstart-address=[^,\s]+,end-address=[^,\s]+)*$/),
  },
};
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  simple: [],
  vlan: ['bridge'],
  qinq: ['bridge', 'tag'],
  vxlan: ['peers'],
  evpn: ['controller', 'vrf-vxlan'],
};

/** Parameters of one object by the schema. @param extra names that are no options. */
export function readEntry(
  file: SdnFile,
  parameters: ReadonlyMap<string, string>,
  extra: readonly string[],
): Record<string, string | number> {
  const errors: Record<string, string> = {};
  const entry: Record<string, string | number> = {};
  for (const [name, value] of parameters) {
    if (extra.includes(name)) continue;
    const form = FORMS[file][name];
    const read = form?.(value) ?? null;
    if (form === undefined) errors[name] = 'property is not defined in schema and the schema does not allow additional properties';
    else if (read === null) errors[name] = 'value does not have the format that the schema asks for';
    else entry[name] = read;
  }
  if (Object.keys(errors).length > 0) throw badParameters(errors);
  return entry;
}

export function readId(file: SdnFile, id: string | undefined): string {
  const name = { controllers: 'controller', zones: 'zone', vnets: 'vnet', subnets: 'subnet' }[file];
  if (id === undefined) throw badParameters({ [name]: 'property is missing and it is not optional' });
  const [form, longest] = file === 'controllers' ? [CONTROLLER_ID, 64] : [SHORT_ID, 8];
  if (id.length < 2 || id.length > longest || !form.test(id))
    throw badParameters({ [name]: `invalid format - id '${id}' contains illegal characters or is not 2 to ${longest} long` });
  return id;
}

/** What the schema of one object does not see. */
export function refuseImpossible(files: SdnFiles, file: SdnFile, id: string, entry: Entry): void {
  const problem = { controllers: controllerProblem, zones: zoneProblem, vnets: vnetProblem, subnets: subnetProblem }[file](
    files,
    id,
    entry,
  );
  if (problem !== null) throw new ApiRefusal(500, problem);
}

function controllerProblem(files: SdnFiles, id: string, { type, asn, peers }: Entry): string | null {
  if (type !== 'evpn') return null;
  if (asn === undefined || peers === undefined) return `controller ${id}: an evpn controller needs asn and peers`;
  const other = [...files.controllers].find(([name, one]) => name !== id && one['type'] === 'evpn');
  return other ? `only one evpn controller can be defined, and there is ${other[0]}` : null;
}

function zoneProblem(files: SdnFiles, id: string, entry: Entry): string | null {
  const missing = (NEEDED[String(entry['type'])] ?? []).filter((name) => entry[name] === undefined);
  if (missing.length > 0) return `zone ${id}: missing ${missing.join(', ')}`;
  if (entry['type'] !== 'evpn') return null;
  if (files.controllers.get(String(entry['controller']))?.['type'] !== 'evpn')
    return `evpn controller ${entry['controller']} does not exist`;
  const other = [...files.zones].find(([name, zone]) => name !== id && zone['vrf-vxlan'] === entry['vrf-vxlan']);
  return other ? `vrf-vxlan ${entry['vrf-vxlan']} is already used by zone ${other[0]}` : null;
}

const isOverlay = (files: SdnFiles, zone: unknown): boolean => ['vxlan', 'evpn'].includes(String(files.zones.get(String(zone))?.['type']));

function vnetProblem(files: SdnFiles, id: string, { zone, tag, vlanaware }: Entry): string | null {
  const type = files.zones.get(String(zone))?.['type'];
  if (type === undefined) return `zone ${zone} of vnet ${id} does not exist`;
  const hasSubnets = [...files.subnets.values()].some(({ vnet }) => vnet === id);
  if (hasSubnets && (vlanaware === 1 || files.vnets.get(id)?.['zone'] !== zone)) return `vnet ${id} has subnets`;
  if (type === 'simple') return tag === undefined ? null : `vnet ${id}: a simple zone has no tags`;
  if (tag === undefined) return type === 'qinq' ? null : `vnet ${id}: a tag is missing`;
  if (type === 'evpn' && vlanaware === 1) return `vnet ${id}: vlanaware is not possible in an evpn zone`;
  const isSame = (other: Entry): boolean =>
    other['tag'] === tag && (isOverlay(files, zone) ? isOverlay(files, other['zone']) : other['zone'] === zone);
  const taken = [...files.vnets].find(([name, other]) => name !== id && isSame(other));
  return taken ? `tag ${tag} is already used by vnet ${taken[0]}` : null;
}

function subnetProblem(files: SdnFiles, id: string, { vnet, gateway, cidr }: Entry): string | null {
  if (!files.vnets.has(String(vnet))) return `vnet ${vnet} of subnet ${id} does not exist`;
  if (files.vnets.get(String(vnet))?.['vlanaware'] === 1) return `vnet ${vnet} is vlanaware`;
  return gateway !== undefined && !contains(String(cidr), String(gateway)) ? `gateway ${gateway} is not in subnet ${cidr}` : null;
}

/** What still stands on it. */
export function refuseInUse(files: SdnFiles, file: SdnFile, id: string): void {
  const users =
    file === 'controllers'
      ? [...files.zones].filter(([, { controller }]) => controller === id)
      : file === 'zones'
        ? [...files.vnets].filter(([, { zone }]) => zone === id)
        : file === 'vnets'
          ? [...files.subnets].filter(([, { vnet }]) => vnet === id)
          : [];
  if (users[0]) throw new ApiRefusal(500, `${file.slice(0, -1)} ${id} is used by ${users[0][0]}`);
}

/** Of one family; the bits of both as one number. */
function contains(cidr: string, address: string): boolean {
  const [network = '', length = ''] = cidr.split('/');
  const [a, b] = [bits(network), bits(address)];
  return a.length === b.length && a.slice(0, Number(length)) === b.slice(0, Number(length));
}

function bits(address: string): string {
  const four = (text: string): string =>
    text
      .split('.')
      .map((octet) => Number(octet).toString(2).padStart(8, '0'))
      .join('');
  if (isIP(address) === 4) return four(address);
  const [head = '', tail] = address.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const all = tail === undefined ? left : [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
  return all.map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0')).join('');
}
