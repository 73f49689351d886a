/** `show …`: each has a text and, where EOS has a model for it, JSON (shapes as captured from 4.2x–4.3x switches). */
import { compareNatural } from '#engines/kernel';
import { diffText, parseConfig, type ConfigNode } from '#engines/reconcile';
import { collapseList } from './config/number-list.js';
import type { SimulatedRoute } from '../simulated-fabric.js';
import type { EosSwitch } from './eos-switch.js';
import { sessionDetail, sessionDetailText } from './session-detail.js';

export interface Shown {
  readonly text: string;
  /** Undefined: "unconverted command". */
  readonly json?: Readonly<Record<string, unknown>>;
}

export interface ShowCommand {
  readonly syntax: RegExp;
  readonly isPrivileged: boolean;
  readonly show: (device: EosSwitch, groups: Readonly<Record<string, string | undefined>>) => Promise<Shown> | Shown;
}

const open = (syntax: RegExp, show: ShowCommand['show']): ShowCommand => ({ syntax, isPrivileged: false, show });
const privileged = (syntax: RegExp, show: ShowCommand['show']): ShowCommand => ({ syntax, isPrivileged: true, show });

export const showCommands: readonly ShowCommand[] = [
  open(/^show version$/, showVersion),
  open(/^show hostname$/, ({ current: { hostname } }) => ({
    text: `Hostname: ${hostname}\nFQDN:     ${hostname}\n`,
    json: { hostname, fqdn: hostname },
  })),
  open(/^show uptime$/, (device) => ({
    text: ` up ${Math.floor(device.uptime() / 60)} min\n`,
    json: { upTime: device.uptime(), users: 0, loadAvg: [0, 0, 0], currentTime: device.clock.now() / 1000 },
  })),
  privileged(/^show running-config$/, (device) => ({
    text: device.runningConfig(),
    json: { header: [], cmds: asCommands(parseConfig(device.runningConfig())) },
  })),
  privileged(/^show startup-config$/, (device) => ({
    text: device.startupConfig(),
    json: { header: [], cmds: asCommands(parseConfig(device.startupConfig())) },
  })),
  privileged(/^show running-config digest$/, (device) => ({ text: `Digest: ${device.digest()}\n`, json: { digest: device.digest() } })),
  privileged(/^show configuration sessions(?: detail)?$/, (device) => ({ text: sessionDetailText(device), json: sessionDetail(device) })),
  privileged(/^show session-config named (?<name>\S+) diffs$/, (device, { name }) => ({ text: sessionDiff(device, name ?? '') })),
  privileged(/^show session-config named (?<name>\S+)$/, (device, { name }) => ({
    text: device.print(device.sessions.find(name ?? '').config),
  })),
  open(/^show vlan$/, showVlan),
  open(/^show vxlan vni$/, showVni),
  open(/^show vxlan vtep$/, showVtep),
  open(/^show vxlan flood vtep$/, showFloodList),
  open(/^show interfaces? (?:vxlan ?1|Vxlan1)$/, showVxlanInterface),
  open(/^show bgp evpn summary$/, showEvpnSummary),
  open(/^show bgp evpn route-type imet detail$/, showMulticastRoutes),
  open(/^show bgp evpn route-type mac-ip detail$/, showMacRoutes),
  open(/^show ip bgp summary vrf all$/, showSessionsOfVrfs),
  open(/^show mlag$/, showMlag),
  open(/^show mac address-table$/, showMacTable),
  open(/^show ip interface brief$/, showAddresses),
  open(/^show vxlan config-sanity(?: detail)?$/, showConfigSanity),
  open(/^show interfaces status$/, showInterfacesStatus),
  open(/^show logging$/, (device) => ({ text: device.syslog.print(device.current.hostname) })),
];

function showVersion(device: EosSwitch): Shown {
  const json = {
    mfgName: 'Arista',
    modelName: 'vEOS-lab',
    hardwareRevision: '',
    serialNumber: device.serialNumber,
    systemMacAddress: device.systemMac,
    version: device.release,
    architecture: 'x86_64',
    uptime: device.uptime(),
  };
  return {
    text: `Arista vEOS-lab\nSerial number: ${device.serialNumber}\nSystem MAC address: ${device.systemMac}\nSoftware image version: ${device.release}\nUptime: ${Math.floor(device.uptime() / 60)} minutes\n`,
    json,
  };
}

