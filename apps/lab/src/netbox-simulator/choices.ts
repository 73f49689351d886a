/** Values of choice fields by the keys of FIELD_CHOICES. An administrator extends or replaces them. */
import type { Json } from './json.js';

export interface Choice {
  readonly value: string;
  readonly label: string;
}

const words = (...values: readonly string[]): readonly Choice[] =>
  values.map((value) => ({ value, label: `${value.charAt(0).toUpperCase()}${value.slice(1).replaceAll('_', ' ')}` }));
const labelled = (labels: Readonly<Record<string, string>>): readonly Choice[] =>
  Object.entries(labels).map(([value, label]) => ({ value, label }));

const INTERFACE_TYPES = labelled({
  virtual: 'Virtual',
  bridge: 'Bridge',
  lag: 'Link Aggregation Group (LAG)',
  '1000base-t': '1000BASE-T (1GE)',
  '10gbase-t': '10GBASE-T (10GE)',
  '10gbase-x-sfpp': 'SFP+ (10GE)',
  '25gbase-x-sfp28': 'SFP28 (25GE)',
  '40gbase-x-qsfpp': 'QSFP+ (40GE)',
  '100gbase-x-qsfp28': 'QSFP28 (100GE)',
  other: 'Other',
});

const DEFAULTS: Readonly<Record<string, readonly Choice[]>> = {
  'Prefix.status': words('container', 'active', 'reserved', 'deprecated'),
  'IPRange.status': words('active', 'reserved', 'deprecated'),
  'IPAddress.status': labelled({ active: 'Active', reserved: 'Reserved', deprecated: 'Deprecated', dhcp: 'DHCP', slaac: 'SLAAC' }),
  'IPAddress.role': labelled({
    loopback: 'Loopback',
    secondary: 'Secondary',
    anycast: 'Anycast',
    vip: 'VIP',
    vrrp: 'VRRP',
    hsrp: 'HSRP',
    glbp: 'GLBP',
    carp: 'CARP',
  }),
  'VLAN.status': words('active', 'reserved', 'deprecated'),
  'VLAN.qinq_role': labelled({ svlan: 'Service', cvlan: 'Customer' }),
  'L2VPN.status': words('active', 'planned', 'decommissioning'),
  'L2VPN.type': labelled({
    vpws: 'VPWS',
    vpls: 'VPLS',
    vxlan: 'VXLAN',
    'vxlan-evpn': 'VXLAN-EVPN',
    'mpls-evpn': 'MPLS EVPN',
    'pbb-evpn': 'PBB EVPN',
    'evpn-vpws': 'EVPN VPWS',
    epl: 'EPL',
    evpl: 'EVPL',
    'ep-lan': 'Ethernet Private LAN',
    'evp-lan': 'Ethernet Virtual Private LAN',
    'ep-tree': 'Ethernet Private Tree',
    'evp-tree': 'Ethernet Virtual Private Tree',
    spb: 'SPB',
  }),
  'Site.status': words('planned', 'staging', 'active', 'decommissioning', 'retired'),
  'Device.status': words('offline', 'active', 'planned', 'staged', 'failed', 'inventory', 'decommissioning'),
  'VirtualDeviceContext.status': words('active', 'planned', 'offline'),
  'VirtualMachine.status': words('offline', 'active', 'planned', 'staged', 'failed', 'decommissioning', 'paused'),
  'Service.protocol': labelled({ tcp: 'TCP', udp: 'UDP', sctp: 'SCTP' }),
  'Tunnel.status': words('planned', 'active', 'disabled'),
  'Tunnel.encapsulation': labelled({ 'ip-ip': 'IP-in-IP', gre: 'GRE', wireguard: 'WireGuard', openvpn: 'OpenVPN' }),
  'TunnelTermination.role': words('peer', 'hub', 'spoke'),
  'Interface.type': INTERFACE_TYPES,
  'Interface.mode': labelled({ access: 'Access', tagged: 'Tagged', 'tagged-all': 'Tagged (All)', 'q-in-q': 'Q-in-Q (802.1ad)' }),
  'CustomField.type': labelled({
    text: 'Text',
    longtext: 'Text (long)',
    integer: 'Integer',
    decimal: 'Decimal',
    boolean: 'Boolean (true/false)',
    date: 'Date',
    datetime: 'Date & time',
    url: 'URL',
    json: 'JSON',
    select: 'Selection',
    multiselect: 'Multiple selection',
    object: 'Object',
    multiobject: 'Multiple objects',
  }),
  'CustomField.filter_logic': words('disabled', 'loose', 'exact'),
  'CustomField.ui_visible': labelled({ always: 'Always', 'if-set': 'If set', hidden: 'Hidden' }),
  'CustomField.ui_editable': words('yes', 'no', 'hidden'),
  'Webhook.http_method': labelled({ GET: 'GET', POST: 'POST', PUT: 'PUT', PATCH: 'PATCH', DELETE: 'DELETE' }),
  'EventRule.event_types': words(
    'object_created',
    'object_updated',
    'object_deleted',
    'job_started',
    'job_completed',
    'job_failed',
    'job_errored',
  ),
  'EventRule.action_type': words('webhook', 'script', 'notification'),
  'ObjectChange.action': labelled({ create: 'Created', update: 'Updated', delete: 'Deleted' }),
};

export class ChoiceSets {
  constructor(private readonly replaced: Readonly<Record<string, readonly Choice[]>>) {}

  of(set: string): readonly Choice[] {
    return this.replaced[set] ?? DEFAULTS[set] ?? [];
  }

  has(set: string, value: string): boolean {
    return this.of(set).some((one) => one.value === value);
  }

  /** As an object; a choice that is there no more has an empty label. */
  shown(set: string, value: Json | undefined): Json {
    if (typeof value !== 'string' || value === '') return null;
    return { value, label: this.of(set).find((one) => one.value === value)?.label ?? '' };
  }
}
