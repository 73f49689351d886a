/** The two ways into the model: the files of /etc/pve/sdn, and the JSON that nodes render from (`.running-config`). */
import { DomainError, invalidValue } from '#engines/kernel';
import { checkSdnConfig } from '../checks/check-sdn-config.js';
import type { SdnConfig } from '../model/sdn-config.js';
import { inByteOrder } from '../model/in-byte-order.js';
import { parseController } from './parse-controller.js';
import { parseFabrics } from './parse-fabrics.js';
import { parsePrefixList } from './parse-prefix-list.js';
import { parseSubnet, parseVnet } from './parse-vnet.js';
import { parseZone } from './parse-zone.js';
import { parseSections, type Section, sectionsOfJson } from './section-config.js';

/** Texts by file name; a file that is not there is left out. */
export interface SdnFiles {
  readonly 'zones.cfg'?: string;
  readonly 'vnets.cfg'?: string;
  readonly 'subnets.cfg'?: string;
  readonly 'controllers.cfg'?: string;
  readonly 'fabrics.cfg'?: string;
  readonly 'prefix-lists.cfg'?: string;
}

/** IPAMs and DNS servers have no part in the files of a node. */
const GROUPS: readonly string[] = ['zones', 'vnets', 'subnets', 'controllers', 'fabrics', 'prefix-lists', 'route-maps', 'ipams', 'dns'];
const ACCEPTED_GROUPS = `a JSON object with version and any of ${GROUPS.join(', ')}`;

type Sections = Record<'zones' | 'vnets' | 'subnets' | 'controllers' | 'fabrics' | 'prefixLists', readonly Section[]>;

/**
 * @param version of the configuration: the files themselves have none.
 * @throws DomainError INVALID_VALUE for the first thing that Proxmox would refuse, or that could not work.
 */
export function parseSdnFiles(files: SdnFiles, version: number): SdnConfig {
  const read = (name: keyof SdnFiles): readonly Section[] => parseSections(name, files[name] ?? '');
  return configOf(version, {
    zones: read('zones.cfg'),
    vnets: ofType('vnet', read('vnets.cfg')),
    subnets: ofType('subnet', read('subnets.cfg')),
    controllers: read('controllers.cfg'),
    fabrics: read('fabrics.cfg'),
    prefixLists: ofType('prefix-list', read('prefix-lists.cfg')),
  });
}

/** @throws DomainError INVALID_VALUE as above, and for a text that is no JSON. */
export function parseRunningConfig(text: string): SdnConfig {
  const json = parsed(text);
  const version = Reflect.get(json, 'version') as unknown;
  const number = typeof version === 'string' && /^\d{1,15}$/.test(version) ? Number(version) : (version ?? 0);
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0) throw invalidValue('version', version, 'a whole number');
  const read = (key: string): readonly Section[] => sectionsOfJson(key, Reflect.get(json, key));
  if (read('route-maps').length > 0)
    throw invalidValue('route-maps', 'route maps', 'route maps in frr.conf.local: those of the cluster are not read');
  return configOf(number, {
    zones: read('zones'),
    vnets: read('vnets'),
    subnets: read('subnets'),
    controllers: read('controllers'),
    fabrics: read('fabrics'),
    prefixLists: read('prefix-lists'),
  });
}

function configOf(version: number, { zones, vnets, subnets, controllers, fabrics, prefixLists }: Sections): SdnConfig {
  const byId = inByteOrder<{ readonly id: string }>(({ id }) => id);
  const config: SdnConfig = {
    version,
    zones: zones.map(parseZone).sort(byId),
    vnets: vnets.map(parseVnet).sort(byId),
    subnets: subnets.map(parseSubnet).sort(byId),
    controllers: controllers.map(parseController).sort(byId),
    fabrics: parseFabrics(fabrics),
    prefixLists: prefixLists.map(parsePrefixList).sort(byId),
  };
  checkSdnConfig(config);
  return config;
}

function ofType(type: string, sections: readonly Section[]): readonly Section[] {
  for (const section of sections) if (section.type !== type) throw invalidValue(`type of ${section.id}`, section.type, type);
  return sections;
}

function parsed(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DomainError('INVALID_VALUE', 'the running configuration is not valid JSON', { kind: 'running configuration' }, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidValue('running configuration', value, ACCEPTED_GROUPS);
  const stranger = Object.keys(value).find((key) => key !== 'version' && !GROUPS.includes(key));
  if (stranger !== undefined) throw invalidValue('group of the running configuration', stranger, ACCEPTED_GROUPS);
  return value;
}
