/** A network of libvirt as its XML says it, in libvirt's words. */

export interface LibvirtNetwork {
  readonly name: string;
  /** Lower-case; null in a file that was written for the first `net-define`. */
  readonly uuid: string | null;
  /** `bridge`, `nat`, `route`, …; null: isolated. */
  readonly forward: string | null;
  readonly bridge: string | null;
  readonly isOpenVswitch: boolean;
  readonly portgroups: readonly LibvirtPortgroup[];
  /** What no field holds: `network/ip` and its XML. */
  readonly kept: readonly { readonly path: string; readonly xml: string }[];
  /** In the order of the text. */
  readonly problems: readonly LibvirtProblem[];
}

export interface LibvirtPortgroup {
  readonly name: string;
  readonly isDefault: boolean;
  /** What libvirt makes of it: said, or several tags. */
  readonly isTrunk: boolean;
  readonly tags: readonly number[];
  readonly nativeTag: { readonly vlan: number; readonly mode: 'tagged' | 'untagged' } | null;
}

/** What `net-define` and the schema let pass. */
export type LibvirtProblemCode =
  | 'DUPLICATE_PORTGROUP'
  | 'SEVERAL_DEFAULTS'
  | 'PORTGROUP_NAME'
  | 'TAGS_WITHOUT_TRUNK'
  | 'TAG_OUT_OF_RANGE'
  | 'DUPLICATE_TAG'
  | 'VLAN_WITHOUT_OPENVSWITCH'
  | 'BRIDGE_MISSING';

export interface LibvirtProblem {
  readonly code: LibvirtProblemCode;
  /** `network.portgroup.vlan10`. */
  readonly path: string;
  /** One sentence that says what to do. */
  readonly message: string;
}
