/** Files by device, as configurations: prompts taken out, kinds told apart. */
import { DomainError } from '#engines/kernel';
import { indentedFrr } from '#engines/adoption';
import type { DeviceDocuments, DocumentKind, IgnoredPart, ImportedDocument, ImportedFile, SecretPart } from './imported-file.js';
import { indentedEos } from './indented-eos.js';
import { kindOfText } from './kind-of-text.js';
import { maskedLine, SecretNames, withoutSecrets } from './secrets.js';
import { type TerminalPart, terminalParts } from './terminal-parts.js';

export const ACCEPTED =
  'a running-config of EOS, an frr.conf, interfaces(5), the files of /etc/pve/sdn, XML of libvirt, or a dump of ovs-vsctl --format=json or ovs-vsctl show; with or without the prompts of a terminal';

/** @throws DomainError INVALID_VALUE for a file that is none of what can be read, and when there is no file. */
export function readDocuments(files: readonly ImportedFile[]): readonly DeviceDocuments[] {
  if (files.length === 0) throw refused('files', 'none', 'at least one file of one device');
  const names = [...new Set(files.map(({ device }) => device))];
  return names.map((device) => {
    const secretNames = new SecretNames(device);
    const found = files.filter((file) => file.device === device).map((file) => readFile(file, secretNames));
    return {
      device,
      promptName: found.find(({ host }) => host !== null)?.host ?? null,
      documents: found.flatMap(({ documents }) => documents),
      ignored: found.flatMap(({ ignored }) => ignored),
      secrets: found.flatMap(({ secrets }) => secrets),
    };
  });
}

/** Whether a file is any of what can be read: for folders that hold others, too. */
export function canRead(name: string, text: string): boolean {
  return !text.includes('\0') && terminalParts(text).some((part) => kindOfPart(name, part) !== undefined);
}

interface ReadFile {
  readonly host: string | null;
  readonly documents: readonly ImportedDocument[];
  readonly ignored: readonly IgnoredPart[];
  readonly secrets: readonly SecretPart[];
}

function readFile(file: ImportedFile, secretNames: SecretNames): ReadFile {
  const parts = terminalParts(file.text);
  const read = parts.map((part) => ({ part, kind: kindOfPart(file.name, part) }));
  const unknown = read.find(({ part, kind }) => kind === undefined && part.command === null);
  if (unknown !== undefined) throw refused(file.name || file.device, firstLine(unknown.part.text), ACCEPTED);
  const secrets: SecretPart[] = [];
  const documents = read.flatMap(({ part, kind }) => {
    if (kind === undefined) return [];
    const left = withoutSecrets(kind, part.text, secretNames);
    secrets.push(...left.secrets.map((secret) => ({ ...secret, line: part.firstLine + secret.line - 1, file: file.name })));
    return [documentOf(file.name, { ...part, text: left.text }, kind)];
  });
  if (documents.length === 0) throw refused(file.name || file.device, 'nothing that is a configuration', ACCEPTED);
  return {
    host: parts.find(({ host }) => host !== null)?.host ?? null,
    documents,
    ignored: read.flatMap(({ part, kind }) =>
      kind === undefined ? [{ name: file.name, line: part.line, command: maskedLine(part.command ?? '') }] : [],
    ),
    secrets,
  };
}

/** Commands that print a configuration; the output of all others says what was at that moment. */
function kindOfPart(name: string, { command, text }: TerminalPart): DocumentKind | undefined {
  if (command === null) return kindOfText(name, text);
  const [, path] = /^(?:cat|more|less) +(\S+)/.exec(command) ?? [];
  if (path !== undefined) return kindOfText(path, text);
  if (/^(?:sh|sho|show|wr|write)\w* +(?:run|start|term|conf)/.test(command) || /vtysh .*-c .*show running/.test(command)) {
    return kindOfText('', text) === 'frr' ? 'frr' : 'eos';
  }
  return /^virsh +\S*dumpxml/.test(command) || /^ovs-vsctl (?:.*--format=json|show$)/.test(command) ? kindOfText('', text) : undefined;
}

function documentOf(name: string, { command, text }: TerminalPart, kind: DocumentKind): ImportedDocument {
  const [, path] = /^(?:cat|more|less) +(\S+)/.exec(command ?? '') ?? [];
  const indented = kind === 'eos' ? indentedEos(text) : kind === 'frr' ? indentedFrr(text) : text;
  const isPart = /\|/.test(command ?? '') || /^\S+ +run\S* +\S/.test(command ?? '');
  return {
    kind,
    name: path ?? name,
    text: indented,
    isExcerpt: kind === 'eos' && (isPart || !/^interface (?:Ethernet|Management)\d/m.test(text)),
    isReindented: indented !== text,
  };
}

const firstLine = (text: string): string => maskedLine(text.split('\n').find((line) => line.trim() !== '') ?? '');

function refused(what: string, found: string, accepted: string): DomainError<'INVALID_VALUE'> {
  const shown = found.slice(0, 80).replace(/[^ -~]/g, '?');
  return new DomainError('INVALID_VALUE', `${what} is not understood ("${shown}"): accepted is ${accepted}`, {
    kind: 'configuration',
    value: shown,
    accepted,
  });
}
