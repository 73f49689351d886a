/** One mode of the configuration with its settings and the modes below it, and what the switch knows of each command. */
import type { Match, Syntax } from './syntax.js';

export type ModeName =
  | 'global'
  | 'vlan'
  | 'vrf'
  | 'ethernet'
  | 'port-channel'
  | 'loopback'
  | 'svi'
  | 'vxlan'
  | 'management'
  | 'ethernet-segment'
  | 'bgp'
  | 'mac-vrf'
  | 'bundle'
  | 'family-evpn'
  | 'family-unicast'
  | 'bgp-vrf'
  | 'route-map'
  | 'access-list'
  | 'mlag'
  | 'ospf'
  | 'isis'
  | 'isis-family'
  | 'prefix-list'
  | 'api'
  | 'api-vrf'
  | 'opaque';

/** `default …` takes a setting back to what holds when nothing is said; for most settings `no …` does the same. */
export type Verb = 'set' | 'no' | 'default';

export interface Rule {
  readonly syntax: Syntax;
  /**
   * `setting`: stored as said, `no` takes it away. `on`: holds unless `no …` says otherwise, and only that is stored.
   * `either`: `no …` is a third state of its own.
   */
  readonly kind: 'setting' | 'on' | 'either' | 'section';
  readonly enters?: ModeName;
  /** End of the line that says what holds anyway: EOS takes it and prints nothing. */
  readonly unprinted?: string;
  /** Understood after `no` only. */
  readonly isRemovalOnly?: boolean;
  /** Checks and consequences that reach beyond the line; of a setting it also does the storing. */
  readonly effect?: Effect;
}

export interface EffectInput {
  readonly root: Section;
  readonly section: Section;
  readonly match: Match;
  readonly rule: Rule;
  readonly verb: Verb;
}

export type Effect = (input: EffectInput) => void;

export interface Setting {
  readonly text: string;
  /** Null for lines of the initial configuration that this switch keeps and prints but does not understand. */
  readonly rule: Rule | null;
}

export class Section {
  /** By what the setting is about: a second value replaces the first. */
  readonly settings = new Map<string, Setting>();
  readonly sections = new Map<string, Section>();
  /** `!!` lines. */
  comments: readonly string[] = [];

  constructor(
    readonly header: string,
    readonly mode: ModeName,
    /** Null at the root and for what is kept without being understood. */
    readonly rule: Rule | null,
  ) {}

  clone(): Section {
    const copy = new Section(this.header, this.mode, this.rule);
    for (const [key, setting] of this.settings) copy.settings.set(key, setting);
    for (const [header, section] of this.sections) copy.sections.set(header, section.clone());
    copy.comments = this.comments;
    return copy;
  }

  /** The section below this one, made if need be. */
  enter(header: string, mode: ModeName, rule: Rule | null): Section {
    const existing = this.sections.get(header);
    if (existing !== undefined) return existing;
    const made = new Section(header, mode, rule);
    this.sections.set(header, made);
    return made;
  }

  has(text: string): boolean {
    return [...this.settings.values()].some((setting) => setting.text === text);
  }

  /** Words of the settings whose text starts so, what stands in front taken off. */
  valuesOf(prefix: string): readonly string[] {
    return [...this.settings.values()].filter(({ text }) => text.startsWith(`${prefix} `)).map(({ text }) => text.slice(prefix.length + 1));
  }

  valueOf(prefix: string): string | undefined {
    return this.valuesOf(prefix)[0];
  }

  sectionsOf(mode: ModeName): readonly Section[] {
    return [...this.sections.values()].filter((section) => section.mode === mode);
  }

  remove(matches: (text: string) => boolean): void {
    for (const [key, { text }] of this.settings) if (matches(text)) this.settings.delete(key);
  }

  get isEmpty(): boolean {
    return this.settings.size === 0 && this.sections.size === 0 && this.comments.length === 0;
  }
}
