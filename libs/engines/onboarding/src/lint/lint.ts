/** All that is wrong with what was imported, worst first. Every finding has a way out; most are one value of the model to take away. */
import type { Deviation, FabricSnapshot, Finding } from '#engines/intent';
import { Cidr, compareNatural, Ip } from '#engines/kernel';
import type { LiftNote } from '../lift/lift-note.js';
import { slugOf } from '../lift/lift-fabric.js';
import type { ReadDevice } from '../read-device.js';
import { DEVIATION_WORDS, shown } from './deviation-lint.js';
import { hostLint } from './host-lint.js';
import type { LintFinding, Severity } from './lint-finding.js';
import { sdnLint } from './sdn-lint.js';
import { virtualLint } from './virtual-lint.js';

export type { LintFinding, Severity } from './lint-finding.js';

export interface Imported {
  readonly snapshot: FabricSnapshot;
  readonly devices: readonly ReadDevice[];
  readonly notes: readonly LiftNote[];
  readonly refusals: readonly Finding[];
  readonly warnings: readonly Finding[];
}

const RANK: Readonly<Record<Severity, number>> = { ERROR: 0, WARNING: 1, INFO: 2 };

export function lint(imported: Imported): readonly LintFinding[] {
  const { devices, notes, refusals, warnings } = imported;
  const findings = [
    ...devices.flatMap((device) => deviationLint(imported, device)),
    ...devices.flatMap(hostLint),
    ...devices.flatMap(virtualLint),
    ...devices.flatMap(sdnLint),
    ...notes.map(noteLint),
    ...refusals.map((finding) => ({ ...checkLint(imported, finding), code: `NOT_TAKEN_OVER_${finding.code}` })),
    ...warnings.map((finding) => checkLint(imported, finding)),
    ...largeLinks(imported),
    ...devices.flatMap(readingLint),
  ];
  return findings.sort(
    (a, b) =>
      RANK[a.severity] - RANK[b.severity] ||
      compareNatural(a.code, b.code) ||
      compareNatural(a.devices.join(), b.devices.join()) ||
      compareNatural(a.subject, b.subject),
  );
}

const NOTE_SEVERITY: Readonly<Record<LiftNote['code'], Severity>> = {
  PEER_NOT_IMPORTED: 'INFO',
  SESSION_DISAGREES: 'ERROR',
  TIMERS_DISAGREE: 'WARNING',
  FAMILIES_DISAGREE: 'WARNING',
  CAPABILITY_OF_ONE_SIDE: 'WARNING',
  TARGET_OF_SEVERAL_NETWORKS: 'ERROR',
  VTEP_ASSUMED: 'INFO',
  NOT_LIFTED: 'INFO',
};

const noteLint = (note: LiftNote): LintFinding => ({ ...note, severity: NOTE_SEVERITY[note.code] });

/** What the fabric's own checks say; of an error the subject was left with its device. */
function checkLint({ snapshot }: Imported, { code, message, path, subjects }: Finding): LintFinding {
  const devices = snapshot.devices
    .filter(({ id, slug }) => subjects.includes(id) || path.startsWith(`devices.${slug}`))
    .map(({ hostname }) => hostname);
  return { code, severity: 'WARNING', devices, subject: path, sentence: message, fix: 'decide it, and import again' };
}

/** One finding per device and kind: what it is about is listed. */
function deviationLint(imported: Imported, device: ReadDevice): readonly LintFinding[] {
  const adopted = imported.snapshot.devices.find(({ slug }) => slug === slugOf(device.seen.name))?.adopted;
  const byCode = new Map<Deviation['code'], Deviation[]>();
  for (const deviation of adopted?.deviations ?? []) byCode.set(deviation.code, [...(byCode.get(deviation.code) ?? []), deviation]);
  return [...byCode].map(([code, deviations]) => {
    const subject = listed([...new Set(deviations.map((deviation) => deviation.subject))]);
    const about = { code, devices: [device.seen.name], subject };
    if (code === 'REDISTRIBUTES_CONNECTED') return { ...about, ...leak(imported, device) };
    if (code === 'OTHER_DISTINGUISHER') return { ...about, ...distinguisher(device, deviations) };
    const { severity, says, fix } = DEVIATION_WORDS[code];
    const detail = deviations.length === 1 ? shown(deviations[0] as Deviation) : ` (${deviations.length} places)`;
    return { ...about, severity, sentence: `${device.seen.name} ${says}${detail}`, fix };
  });
}

function listed(subjects: readonly string[]): string {
  const first = subjects.slice(0, 4);
  return subjects.length > first.length ? `${first.join(', ')} and ${subjects.length - first.length} more` : first.join(', ');
}

type Judged = Pick<LintFinding, 'severity' | 'sentence' | 'fix'>;

