/** What was noticed while several devices were laid side by side. */
export interface LiftNote {
  readonly code:
    | 'PEER_NOT_IMPORTED'
    | 'SESSION_DISAGREES'
    | 'TIMERS_DISAGREE'
    | 'FAMILIES_DISAGREE'
    | 'CAPABILITY_OF_ONE_SIDE'
    | 'TARGET_OF_SEVERAL_NETWORKS'
    | 'VTEP_ASSUMED'
    | 'NOT_LIFTED';
  readonly devices: readonly string[];
  readonly subject: string;
  readonly sentence: string;
  readonly fix: string;
}
