/**
 * What the host refuses whoever asks: commands that are neither Trame's nor there already. ifupdown2, FRR's start script, libvirt's dnsmasq and the
 * qemu hook run as root what such files say, so without this gate the right to push would be the right to be root.
 */
import { createHash } from 'node:crypto';
import { HOST_COMMANDS, QEMU_HOOK_TEXT } from '#engines/rendering';

/** JavaScript's spelling of a pattern as grep -E reads it. */
const posix = (pattern: string): string => pattern.replaceAll('(?:', '(').replaceAll('\\d', '[0-9]');

const HOOK_SHA256 = createHash('sha256').update(QEMU_HOOK_TEXT).digest('hex');

export const GATE = String.raw`
trame_commands() {
  cat << 'END_OF_COMMANDS'
${HOST_COMMANDS.map(posix).join('\n')}
END_OF_COMMANDS
}

own_commands() { # standard input without blanks in front: the lines that ifupdown hands to a shell
  sed 's/^[[:blank:]]*//' | grep -E '^(pre-up|up|post-up|pre-down|down|post-down)([[:blank:]]|$)'
}

gate_interfaces() { # file; ifupdown2 3.0.0 also runs templates (mako), and the words of Open vSwitch through a shell
  own_commands < "$1" | keep "$work/own-commands" || { no_judgement; return 0; }
  if [ -s "$work/own-commands" ]; then
    # What the host runs already, it may go on running.
    trame_commands | keep "$work/commands" &&
      cat /etc/network/interfaces /etc/network/interfaces.d/* 2> /dev/null | own_commands | keep "$work/known-commands" || { no_judgement; return 0; }
    grep -vxE -f "$work/commands" "$work/own-commands" | grep -vxF -f "$work/known-commands"
  fi
  grep -E -e '[^ -~	]' -e '<%|[$][{]' -e '^[[:blank:]]*(%|##)' -e '\\$' "$1"
  sed 's/^[[:blank:]]*//' "$1" | grep -E '^(auto|allow-|iface|source|mapping|rename|no-)' |
    grep -vxE '(auto|allow-[A-Za-z0-9_.-]+) [A-Za-z0-9_.-]{1,15}|iface [A-Za-z0-9_.-]{1,15}( inet6?( (static|manual|loopback|dhcp|auto))?)?'
  # What stands between single quotes is one word to that shell, whatever it holds.
  sed -e 's/^[[:blank:]]*//' -e "s/'[^']*'//g" "$1" | grep -E '^ovs[_-]' | grep -v '^ovs-ports-condone-regex ' | keep "$work/switch-words" || { no_judgement; return 0; }
  grep -E -e '[][(){};&|$<>~*?#!\\${'`'}]' -e "'" "$work/switch-words"
  sed -E 's/ --(may-exist|if-exists|id=@[a-z0-9]+)( |$)/ /g' "$work/switch-words" | grep -E ' -[-a-z]*[a-z]'
}

gate_daemons() { # file; FRR's start script is a shell that reads it
  grep -vxE '#.*||(vtysh_enable|[a-z]+d|zebra)=(yes|no)|(zebra|[a-z]+d)_options="[-A-Za-z0-9.: ]*"' "$1"
}

gate_hook() { # file
  printf '%s  %s\n' ${HOOK_SHA256} "$1" | sha256sum -c --status || echo 'is not the hook that belongs to this program'
}

gate_network() { # file; dnsmasq would run what its own options name
  grep -oE '<[!?/]*[A-Za-z:_.-]*' "$1" | grep -vxE '<!--|</?(network|name|uuid|forward|bridge|virtualport|portgroup|vlan|tag)'
  [ "$(grep -cE '<uuid>[0-9a-f-]{36}</uuid>' "$1")" -eq 1 ] || echo 'has not one <uuid>'
}

gate_transaction() { # file: arguments of ovs-vsctl, one a line; only rows and columns of ours
  awk '
    $0 == "--" { part = 0; next }
    part == 0 && /^--id=@[a-z0-9]+$/ { next }
    /^-/ { print; next }
    part == 0 { part = 1; if ($0 !~ /^(create|set|clear|add|remove)$/) print; next }
    part == 1 { part = 2; table = $0; if ($0 !~ /^(Bridge|Port|Interface|Mirror|sFlow|Open_vSwitch)$/) print; next }
    part == 2 && table == "Open_vSwitch" { part = 3; next }
    part == 3 { part = 4; if ($0 !~ /^(bridges$|other_config$|other_config:vlan-limit=)/) print; next }
    part == 2 { part = 5 }' "$1"
}

gate_slot() { # slot
  [ -f "$pending/new/$1" ] && differs "$1" || return 0
  case $1 in
    interfaces | ovsinterfaces) gate_interfaces "$pending/new/$1" ;;
    daemons) gate_daemons "$pending/new/$1" ;;
    qemuhook) gate_hook "$pending/new/$1" ;;
    network:*) gate_network "$pending/new/$1" ;;
  esac | sed "s/^/$1: not allowed here: /"
}

# --- the way by which people reach this host -------------------------------------------------------------------------------

# Interfaces that carry this connection: the one with its address, and what is below it.
management_interfaces() {
  server=$(echo "${'$'}{SSH_CONNECTION:-}" | cut -d ' ' -f 3)
  case $server in '' | UNKNOWN | *[!0-9a-fA-F.:]*) return 0 ;; esac
  device=$(ip -o address show to "$server" | awk 'NR == 1 { sub(/@.*/, "", $2); print $2 }')
  [ -n "$device" ] || return 0
  [ "$device" != lo ] || { printf '%s\n' "$server"; return 0; }
  below() {
    echo "$1"
    for lower in "/sys/class/net/$1"/lower_*; do
      [ ! -e "$lower" ] || below "${'$'}{lower##*/lower_}"
    done
  }
  below "$device"
}

touching() { # file, file with words: the stanzas (or rows) that name one of them
  [ -f "$1" ] || return 0
  awk '
    NR == FNR { word[$1]; next }
    function flush() { if (hit) printf "%s", stanza; stanza = ""; hit = 0 }
    /^[[:blank:]]*(auto|iface|allow-)/ && !(/^[[:blank:]]*iface/ && stanza ~ /^[[:blank:]]*(auto|allow-)[^\n]*\n$/) || /"name":/ { flush() }
    { stanza = stanza $0 "\n"; line = $0; gsub(/[^A-Za-z0-9_.:-]+/, " ", line); n = split(line, part, " ")
      for (i = 1; i <= n; i++) { sub(/^name:/, "", part[i]); if (part[i] in word) hit = 1 } }
    END { flush() }' "$2" "$1"
}

check_management() { # complaints on standard output
  [ ! -f "$pending/forced" ] || return 0
  management_interfaces | keep "$work/management" || { no_judgement; return 0; }
  [ -s "$work/management" ] || return 0
  for slot in ovs ovsinterfaces interfaces; do
    differs "$slot" || continue
    touching "$pending/old/$slot" "$work/management" | keep "$work/touched-old" &&
      touching "$pending/new/$slot" "$work/management" | keep "$work/touched-new" || { no_judgement; return 0; }
    cmp -s "$work/touched-old" "$work/touched-new" ||
      echo "management: $slot would change $(tr '\n' ' ' < "$work/management")by which this host is reached ($(echo "$SSH_CONNECTION" | cut -d ' ' -f 3)): $(diff "$work/touched-old" "$work/touched-new" | grep '^[<>]' | tr '\n' ';')"
  done
}
`;