function asCommands(nodes: readonly ConfigNode[]): Record<string, unknown> {
  const commands = nodes.filter(({ kind, text }) => kind === 'command' && text.trim() !== 'end');
  return Object.fromEntries(
    commands.map(({ text, children }) => [text, children.length === 0 ? null : { comments: [], cmds: asCommands(children) }]),
  );
}

function sessionDiff(device: EosSwitch, name: string): string {
  const session = device.sessions.find(name);
  return diffText(device.print(device.running), device.print(session.config), {
    before: 'system:/running-config',
    after: `session:/${name}-session-config`,
  });
}

function showVlan({ current }: EosSwitch): Shown {
  const portsOf = (vlan: number): string[] =>
    current.ports.filter(({ untaggedVlan, taggedVlans }) => untaggedVlan === vlan || taggedVlans.includes(vlan)).map(({ name }) => name);
  const vlans = [1, ...current.vlans].sort((a, b) => a - b);
  return {
    text: ['VLAN  Status    Ports', ...vlans.map((vlan) => `${String(vlan).padEnd(6)}active    ${portsOf(vlan).join(', ')}`), ''].join(
      '\n',
    ),
    json: {
      vlans: Object.fromEntries(
        vlans.map((vlan) => [
          vlan,
          {
            name: `VLAN${String(vlan).padStart(4, '0')}`,
            status: 'active',
            dynamic: false,
            interfaces: Object.fromEntries(portsOf(vlan).map((port) => [port, { privatePromoted: false }])),
          },
        ]),
      ),
    },
  };
}

async function showVni(device: EosSwitch): Promise<Shown> {
  const up = await device.controlPlane.localVnis();
  const bound = device.current.mappings.filter(({ vni }) => up.includes(vni));
  const vniBindings = Object.fromEntries(
    bound.map(({ vlan, vni }) => [vni, { vlan, dynamicVlan: false, source: 'static', interfaces: { Vxlan1: { dot1q: vlan } } }]),
  );
  const rows = bound.map(
    ({ vlan, vni }) => `${String(vni).padEnd(12)} ${String(vlan).padEnd(10)} static       Vxlan1               ${vlan}`,
  );
  return {
    text: ['VNI to VLAN Mapping for Vxlan1', 'VNI          VLAN       Source       Interface            802.1Q Tag', ...rows, ''].join(
      '\n',
    ),
    json: { vxlanIntfs: device.running.sections.has('interface Vxlan1') ? { Vxlan1: { vniBindings, vniBindingsToVrf: {} } } : {} },
  };
}

async function floodLists(device: EosSwitch): Promise<readonly { vlan: number; vni: number; vteps: readonly string[] }[]> {
  return Promise.all(
    device.current.mappings.map(async ({ vlan, vni }) => ({ vlan, vni, vteps: await device.controlPlane.remoteVteps(vni) })),
  );
}

async function showVtep(device: EosSwitch): Promise<Shown> {
  const vteps = [...new Set((await floodLists(device)).flatMap((list) => list.vteps))].sort(compareNatural);
  return {
    text: [
      'Remote VTEPS for Vxlan1:',
      '',
      'VTEP               Tunnel Type(s)',
      '------------------ --------------',
      ...vteps.map((vtep) => `${vtep.padEnd(18)} flood`),
      '',
      `Total number of remote VTEPS:  ${vteps.length}`,
      '',
    ].join('\n'),
    json: {
      vteps: {},
      interfaces: device.running.sections.has('interface Vxlan1') ? { Vxlan1: { vteps } } : {},
      vtepTunnelTypes: Object.fromEntries(vteps.map((vtep) => [vtep, { tunnelTypes: [{ tunnelType: 'flood' }] }])),
    },
  };
}