/** Everything that is connected is announced: the networks of the fabric, and all others. */
function leak({ snapshot }: Imported, device: ReadDevice): Judged {
  const { name, vtep } = device.seen;
  const links = new Set(snapshot.links.map(({ prefix }) => prefix));
  const leaked = connectedOf(device).filter(({ prefix, address }) => address !== vtep?.address && !links.has(prefix));
  const known = leaked.map(({ prefix, port }) => `${prefix} (${port})`);
  const sentence =
    known.length > 0
      ? `${name} redistributes connected routes: ${known.join(', ')} leaks into the fabric`
      : `${name} redistributes connected routes: whatever address it gets leaks into the fabric`;
  return {
    severity: 'ERROR',
    sentence,
    fix: 'announce the loopback by name (`network`), or redistribute through a route map that lets loopbacks pass alone',
  };
}

function connectedOf({ eos, interfaces }: ReadDevice): readonly { readonly port: string; readonly prefix: Cidr; readonly address: Ip }[] {
  const subnet = (address: Ip, length: number): Cidr => {
    const shift = BigInt((Ip.family(address) === 4 ? 32 : 128) - length);
    return Cidr.parse(`${Ip.fromBigInt(Ip.family(address), (Ip.toBigInt(address) >> shift) << shift)}/${length}`);
  };
  const ofSwitch = [
    ...(eos?.ethernets ?? []),
    ...(eos?.portChannels ?? []),
    ...(eos?.svis ?? []),
    ...(eos?.managements ?? []),
    ...(eos?.loopbacks ?? []),
  ].flatMap(({ head, body }) =>
    body.vrf === null ? body.ipv4.map(({ prefix }) => ({ port: `${head.kind}${head.place.join('/')}`, ...prefix })) : [],
  );
  const ofHost = (interfaces?.interfaces ?? []).flatMap(({ head, body }) =>
    body.vrf === null ? body.addresses.filter(({ address }) => !address.includes(':')).map((prefix) => ({ port: head, ...prefix })) : [],
  );
  return [...ofSwitch, ...ofHost].map(({ port, address, length }) => ({ port, address, prefix: subnet(address, length) }));
}

function distinguisher({ seen }: ReadDevice, deviations: readonly Deviation[]): Judged {
  const rds = deviations.flatMap(({ edits }) => edits.flatMap(({ running }) => (running === null ? [] : [running.replace(/^rd /, '')])));
  const targets = new Set<string>(seen.networks.flatMap(({ importTargets, exportTargets }) => [...importTargets, ...exportTargets]));
  const shape = rds.some((rd) => targets.has(rd))
    ? 'is written like its route target, and would be the same on every switch'
    : 'does not begin with the loopback of this device alone';
  return {
    severity: 'WARNING',
    sentence:
      rds.length === 0
        ? `${seen.name} has a network without a route distinguisher`
        : `the RD ${listed(rds)} on ${seen.name} ${shape}: a route reflector takes the routes of two VTEPs with one RD for one route`,
    fix: `use ${seen.routerId ?? seen.vtep?.address ?? 'the loopback'}:<EVI id> (RFC 7432 §7.9)`,
  };
}

/** Two addresses need a /31 (RFC 3021). */
function largeLinks({ snapshot }: Imported): readonly LintFinding[] {
  return snapshot.links.flatMap(({ prefix, ends }) => {
    if (prefix === null || Cidr.length(prefix) >= (Cidr.family(prefix) === 4 ? 29 : 112)) return [];
    const devices = ends
      .map(({ deviceId }) => snapshot.devices.find(({ id }) => id === deviceId)?.hostname ?? deviceId)
      .sort(compareNatural);
    return [
      {
        code: 'LINK_TOO_LARGE',
        severity: 'INFO' as const,
        devices,
        subject: prefix,
        sentence: `the link ${prefix} between ${devices.join(' and ')} has room for many, and has two ends`,
        fix: 'use a /31 for the next link; this one may stay',
      },
    ];
  });
}

/** How the files were read. */
function readingLint({ seen, documents: { documents, ignored } }: ReadDevice): readonly LintFinding[] {
  const about = (code: string, subject: string, sentence: string, fix: string): LintFinding => ({
    code,
    severity: 'INFO',
    devices: [seen.name],
    subject,
    sentence,
    fix,
  });
  const kindsOf = (is: (document: (typeof documents)[number]) => boolean): string =>
    [...new Set(documents.filter(is).map(({ kind }) => kind))].join(', ');
  const flat = kindsOf(({ isReindented }) => isReindented);
  const shownInPart = kindsOf(({ isExcerpt }) => isExcerpt);
  return [
    ...(flat === ''
      ? []
      : [
          about(
            'INDENTATION_LOST',
            flat,
            `the configuration of ${seen.name} had lost its indentation: sections were told by their words`,
            'give the file as the device prints it',
          ),
        ]),
    ...(shownInPart === ''
      ? []
      : [
          about(
            'EXCERPT',
            shownInPart,
            `only some sections of ${seen.name} were shown: what is not there may be on the device`,
            'give the whole `show running-config`',
          ),
        ]),
    ...ignored.map(({ name, line, command }) =>
      about(
        'NO_CONFIGURATION',
        `${name || 'line'}:${line}`,
        `the output of \`${command}\` is no configuration and was not read`,
        'leave it out',
      ),
    ),
  ];
}
