/** Releases as the device itself says them (`10.3.1`, `4.34.2F`); what is absent is not known, and nothing that needs it is promised. */
export interface SoftwareFacts {
  readonly eos?: string;
  readonly frr?: string;
  readonly ifupdown2?: string;
  readonly openvswitch?: string;
  readonly libvirt?: string;
  readonly openbsd?: string;
  readonly comware?: string;
  readonly opennebula?: string;
}
