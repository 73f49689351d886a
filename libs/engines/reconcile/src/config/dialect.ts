/** What the lines of a configuration mean to a comparison and to a merge; one value per kind of device. */
import type { FactNode } from './fact-node.js';

/** Where a line stands: the canonical headers above it, outermost first. */
export type SectionPath = readonly string[];

/** A line that carries one member of a list: the device prints and takes the whole list in one command. */
export interface ListMember {
  /** The command in front of the list. */
  readonly command: string;
  readonly member: string;
}

export interface PeerRemoval {
  readonly command: string;
  /** Groups go after their members. */
  readonly isGroup: boolean;
  /** A neighbor that is made of something else has to be made again. */
  readonly madeBy: readonly string[];
}

export interface Dialect {
  readonly name: 'eos' | 'frr';
  /** `!! text` is configuration; elsewhere it is a remark like any other. */
  readonly hasModeComments: boolean;
  /** Lines that close a mode or the file; they configure nothing. */
  isClosing(text: string): boolean;
  /** One printed line as its atomic facts in canonical spelling; each is itself a command of the device. */
  expandLine(path: SectionPath, line: string): readonly string[];
  /** For what older releases print as one line and newer ones as a section: its header and the line below it. */
  nest(path: SectionPath, text: string): readonly [header: string, line: string] | undefined;
  /** The line with the number that the device gives it by itself. @param before the lines of the section so far, by their texts. */
  numbered(path: SectionPath, text: string, before: ReadonlyMap<string, unknown>): string;
  /** Lines with equal keys in one section exclude each other; a line without rule is its own key, without its `no`. */
  keyOf(path: SectionPath, text: string): string;
  listMember(path: SectionPath, text: string): ListMember | undefined;
  listCommand(command: string, members: readonly string[]): string;
  /** The command that takes members out of a list whose members nobody else may have meanwhile; undefined for other lists. */
  shrunkList(path: SectionPath, command: string, gone: readonly string[]): string | undefined;
  /** Facts that one command expresses better (`route-target both`). */
  joinFacts(facts: readonly string[]): readonly string[];
  /** True where a command without lines below it still opens a mode that must be left again. */
  opensMode(path: SectionPath, text: string): boolean;
  /** The command that leaves the mode of the innermost header. */
  leave(path: SectionPath): string;
  /** Lines below work in the order written. */
  isOrdered(path: SectionPath, text: string): boolean;
  /** Lines below cannot be inserted or taken out by their text: the section is taken away and made again. */
  isReplacedWhole(path: SectionPath, text: string): boolean;
  /** Default values that the device does not print. */
  isUnprintedDefault(path: SectionPath, text: string): boolean;
  /** Default values that the device prints all the same; they say nothing about who made the section. */
  isPrintedDefault(path: SectionPath, text: string): boolean;
  /** True when a configuration that does not have this line means it all the same. */
  isMeantBy(silent: FactNode, path: SectionPath, text: string): boolean;
  /** Made by hardware: never removed and, while it is empty, nothing. */
  isHardware(path: SectionPath, text: string): boolean;
  /** An old value has to go before a new one comes. */
  mustGoFirst(text: string): boolean;
  /** Numbers that belong to whoever configured them: taking one over from a stranger needs a person. */
  isClaim(path: SectionPath, text: string): boolean;
  /** The command that takes a line back to its default. */
  negate(path: SectionPath, text: string): string;
  /** Wiped when an interface moves to another VRF: has to be sent again. */
  isWipedByVrf(path: SectionPath, text: string): boolean;
  /** Order in which top-level lines are made, so that each finds what it refers to; they are taken away in reverse. */
  rank(path: SectionPath, text: string): number;
  /** How a BGP neighbor is taken away as a whole. @param lines those of its section. */
  peer(lines: readonly string[], name: string): PeerRemoval;
  /** Lines elsewhere that a top-level section cannot be taken away under, though they stay: they go first and come again. */
  dependants(header: string): readonly { readonly section: string; readonly line: RegExp }[];
  /** The same text with secrets as fingerprints: what may be shown and stored. */
  masked(text: string): string;
}
