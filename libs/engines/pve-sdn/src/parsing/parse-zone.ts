import { invalidValue, RouteTarget } from '#engines/kernel';
import { LARGEST_VLAN, LARGEST_VNI } from '../model/limits.js';
import type { Underlay, Zone } from '../model/zone.js';
import { CONTROLLER_ID, DNS_NAME, FABRIC_ID, INTERFACE_NAME, MAC, NODE_NAME, PLUGIN_ID, SHORT_ID } from './forms.js';
import type { Section } from './section-config.js';
import { type Form, SectionReader } from './section-reader.js';

const LARGEST_PORT = 65_535;

const ROUTE_TARGET: Form = { pattern: /^\d{1,10}:\d{1,10}$/, accepted: 'ASN:ID' };

export function parseZone(section: Section): Zone {
  const reader = new SectionReader('zone', section);
  if (!SHORT_ID.pattern.test(section.id)) throw invalidValue('zone', section.id, SHORT_ID.accepted);
  const zone = zoneOf(section, reader);
  if (zone.dnsZone !== null && zone.dns === null) throw reader.refused('dnszone', zone.dnsZone, 'a DNS zone only where dns is set');
  reader.finish();
  return zone;
}

function zoneOf(section: Section, reader: SectionReader): Zone {
  const any = {
    id: section.id,
    nodes: reader.has('nodes') ? reader.texts('nodes', NODE_NAME) : null,
    mtu: reader.integer('mtu', 100, 65_535),
    ipam: reader.text('ipam', PLUGIN_ID),
    dns: reader.text('dns', PLUGIN_ID),
    reverseDns: reader.text('reversedns', PLUGIN_ID),
    dnsZone: reader.text('dnszone', DNS_NAME),
  };
  switch (section.type) {
    case 'simple':
      return { ...any, type: 'simple', dhcp: reader.oneOf('dhcp', ['dnsmasq']) !== null };
    case 'vlan':
      return { ...any, type: 'vlan', bridge: bridge(reader), disableMacLearning: reader.flag('bridge-disable-mac-learning') };
    case 'qinq':
      return {
        ...any,
        type: 'qinq',
        bridge: bridge(reader),
        serviceTag: reader.required('tag', reader.integer('tag', 1, LARGEST_VLAN)),
        vlanProtocol: reader.oneOf('vlan-protocol', ['802.1q', '802.1ad']),
        disableMacLearning: reader.flag('bridge-disable-mac-learning'),
      };
    case 'vxlan':
      return { ...any, type: 'vxlan', underlay: parseUnderlay(reader), vxlanPort: reader.integer('vxlan-port', 1, LARGEST_PORT) };
    case 'evpn':
      return { ...any, ...evpn(reader) };
    default:
      throw invalidValue(`type of ${reader.name}`, section.type, 'simple, vlan, qinq, vxlan or evpn');
  }
}

function evpn(reader: SectionReader) {
  return {
    type: 'evpn',
    controller: reader.required('controller', reader.text('controller', CONTROLLER_ID)),
    secondaryControllers: reader.texts('secondary-controllers', CONTROLLER_ID),
    l3vni: reader.required('vrf-vxlan', reader.integer('vrf-vxlan', 1, LARGEST_VNI)),
    vxlanPort: reader.integer('vxlan-port', 1, LARGEST_PORT),
    anycastMac: reader.text('mac', MAC),
    exitNodes: reader.texts('exitnodes', NODE_NAME),
    primaryExitNode: reader.text('exitnodes-primary', NODE_NAME),
    exitNodesLocalRouting: reader.flag('exitnodes-local-routing'),
    advertiseSubnets: reader.flag('advertise-subnets'),
    disableArpNdSuppression: reader.flag('disable-arp-nd-suppression'),
    rtImport: reader.texts('rt-import', ROUTE_TARGET).map((target) => RouteTarget.parse(target)),
    disableMacLearning: reader.flag('bridge-disable-mac-learning'),
  } as const;
}

/** Exactly one of a list of peers and a fabric. */
export function parseUnderlay(reader: SectionReader): Underlay {
  const peers = reader.ips('peers');
  const fabric = reader.text('fabric', FABRIC_ID);
  if (fabric !== null && peers.length === 0) return { fabric };
  if (fabric === null && peers.length > 0) return { peers };
  throw reader.refused('peers', fabric === null ? 'nothing' : 'peers and a fabric', 'either peers, a list of addresses, or fabric');
}

const bridge = (reader: SectionReader): string => reader.required('bridge', reader.text('bridge', INTERFACE_NAME));