async function showFloodList(device: EosSwitch): Promise<Shown> {
  const lists = await floodLists(device);
  const groups = new Map<string, string[]>();
  for (const { vlan, vteps } of lists) {
    const key = vteps
      .map((vtep) => vtep.padEnd(16))
      .join('')
      .trimEnd();
    if (key !== '') groups.set(key, [...(groups.get(key) ?? []), String(vlan)]);
  }
  const rows = [...groups].map(([vteps, vlans]) => `${collapseList(vlans).padEnd(32)}${vteps}`);
  const heading = [
    '          VXLAN Flood VTEP Table',
    '-'.repeat(80),
    '',
    'VLANS                            Ip Address',
    `${'-'.repeat(29)}   ${'-'.repeat(48)}`,
  ];
  return { text: [...heading, ...rows, ''].join('\n') };
}

async function showVxlanInterface(device: EosSwitch): Promise<Shown> {
  const lists = await floodLists(device);
  const { vtep } = device.current;
  const status = vtep === null ? 'down' : 'up';
  const json = {
    name: 'Vxlan1',
    interfaceStatus: vtep === null ? 'notconnect' : 'connected',
    lineProtocolStatus: status,
    srcIpIntf: vtep?.sourceInterface ?? '',
    srcIpAddr: vtep?.address ?? '0.0.0.0',
    udpPort: vtep?.udpPort ?? 4789,
    vxlanEncapsulation: 'ipv4',
    replicationMode: 'headendVcs',
    vlanToVniMap: Object.fromEntries(lists.map(({ vlan, vni }) => [vlan, { vni, source: '' }])),
    vlanToVtepList: Object.fromEntries(lists.map(({ vlan, vteps }) => [vlan, { remoteVtepAddr: vteps, remoteVtepAddr6: [] }])),
    vrfToVniMap: {},
  };
  return {
    text: `Vxlan1 is ${status}, line protocol is ${status}\n`,
    json: { interfaces: device.running.sections.has('interface Vxlan1') ? { Vxlan1: json } : {} },
  };
}

async function showEvpnSummary(device: EosSwitch): Promise<Shown> {
  const { bgp } = device.current;
  if (bgp === null) return { text: '! BGP inactive\n', json: { vrfs: {} } };
  const peers = await device.controlPlane.evpnPeers();
  const rows = peers.map(
    ({ address, asn, isEstablished }) => `  ${address.padEnd(16)} 4 ${String(asn).padEnd(12)} ${isEstablished ? 'Estab' : 'Active'}`,
  );
  return {
    text: [
      'BGP summary information for VRF default',
      `Router identifier ${bgp.routerId}, local AS number ${bgp.asn}`,
      '  Neighbor         V AS           State',
      ...rows,
      '',
    ].join('\n'),
    json: {
      vrfs: {
        default: {
          vrf: 'default',
          routerId: bgp.routerId ?? '0.0.0.0',
          asn: String(bgp.asn),
          peers: Object.fromEntries(
            peers.map(({ address, asn, isEstablished }) => [
              address,
              {
                version: 4,
                asn: String(asn),
                peerState: isEstablished ? 'Established' : 'Active',
                prefixReceived: 0,
                underMaintenance: false,
              },
            ]),
          ),
        },
      },
    },
  };
}

/** What EOS checks of itself: a tunnel source with an address, a VLAN behind every mapping, routing on. */
function showConfigSanity({ current, running }: EosSwitch): Shown {
  const hasVxlan = running.sections.has('interface Vxlan1');
  const mapped = running.sections.get('interface Vxlan1')?.valuesOf('vxlan vlan') ?? [];
  const lost = mapped.flatMap((text) => /^(\d+) vni /.exec(text)?.[1] ?? []).filter((vlan) => !current.vlans.includes(Number(vlan)));
  const items = [
    { name: 'Loopback IP Address', ok: !hasVxlan || current.vtep !== null, detail: 'Vxlan1 has no source interface with an address' },
    { name: 'VLAN-VNI Map', ok: lost.length === 0, detail: `No VLAN ${lost.join(', ')}` },
  ].map(({ name, ok, detail }) => ({ name, checkPass: ok, hasWarning: !ok, detail: ok ? '' : detail }));
  const json = { categories: { localVtep: { items, allCheckPass: items.every(({ checkPass }) => checkPass) } }, warnings: [] };
  const rows = items.map(({ name, checkPass, detail }) => `  ${name.padEnd(36)} ${checkPass ? 'OK' : 'FAIL'}    ${detail}`.trimEnd());
  return { text: ['Category                            Result', 'Local VTEP Configuration Check', ...rows, ''].join('\n'), json };
}

