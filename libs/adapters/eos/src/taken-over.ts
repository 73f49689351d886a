/** What a push may clear away on a switch that is ours as a whole. */

/**
 * Stays all the same: how the switch is reached and who may log in, and what the box, its operators and their tools need of it. No rendered
 * text says anything of these.
 */
const KEPT =
  /^(?:no |default )?(?:aaa|agent|alias|banner|boot|clock|daemon|dns|enable|errdisable|event-\w+|hardware|hostname|interface Management\d*|ip (?:domain|ftp|http|icmp|name-server|radius|ssh|tacacs)|lldp|load-interval|logging|management|monitor|ntp|platform|policy-map|prompt|queue-monitor|radius-server|ptp|service|sflow|snmp-server|spanning-tree mode|switchport default mode|system|tacacs-server|tcam|terminal|tracker|transceiver|username|vlan internal order)\b/;

/** @returns the lines of a running-config that belong to a fully managed switch, as if we had put them there. */
export function takenOver(running: string): string {
  let isKept = false;
  const ours = running.split('\n').filter((line) => {
    if (/^[^\s!]/.test(line)) isKept = KEPT.test(line);
    return !isKept;
  });
  return ours.join('\n');
}
