/** One file of a device, or one text that somebody pasted from its terminal. */
export interface ImportedFile {
  /** Name of the device, as the caller gave it. */
  readonly device: string;
  /** Path below the folder, or name of the file; it may be empty. */
  readonly name: string;
  readonly text: string;
}

export const KINDS = ['eos', 'frr', 'interfaces', 'pve-sdn', 'libvirt', 'openvswitch'] as const;
export type DocumentKind = (typeof KINDS)[number];

/** A configuration of one kind, without prompts. */
export interface ImportedDocument {
  readonly kind: DocumentKind;
  readonly name: string;
  readonly text: string;
  /** Only some sections were shown: what is not here may well be on the device. */
  readonly isExcerpt: boolean;
  /** Indentation had been lost, and was restored by the words. */
  readonly isReindented: boolean;
}

/** Output of a command that is no configuration. */
export interface IgnoredPart {
  readonly name: string;
  readonly line: number;
  readonly command: string;
}

/** Something that nobody may read: a name stands in its place. */
export interface SecretPart {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** In front of it. */
  readonly words: string;
  /** The text says `@secret:NAME@`. */
  readonly name: string;
}

export interface DeviceDocuments {
  readonly device: string;
  /** As prompts have it; null where none did. */
  readonly promptName: string | null;
  readonly documents: readonly ImportedDocument[];
  readonly ignored: readonly IgnoredPart[];
  readonly secrets: readonly SecretPart[];
}
