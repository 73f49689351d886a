/** The set-ups that the manual of Proxmox shows (VLAN, QinQ, VXLAN, EVPN), and a simple zone with NAT and DHCP: nodes and cluster files. */
import type { NodeFacts } from '../node/node-facts.js';
import { parseSdnFiles, type SdnFiles } from '../parsing/parse-sdn-config.js';
import type { SdnConfig } from '../model/sdn-config.js';
import { node } from './nodes.js';

export interface PveExample {
  readonly config: SdnConfig;
  readonly nodes: readonly NodeFacts[];
  /** /etc/network/interfaces by node: what the operator wrote, and Proxmox reads. */
  readonly interfaces: ReadonlyMap<string, string>;
}

const SOURCE = '\nsource /etc/network/interfaces.d/*\n';

const trunk = (host: number): string =>
  `auto vmbr0\niface vmbr0 inet manual\n\tbridge-ports eno1\n\tbridge-stp off\n\tbridge-fd 0\n\tbridge-vlan-aware yes\n\tbridge-vids 2-4094\n\nauto vmbr0.100\niface vmbr0.100 inet static\n\taddress 192.168.0.${host}/24\n${SOURCE}`;

const plain = (host: number): string =>
  `auto vmbr0\niface vmbr0 inet static\n\taddress 192.168.0.${host}/24\n\tgateway 192.168.0.254\n\tbridge-ports eno1\n\tbridge-stp off\n\tbridge-fd 0\n\tmtu 1500\n${SOURCE}`;

const PEERS = '192.168.0.1,192.168.0.2,192.168.0.3';

const FILES = {
  vlan: {
    files: { 'zones.cfg': 'vlan: vlanzone\n\tbridge vmbr0\n', 'vnets.cfg': 'vnet: myvnet1\n\tzone vlanzone\n\ttag 10\n' },
    text: trunk,
    count: 2,
  },
  qinq: {
    files: {
      'zones.cfg': 'qinq: qinqz1\n\tbridge vmbr0\n\ttag 20\n\nqinq: qinqz2\n\tbridge vmbr0\n\ttag 30\n',
      'vnets.cfg': 'vnet: myvnet1\n\tzone qinqz1\n\ttag 100\n\nvnet: myvnet2\n\tzone qinqz2\n\ttag 100\n',
    },
    text: trunk,
    count: 2,
  },
  vxlan: {
    files: {
      'zones.cfg': `vxlan: vxlzone\n\tpeers ${PEERS}\n\tmtu 1450\n`,
      'vnets.cfg': 'vnet: myvnet1\n\tzone vxlzone\n\ttag 100000\n',
    },
    text: plain,
    count: 3,
  },
  evpn: {
    files: {
      'zones.cfg':
        'evpn: evpnzone\n\tcontroller evpnctl\n\tvrf-vxlan 10000\n\tmac 32:F4:05:FE:6C:0A\n\tmtu 1450\n\texitnodes node1,node2\n',
      'vnets.cfg': 'vnet: myvnet1\n\tzone evpnzone\n\ttag 11000\n\nvnet: myvnet2\n\tzone evpnzone\n\ttag 12000\n',
      'subnets.cfg':
        'subnet: evpnzone-10.0.1.0-24\n\tvnet myvnet1\n\tgateway 10.0.1.1\n\nsubnet: evpnzone-10.0.2.0-24\n\tvnet myvnet2\n\tgateway 10.0.2.1\n',
      'controllers.cfg': `evpn: evpnctl\n\tasn 65000\n\tpeers ${PEERS}\n`,
    },
    text: plain,
    count: 3,
  },
  simple: {
    files: {
      'zones.cfg': 'simple: natzone\n\tdhcp dnsmasq\n',
      'vnets.cfg': 'vnet: inside\n\tzone natzone\n',
      'subnets.cfg':
        'subnet: natzone-10.3.0.0-24\n\tvnet inside\n\tgateway 10.3.0.1\n\tsnat 1\n\tdhcp-dns-server 10.3.0.2\n\tdhcp-range start-address=10.3.0.50,end-address=10.3.0.99\n',
    },
    text: plain,
    count: 1,
  },
} as const satisfies Readonly<
  Record<string, { readonly files: SdnFiles; readonly text: (host: number) => string; readonly count: number }>
>;

function example({
  files,
  text,
  count,
}: {
  readonly files: SdnFiles;
  readonly text: (host: number) => string;
  readonly count: number;
}): PveExample {
  const hosts = Array.from({ length: count }, (_, position) => position + 1);
  return {
    config: parseSdnFiles(files, 1),
    nodes: hosts.map((host) => node({ name: `node${host}`, interfaces: text(host), route: [`192.168.0.${host}`, 'vmbr0'] })),
    interfaces: new Map(hosts.map((host) => [`node${host}`, text(host)])),
  };
}

export const pveExamples = (): ReadonlyMap<string, PveExample> =>
  new Map(Object.entries(FILES).map(([name, parts]) => [name, example(parts)]));