async function showMulticastRoutes(device: EosSwitch): Promise<Shown> {
  const routes = (await device.controlPlane.multicastRoutes?.()) ?? [];
  return evpnTable(routes.map((route) => ({ ...route, of: `imet ${route.vtep}`, key: { nlriType: 'imet', ipGenAddr: route.vtep } })));
}

/** MACs as EOS writes them here: `bc24.1100.0001`. */
async function showMacRoutes(device: EosSwitch): Promise<Shown> {
  const routes = (await device.controlPlane.macRoutes?.()) ?? [];
  const dotted = (mac: string): string => (mac.replaceAll(':', '').match(/.{4}/g) ?? []).join('.');
  return evpnTable(routes.map((route) => ({ ...route, of: `mac-ip ${dotted(route.mac)}`, key: { nlriType: 'mac-ip' } })));
}

function evpnTable(routes: readonly (SimulatedRoute & { readonly of: string; readonly key: object })[]): Shown {
  return {
    text: routes.map(({ rd, of }) => `BGP routing table entry for ${of}, Route Distinguisher: ${rd}\n`).join(''),
    json: {
      vrf: 'default',
      evpnRoutes: Object.fromEntries(
        routes.map(({ rd, vtep, targets, of, key }) => [
          `RD: ${rd} ${of}`,
          {
            routeKeyDetail: { ...key, rd },
            totalPaths: 1,
            evpnRoutePaths: [
              {
                nextHop: vtep,
                routeType: { valid: true, active: true },
                routeDetail: { extCommunities: [...targets.map((target) => `Route-Target-AS:${target}`), 'TunnelEncap:tunnelTypeVxlan'] },
              },
            ],
          },
        ]),
      ),
    },
  };
}

/** The main table's IPv4 sessions, and those of VRFs: nobody is simulated behind these, so they never come up. */
async function showSessionsOfVrfs(device: EosSwitch): Promise<Shown> {
  const { bgp } = device.current;
  const up = new Set((await device.controlPlane.evpnPeers()).flatMap(({ address, isEstablished }) => (isEstablished ? [address] : [])));
  const main = (bgp?.neighbors ?? []).filter(({ ipv4 }) => ipv4).map(({ address }) => [address, up.has(address)] as const);
  const vrfs = device.running.sectionsOf('bgp').flatMap((instance) =>
    instance.sectionsOf('bgp-vrf').map((vrf) => {
      const addresses = vrf.valuesOf('neighbor').flatMap((text) => /^(\d\S+|\S*:\S*) remote-as \d+$/.exec(text)?.[1] ?? []);
      return [vrf.header.replace('vrf ', ''), addresses.map((address) => [address, false] as const)] as const;
    }),
  );
  const all = [...(bgp === null ? [] : [['default', main] as const]), ...vrfs];
  const stateOf = (isUp: boolean): string => (isUp ? 'Established' : 'Active');
  return {
    text: all
      .map(([vrf, peers]) => [`VRF ${vrf}`, ...peers.map(([address, isUp]) => `  ${address} ${stateOf(isUp)}`), ''].join('\n'))
      .join(''),
    json: {
      vrfs: Object.fromEntries(
        all.map(([vrf, peers]) => [
          vrf,
          { vrf, peers: Object.fromEntries(peers.map(([address, isUp]) => [address, { version: 4, peerState: stateOf(isUp) }])) },
        ]),
      ),
    },
  };
}

