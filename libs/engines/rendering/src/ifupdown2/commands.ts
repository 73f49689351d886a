/**
 * Lines of interfaces(5) that a shell reads as root. Beside the outline, which looks at first words, each has to be one of these, from its
 * first character to its last: between the words of a command stand names, addresses and numbers, and nothing else.
 */
import { DomainError } from '#engines/kernel';
import type { Line, Piece, Template } from '../piece.js';

const NAME = String.raw`[A-Za-z0-9_.-]{1,15}`;
const ADDRESS = String.raw`[0-9a-f.:]{2,39}`;
const PREFIX = String.raw`${ADDRESS}/\d{1,3}`;
const CHAIN = `TRAME-${NAME}-(?:out|in)`;
const NAT = 'ip6?tables -w -t nat';
const HOOK = '(?:POSTROUTING|PREROUTING)';
const RULE = [
  `-s ${PREFIX} -o ${NAME} -j (?:MASQUERADE|SNAT --to-source ${ADDRESS})`,
  String.raw`-i ${NAME} -p (?:tcp|udp) -m (?:tcp|udp) --dport \d{1,5} -j DNAT --to-destination (?:\[${ADDRESS}\]|${ADDRESS}):\d{1,5}`,
].join('|');
const OPENED = String.raw`echo 1 \| tee /proc/sys/net/ipv4/conf/${NAME}/forwarding >/dev/null 2>&1`;
const NOBODY = '00:00:00:00:00:00';

/** The patterns themselves: a host refuses any other command, too, and reads them as grep -E does but for `(?:` and `\d`. */
export const HOST_COMMANDS: readonly string[] = [
  String.raw`post-up ip (?:-6 )?route replace vrf ${NAME} unreachable default metric \d+`,
  `post-up ip -6 address replace ${PREFIX} dev ${NAME} nodad`,
  String.raw`post-up ${OPENED} \|\| \{ \( for second in \$\(seq 60\); do sleep 1; ${OPENED} && break; done \) >/dev/null 2>&1 & \}`,
  String.raw`post-up \( echo '\*nat'; echo ':${CHAIN} - \[0:0\]'(?:; echo '-A ${CHAIN} (?:${RULE})')+; echo 'COMMIT' \) \| ip6?tables-restore --noflush`,
  String.raw`post-up ${NAT} -C ${HOOK} -j ${CHAIN} 2>/dev/null \|\| ${NAT} -A ${HOOK} -j ${CHAIN}`,
  String.raw`post-(?:up|down) ${NAT} -D ${HOOK} -j ${CHAIN} 2>/dev/null && ${NAT} -F ${CHAIN} && ${NAT} -X ${CHAIN} \|\| true`,
  String.raw`pre-up ip -d link show dev ${NAME} 2>/dev/null \| grep -q -e "vxlan id \d+ local ${ADDRESS} \.\*dstport \d+ " \|\| \{ ip link del ${NAME} 2>/dev/null; ip link add ${NAME} mtu \d+ type vxlan id \d+ dstport \d+ local ${ADDRESS} (?:no)?learning; \}`,
  String.raw`post-up for peer in \$\(bridge fdb show dev ${NAME} \| sed -n "s/\^${NOBODY} dst //p" \| cut -d " " -f 1\); do case " (?:${ADDRESS} )+" in \*" \$peer "\*\) ;; \*\) bridge fdb del ${NOBODY} dev ${NAME} dst \$peer self;; esac; done`,
  String.raw`post-up bridge fdb append ${NOBODY} dev ${NAME} dst ${ADDRESS} self permanent 2>/dev/null \|\| true`,
  String.raw`pre-up ip link show dev ${NAME} >/dev/null 2>&1 \|\| \{ ip link add ${NAME} type veth peer name ${NAME}; sleep 1; \}`,
  String.raw`post-down ip link del ${NAME} 2>/dev/null \|\| true`,
];
const COMMANDS = HOST_COMMANDS.map((pattern) => new RegExp(`^${pattern}$`));

const IS_COMMAND = /^(?:pre|post)-(?:up|down) |^(?:up|down) /;
const NAMED = new RegExp(`^(?:auto ${NAME}|iface ${NAME}(?: inet loopback)?)$`);

/** Of gaps: a name stands in the head of a stanza, and between the words of a command a name or an address. */
const IS_NAME = new RegExp(`^${NAME}$`);
const IS_WORD = new RegExp(`^(?:${NAME}|${ADDRESS})$`);
/** Is a name, an address and a number. */
const EXAMPLE = '00';

const readTemplates = new WeakSet<Template>();
const readPieces = new WeakSet<Piece>();

/** @throws DomainError RENDER_ESCAPE with the first line that is none of them, or the head of a stanza for what cannot be an interface. */
export function assertCommands(device: string, path: string, text: readonly Line[]): void {
  for (const line of text) {
    const wrong = typeof line === 'string' ? (isAccepted(line) ? null : line) : wrongIn(line);
    if (wrong === null) continue;
    const shown = wrong
      .trimStart()
      .slice(0, 120)
      .replace(/[^ -~]/g, '?');
    const problem = 'is no command that Trame gives';
    throw new DomainError('RENDER_ESCAPE', `refused to hand out ${path} of ${device}: "${shown}" ${problem}`, {
      device,
      path,
      line: shown,
      problem,
    });
  }
}

function isAccepted(raw: string): boolean {
  const line = raw.trimStart();
  if (IS_COMMAND.test(line)) return COMMANDS.some((command) => command.test(line));
  return !/^(?:auto|iface)\b/.test(line) || NAMED.test(line);
}

/** Templates are read once, with an example in their gaps; what a device puts there is looked at by itself. */
function wrongIn(piece: Piece): string | null {
  if (readPieces.has(piece)) return null;
  let value = 0;
  for (const template of piece.templates) {
    if (!readTemplates.has(template)) {
      const wrong = template.parts
        .join(EXAMPLE)
        .split('\n')
        .find((line) => !isAccepted(line));
      if (wrong !== undefined) return wrong;
      readTemplates.add(template);
    }
    for (const before of template.parts.slice(0, -1)) {
      const said = String(piece.values[value++]);
      const isHead = before.endsWith('auto ') || before.endsWith('iface ');
      if (!(isHead ? IS_NAME : IS_WORD).test(said)) return `${before.slice(before.lastIndexOf('\n') + 1)}${said}`;
    }
  }
  readPieces.add(piece);
  return null;
}
