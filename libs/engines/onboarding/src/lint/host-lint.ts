/** What is wrong with interfaces(5) of one host, whatever Trame would write. */
import type { InterfaceConfig } from '#engines/adoption';
import type { ReadDevice } from '../read-device.js';
import type { LintFinding } from './lint-finding.js';

/** Linux: IFNAMSIZ − 1. */
const LONGEST_NAME = 15;

export function hostLint(device: ReadDevice): readonly LintFinding[] {
  if (device.interfaces === null) return [];
  const all = device.interfaces.interfaces;
  return [
    ...all.flatMap((one) => notReentrant(device, one)),
    ...restart(device),
    ...notSourced(device),
    ...nameScheme(device),
    ...all.flatMap((one) => twice(device, one)),
  ];
}

/** `ip link add` fails where the link is there: ifupdown2 gives up on the interface, whatever else has changed. */
function notReentrant({ seen }: ReadDevice, { head, body }: InterfaceConfig): readonly LintFinding[] {
  const bare = body.preUp.filter(
    (command) => /\bip (?:-\S+ )?link add\b/.test(command) && !/\|\||2>|\bshow\b|ifquery|\btest\b|\[ /.test(command),
  );
  return bare.map((command) => ({
    code: 'NOT_REENTRANT',
    severity: 'WARNING',
    devices: [seen.name],
    subject: `iface ${head}`,
    sentence: `${head} on ${seen.name} is made by \`pre-up ${command}\`, which fails when it is there: the second time, nothing of this interface is applied`,
    fix: `guard it (\`ip link show ${head} || …\`), or let Trame make the device`,
  }));
}

/** Where the fabric shares a file with the way to the host, people restart all of it, and the way with it. */
function restart({ seen, documents, interfaces }: ReadDevice): readonly LintFinding[] {
  const fabric = (interfaces?.interfaces ?? []).filter(
    ({ head, body }) =>
      body.vni !== null ||
      seen.networks.some((network) => network.interfaces?.bridge === head) ||
      head === seen.vtep?.port ||
      isLink(seen, head),
  );
  const { management } = seen;
  const stanza = (name: string): RegExp => new RegExp(`^\\s*iface ${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?:\\s|$)`, 'm');
  const shared = documents.documents.find(
    ({ kind, text }) =>
      kind === 'interfaces' &&
      management !== null &&
      stanza(management.port).test(text) &&
      fabric.some(({ head }) => stanza(head).test(text)),
  );
  if (shared === undefined || management === null || fabric.length === 0) return [];
  const names = fabric.filter(({ head }) => head !== 'lo' && stanza(head).test(shared.text)).map(({ head }) => head);
  if (names.length === 0) return [];
  return [
    {
      code: 'RESTART_STYLE_RELOAD',
      severity: 'WARNING',
      devices: [seen.name],
      subject: names.join(', '),
      sentence: `${seen.name} has ${names.join(', ')} in one file with ${management.port}, the way to the host: a restart of networking takes both down, and all guests with them`,
      fix: 'move the fabric into /etc/network/interfaces.d/trame, apply it with `ifreload -a`, and never restart networking',
    },
  ];
}

const isLink = ({ neighbors, ports }: ReadDevice['seen'], head: string): boolean => {
  const port = ports.find(({ name }) => name === head);
  return neighbors.some(
    ({ source }) =>
      source !== null &&
      ('port' in source ? source.port === head : port?.addresses.some(({ address }) => address === source.address) === true),
  );
};

/** Trame writes interfaces.d/trame: a file that nobody reads. */
function notSourced({ seen, interfaces }: ReadDevice): readonly LintFinding[] {
  const said = [...(interfaces?.sources ?? []), ...(interfaces?.sourceDirectories ?? [])];
  if (seen.networks.length === 0 || said.some((path) => path.includes('interfaces.d'))) return [];
  return [
    {
      code: 'NOT_SOURCED',
      severity: 'WARNING',
      devices: [seen.name],
      subject: '/etc/network/interfaces',
      sentence: `/etc/network/interfaces of ${seen.name} does not read /etc/network/interfaces.d: what Trame or Proxmox SDN writes there does nothing`,
      fix: 'add `source /etc/network/interfaces.d/*`',
    },
  ];
}

/** A name that holds the VNI grows with it. */
function nameScheme({ seen }: ReadDevice): readonly LintFinding[] {
  const schemes = new Map<string, { readonly name: string; readonly vni: number }>();
  for (const { vni, interfaces } of seen.networks) {
    for (const name of [interfaces?.bridge ?? '', interfaces?.vxlan ?? '']) {
      if (name.includes(String(vni))) schemes.set(name.replace(String(vni), '<vni>'), { name, vni });
    }
  }
  return [...schemes].flatMap(([scheme, { name, vni }]): readonly LintFinding[] => {
    const around = name.length - String(vni).length;
    const digits = LONGEST_NAME - around;
    if (digits >= 8) return []; // every VNI fits
    const first = digits <= 0 ? vni : 10 ** digits;
    const example = scheme.replace('<vni>', String(first));
    return [
      {
        code: 'NAME_SCHEME',
        severity: 'WARNING',
        devices: [seen.name],
        subject: scheme,
        sentence: `interfaces of ${seen.name} are named ${scheme}: from VNI ${first} on that is too long (${example} has ${example.length} characters, the kernel takes ${LONGEST_NAME})`,
        fix: 'let Trame name them: `vnet<vni>` and `vxlan<vni>` fit for every VNI',
      },
    ];
  });
}

function twice({ seen }: ReadDevice, { head, body }: InterfaceConfig): readonly LintFinding[] {
  return body.kept
    .filter(({ reason }) => reason === 'REFUSED')
    .map(({ fact }) => ({
      code: 'LINE_REFUSED',
      severity: 'WARNING' as const,
      devices: [seen.name],
      subject: `iface ${head}`,
      sentence: `\`${fact.text}\` of ${head} on ${seen.name} is a second value, or one that the option cannot have`,
      fix: 'keep one value that the option can have',
    }));
}
