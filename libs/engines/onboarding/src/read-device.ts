/** The documents of one device, read: typed values, and the device as the fabric sees it. */
import { type EosConfig, type InterfacesConfig, readEos, readFrr, readInterfaces } from '#engines/adoption';
import type { SdnConfig } from '#engines/pve-sdn';
import type { DeviceDocuments, DocumentKind } from './documents/imported-file.js';
import type { SeenDevice } from './lift/seen-device.js';
import { asNode, sdnConfigOf } from './lift/sdn-cluster.js';
import { seenHost } from './lift/seen-host.js';
import { seenSwitch } from './lift/seen-switch.js';
import { type VirtualNetworks, virtualNetworks } from './lift/virtual-networks.js';
import { PATH_OF, type Source } from './take-over.js';

export interface ReadDevice {
  readonly seen: SeenDevice;
  readonly documents: DeviceDocuments;
  readonly sources: readonly Source[];
  readonly eos: EosConfig | null;
  readonly interfaces: InterfacesConfig | null;
  readonly virtual: VirtualNetworks;
  /** Of the cluster that a Proxmox node belongs to. */
  readonly sdn: SdnConfig | null;
  /** It is that cluster and none of its nodes: nothing but the configuration of its SDN was given. */
  readonly isCluster: boolean;
}

export function readDevice(documents: DeviceDocuments): ReadDevice {
  const of = (kind: DocumentKind) => documents.documents.filter((document) => document.kind === kind);
  const textOf = (kind: DocumentKind): string | null =>
    of(kind).length === 0
      ? null
      : of(kind)
          .map(({ text }) => text)
          .join('\n');
  const [eosText, frrText, interfacesText] = [textOf('eos'), textOf('frr'), textOf('interfaces')];
  const source = (kind: Source['kind'], text: string | null): readonly Source[] =>
    text === null ? [] : [{ kind, path: PATH_OF[kind], text, isExcerpt: of(kind).some(({ isExcerpt }) => isExcerpt) }];
  const eos = eosText === null ? null : readEos(eosText);
  const interfaces = readInterfaces(interfacesText ?? '');
  const sdn = sdnConfigOf(documents);
  const frr = frrText === null ? null : { text: frrText, config: readFrr(frrText) };
  return {
    documents,
    eos,
    interfaces: interfacesText === null ? null : interfaces,
    virtual: virtualNetworks(documents),
    sdn,
    isCluster: sdn !== null && documents.documents.every(({ kind }) => kind === 'pve-sdn'),
    seen:
      eos !== null && eosText !== null
        ? seenSwitch(documents.device, documents.promptName, eosText, eos)
        : asNode(seenHost(documents.device, documents.promptName, frr, interfaces), interfaces, sdn),
    sources: eosText !== null ? source('eos', eosText) : [...source('interfaces', interfacesText), ...source('frr', frrText)],
  };
}