/** Active when the configuration is whole and somebody answers at the other end of the peer link. */
async function showMlag(device: EosSwitch): Promise<Shown> {
  const { running, controlPlane } = device;
  const mlag = running.sections.get('mlag configuration');
  if (mlag === undefined) return { text: 'MLAG Configuration:\nstate : disabled\n', json: { state: 'disabled', mlagPorts: {} } };
  const [domainId, localInterface, peerAddress, peerLink] = ['domain-id', 'local-interface', 'peer-address', 'peer-link'].map(
    (name) => mlag.valueOf(name) ?? '',
  ) as [string, string, string, string];
  const isWhole = domainId !== '' && running.sections.has(`interface ${localInterface}`) && running.sections.has(`interface ${peerLink}`);
  const isUp = isWhole && !mlag.has('shutdown') && peerAddress !== '' && (await controlPlane.isReachable?.(peerAddress)) === true;
  const json = {
    domainId,
    localInterface,
    localIntfStatus: isUp ? 'up' : 'down',
    peerAddress,
    peerLink,
    peerLinkStatus: isUp ? 'up' : 'down',
    negStatus: isUp ? 'connected' : 'connecting',
    state: isUp ? 'active' : 'inactive',
    configSanity: 'consistent',
    mlagPorts: {},
  };
  return { text: `MLAG Status:\nstate : ${json.state}\nnegotiation status : ${json.negStatus}\n`, json };
}

/** Guests that were heard of on ports. Behind Vxlan1 there are more, which this table has too on a real switch. */
async function showMacTable(device: EosSwitch): Promise<Shown> {
  const lists = await Promise.all(
    device.current.mappings.map(async ({ vlan, vni }) =>
      ((await device.controlPlane.localMacs?.(vni)) ?? []).map((macAddress) => ({ vlanId: vlan, macAddress })),
    ),
  );
  const tableEntries = lists.flat().map((entry) => ({ ...entry, interface: 'Ethernet2', entryType: 'dynamic', moves: 1, lastMove: 0 }));
  return {
    text: ['Vlan    Mac Address       Type', ...tableEntries.map(({ vlanId, macAddress }) => `${vlanId} ${macAddress} DYNAMIC`), ''].join(
      '\n',
    ),
    json: { multicastTable: { tableEntries: [] }, unicastTable: { tableEntries } },
  };
}

function showAddresses({ running }: EosSwitch): Shown {
  const interfaces = [...running.sections.values()].flatMap((section) => {
    const name = /^interface (\S+)$/.exec(section.header)?.[1];
    const prefix = section
      .valuesOf('ip address')
      .find((text) => /^(?:virtual )?\d/.test(text))
      ?.replace('virtual ', '');
    return name === undefined || prefix === undefined
      ? []
      : [{ name, prefix: prefix.split(' ')[0] as string, isUp: !section.has('shutdown') }];
  });
  return {
    text: ['Interface IP Address', ...interfaces.map(({ name, prefix }) => `${name} ${prefix}`), ''].join('\n'),
    json: {
      interfaces: Object.fromEntries(
        interfaces.map(({ name, prefix, isUp }) => [
          name,
          {
            name,
            interfaceStatus: isUp ? 'connected' : 'disabled',
            lineProtocolStatus: isUp ? 'up' : 'down',
            interfaceAddress: { ipAddr: { address: prefix.split('/')[0], maskLen: Number(prefix.split('/')[1]) } },
          },
        ]),
      ),
    },
  };
}

function showInterfacesStatus({ current }: EosSwitch): Shown {
  const status = (isShutdown: boolean): string => (isShutdown ? 'disabled' : 'connected');
  return {
    text: ['Port       Name   Status', ...current.ports.map(({ name, isShutdown }) => `${name.padEnd(17)} ${status(isShutdown)}`), ''].join(
      '\n',
    ),
    json: {
      interfaceStatuses: Object.fromEntries(
        current.ports.map(({ name, isShutdown }) => [
          name,
          {
            linkStatus: status(isShutdown),
            lineProtocolStatus: isShutdown ? 'adminDown' : 'up',
            description: '',
            bandwidth: 10_000_000_000,
          },
        ]),
      ),
    },
  };
}
