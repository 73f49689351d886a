/** Which files and interfaces are ours, what is taken from a request, and what is refused. */

/**
 * hostname.if(5) as we write it, and not a line more: netstart(8) runs what begins with `!`, and hands every line to a shell. The renderer's
 * own spec holds it to the same grammar.
 */
const GRAMMAR = [
  'tunnel [0-9a-f.:]+ ([0-9.]+(:[0-9]+)?|[0-9a-f:]+|\\[[0-9a-f:]+\\]:[0-9]+)',
  'vnetid [0-9]{1,8}',
  'parent [a-z]+[0-9]+',
  'tunnelttl [0-9]{1,3}',
  'mtu [0-9]{3,4}',
  'inet (alias )?[0-9.]+/[0-9]{1,2}',
  'inet6 (alias )?[0-9a-f:]+/[0-9]{1,3}',
  'description "[]A-Za-z0-9 %()*+,./:=^_~[-]*"',
  'add vxlan[0-9]+',
  'up',
].join('|');

export const FILES = String.raw`# --- files and interfaces of ours -----------------------------------------------------------------------------------------

file_of() { printf '/etc/hostname.%s' "$1"; }
beside() { printf '/etc/.hostname.%s.trame-%s' "$1" "$2"; } # hidden: netstart reads /etc/hostname.*
owns() { grep -qxF -e "$1" "$state/owned" 2> /dev/null; }
names() { cat "$pending/names" 2> /dev/null; }
known_names() { cat "$state/owned" "$pending/names" 2> /dev/null | sort -u; }
exists() { ifconfig "$1" > /dev/null 2>&1; }
differs() { ! same "$pending/old/hostname.$1" "$pending/new/hostname.$1" || grep -qxF -e "$1" "$pending/again" 2> /dev/null; }
live_is() { for name in $(names); do same "$pending/$1/hostname.$name" "$(file_of "$name")" || return 1; done; } # old|new

receive() { # status 2: no room. The request on standard input: lines are counted, so that nothing of a file is ever taken for a word of ours
  while IFS= read -r said; do
    set -f
    # shellcheck disable=SC2086
    set -- $said
    set +f
    case ${'$'}{1:-} in
      identity)
        printf '%s %s\n' "${'$'}{2:-}" "${'$'}{3:-}" > "$pending/identity" || return 2
        [ "${'$'}{4:-}" != forced ] || : > "$pending/forced"
        ;;
      file | gone | again | known)
        is_name "${'$'}{2:-}" || return 1
        word=$1 name=$2
        grep -qxF -e "$name" "$pending/names" || printf '%s\n' "$name" >> "$pending/names" || return 2
        case $word in
          again) printf '%s\n' "$name" >> "$pending/again" || return 2 ;;
          gone) printf '%s\n' "$name" >> "$pending/gone" || return 2 ;;
          known) printf '%s\n' "$name" >> "$pending/known" || return 2 ;;
          file)
            count=${'$'}{3:-}
            case $count in '' | *[!0-9]*) return 1 ;; esac
            : > "$pending/new/hostname.$name" || return 2
            while [ "$count" -gt 0 ]; do
              IFS= read -r line || return 1
              printf '%s\n' "$line" >> "$pending/new/hostname.$name" || return 2
              count=$((count - 1))
            done
            ;;
        esac
        ;;
      end) return 0 ;;
      *) return 1 ;;
    esac
  done
  return 1
}

check_file() { # name; complaints on standard output
  new=$pending/new/hostname.$1
  [ -f "$new" ] || return 0
  grep -vxE '${GRAMMAR}' "$new" | sed "s/^/$1: not allowed here: /"
  # What netstart would do with it: -n prints the commands and runs none of them.
  judged would env HN_DIR="$pending/new" sh /etc/netstart -n "$1" || return 0
  [ "$checked" -eq 0 ] || { printf '%s: netstart refuses it: ' "$1"; words_of would | tail -n 3; }
  while IFS= read -r line; do
    case $line in '' | inet* | description*) continue ;; esac
    grep -qxF -e "ifconfig $1 $line" "$work/would" || printf '%s: netstart does not take the line: %s\n' "$1" "$line"
  done < "$new"
  words_of would | grep -vF -e "ifconfig $1 " | sed "s/^/$1: netstart says: /"
}

check_push() { # complaints on standard output
  server=$(printf '%s' "${'$'}{SSH_CONNECTION:-}" | cut -d ' ' -f 3)
  for name in $(names); do
    check_file "$name"
    [ -f "$(file_of "$name")" ] || owns "$name" || ! exists "$name" || printf '%s: is there already, without a file of its own: it is not ours\n' "$name"
    if [ -f "$(file_of "$name")" ] && [ -f "$pending/new/hostname.$name" ] && ! owns "$name" && ! same "$pending/new/hostname.$name" "$(file_of "$name")" &&
      ! grep -qxF -e "$name" "$pending/known" 2> /dev/null; then
      printf '%s: has a file that is not ours and says something else: move it away, or make it say what is wanted\n' "$name"
    fi
    if grep -qxF -e "$name" "$pending/gone" 2> /dev/null && ! owns "$name" && [ -f "$(file_of "$name")" ]; then
      printf '%s: is not ours to take away\n' "$name"
    fi
    [ -z "$server" ] || [ -f "$pending/forced" ] || ! differs "$name" || ! grep -qE "^inet6? (alias )?$server/" "$pending/old/hostname.$name" 2> /dev/null ||
      printf 'management: %s carries %s, by which this gateway is reached\n' "$name" "$server"
  done
}

`;
