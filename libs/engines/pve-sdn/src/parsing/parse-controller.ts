import { invalidValue } from '#engines/kernel';
import type { BgpController, Controller, EvpnController, IsisController } from '../model/controller.js';
import { DEFAULT_PEER_GROUP, LARGEST_ASN } from '../model/limits.js';
import { CONTROLLER_ID, INTERFACE_NAME, ISIS_NET, LIST_ID, NODE_NAME } from './forms.js';
import { parseUnderlay } from './parse-zone.js';
import type { Section } from './section-config.js';
import { SectionReader } from './section-reader.js';

const MOST_HOPS = 255;

export function parseController(section: Section): Controller {
  const reader = new SectionReader('controller', section);
  if (!CONTROLLER_ID.pattern.test(section.id)) throw invalidValue('controller', section.id, CONTROLLER_ID.accepted);
  const controller = controllerOf(section, reader);
  reader.finish();
  return controller;
}

function controllerOf(section: Section, reader: SectionReader): Controller {
  switch (section.type) {
    case 'evpn':
      return evpn(section.id, reader);
    case 'bgp':
      return bgp(section.id, reader);
    case 'isis':
      return isis(section.id, reader);
    default:
      throw invalidValue(`type of ${reader.name}`, section.type, 'evpn, bgp or isis');
  }
}

function evpn(id: string, reader: SectionReader): EvpnController {
  return {
    type: 'evpn',
    id,
    asn: asn(reader),
    underlay: parseUnderlay(reader),
    nodes: reader.has('nodes') ? reader.texts('nodes', NODE_NAME) : null,
    peerGroup: reader.text('peer-group-name', LIST_ID) ?? DEFAULT_PEER_GROUP,
    mode: reader.oneOf('bgp-mode', ['auto', 'external', 'internal']) ?? 'auto',
    ebgpMultihop: reader.integer('ebgp-multihop', 1, MOST_HOPS),
    routeMapIn: reader.text('route-map-in', LIST_ID),
    routeMapOut: reader.text('route-map-out', LIST_ID),
  };
}

function bgp(id: string, reader: SectionReader): BgpController {
  const peers = reader.ips('peers');
  if (peers.length === 0) throw reader.refused('peers', 'nothing', 'a list of addresses');
  return {
    type: 'bgp',
    id,
    node: node(reader),
    asn: asn(reader),
    peers,
    ebgp: reader.flag('ebgp'),
    ebgpMultihop: reader.integer('ebgp-multihop', 1, MOST_HOPS),
    loopback: reader.text('loopback', INTERFACE_NAME),
    multipathRelax: reader.flag('bgp-multipath-as-path-relax'),
    routeMapIn: reader.text('route-map-in', LIST_ID),
    routeMapOut: reader.text('route-map-out', LIST_ID),
  };
}

function isis(id: string, reader: SectionReader): IsisController {
  return {
    type: 'isis',
    id,
    node: node(reader),
    domain: reader.required('isis-domain', reader.text('isis-domain', LIST_ID)),
    net: reader.required('isis-net', reader.text('isis-net', ISIS_NET)),
    interfaces: reader.texts('isis-ifaces', INTERFACE_NAME),
    loopback: reader.text('loopback', INTERFACE_NAME),
  };
}

const asn = (reader: SectionReader): number => reader.required('asn', reader.integer('asn', 1, LARGEST_ASN));
const node = (reader: SectionReader): string => reader.required('node', reader.text('node', NODE_NAME));
