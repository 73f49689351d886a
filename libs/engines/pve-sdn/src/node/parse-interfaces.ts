/** /etc/network/interfaces as interfaces(5) and Proxmox read it: the few things of it that the SDN asks for. */
import { type WrittenIp, writtenIp } from '../model/written.js';
import type { BridgeFacts } from './bridge-facts.js';

export interface HostInterface {
  /** The first address of the stanza that is not `inet6`: Proxmox knows one primary address, and no other. */
  readonly address: WrittenIp | null;
  readonly mtu: number | null;
  /** Present for a bridge. */
  readonly bridge: BridgeFacts | null;
}

export type HostInterfaces = ReadonlyMap<string, HostInterface>;

interface Stanza {
  readonly name: string;
  readonly family: string;
  readonly options: ReadonlyMap<string, string>;
}

/** Lines that it does not know are passed over, as ifupdown2 would; an address that is none is refused (INVALID_VALUE). */
export function parseInterfaces(text: string): HostInterfaces {
  const interfaces = new Map<string, HostInterface>();
  for (const stanza of stanzas(text)) {
    const before = interfaces.get(stanza.name);
    const here = interfaceOf(stanza);
    interfaces.set(stanza.name, {
      address: before?.address ?? here.address,
      mtu: before?.mtu ?? here.mtu,
      bridge: before?.bridge ?? here.bridge,
    });
  }
  return interfaces;
}

function stanzas(text: string): Stanza[] {
  const found: { name: string; family: string; options: Map<string, string> }[] = [];
  let open: (typeof found)[number] | undefined;
  for (const line of text.replace(/\\\n/g, ' ').split('\n')) {
    const words = line.trim().split(/\s+/);
    const [head = '', name = '', family = ''] = words;
    if (head === '' || head.startsWith('#')) continue;
    if (head === 'iface') {
      open = { name, family, options: new Map() };
      found.push(open);
    } else if (/^(?:auto|allow-\S+|mapping|source|source-directory|no-auto-down|no-scripts|rename|template|vlan)$/.test(head)) {
      open = undefined;
    } else if (open !== undefined) {
      const key = head.replaceAll('_', '-');
      if (!open.options.has(key)) open.options.set(key, words.slice(1).join(' '));
    }
  }
  return found;
}

function interfaceOf({ name, family, options }: Stanza): HostInterface {
  const address = options.get('address')?.split('/')[0];
  const mtu = options.get('mtu');
  return {
    address: address === undefined || family === 'inet6' ? null : writtenIp(`address of ${name}`, address),
    mtu: mtu !== undefined && /^\d{1,6}$/.test(mtu) ? Number(mtu) : null,
    bridge: bridgeOf(options),
  };
}

function bridgeOf(options: ReadonlyMap<string, string>): BridgeFacts | null {
  const words = (key: string): string[] => (options.get(key) ?? '').split(' ').filter((word) => word !== '' && word !== 'none');
  if (options.get('ovs-type') === 'OVSBridge') return { kind: 'ovs', ports: words('ovs-ports') };
  if (!options.has('bridge-ports')) return null;
  return { kind: /^(?:1|yes|on)$/.test(options.get('bridge-vlan-aware') ?? '') ? 'vlan-aware' : 'linux', ports: words('bridge-ports') };
}
