/** Which device says in a syslog line that somebody was at its configuration. Pure. */

/** Words of EOS, of FRR's vtysh and of the tools of a Debian host. */
const ABOUT_CONFIGURATION = [
  /%SYS-\d-CONFIG_[A-Z_]+/,
  /%(?:ETH|LINEPROTO|BGP|VXLAN)-\d-[A-Z_]*CONFIG[A-Z_]*/,
  /\b(?:vtysh|frr-reload|ifup|ifdown|ifreload|ifupdown2|networking|ovs-vsctl|virsh|pvesh|pvedaemon)\b/i,
  /\bconfigur(?:ed|ation changed)\b/i,
];
/** RFC 3164 `Nov 21 17:02:03 host tag:`, RFC 5424 `1 2026-11-21T17:02:03Z host app`; RSYSLOG_ForwardFormat has the time of the one and the rest of the other. */
const HEADERS = [/^(?:\d )?\d{4}-\d{2}-\d{2}T\S+ (\S+) /, /^[A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2}(?:\.\d+)? (?:\d{4} )?(\S+) /];
const LONGEST = 8192;

/** @returns name or address of the device as the line has it; null: it is about something else, or no syslog. */
export function hintIn(line: string): string | null {
  const text = line.slice(0, LONGEST).replace(/^<\d{1,3}>/, '');
  const host = HEADERS.map((header) => header.exec(text)?.[1]).find((found) => found !== undefined && found !== '-');
  if (host === undefined || !/^[A-Za-z0-9._:-]{1,253}$/.test(host)) return null;
  return ABOUT_CONFIGURATION.some((words) => words.test(text)) ? host : null;
}
