/** What the programs on hosts and on gateways have in common: their words to us, and whose push is under way. POSIX sh, no program beyond the base system. */
import { PUSH_EXIT } from './exit.js';

/** @param machine what they call what they run on. Wants `$state`, `$pending`, `write_durably`, `forget`. */
export const protocol = (machine: 'host' | 'gateway'): string => String.raw`die() { # status, words
  status=$1
  shift
  printf '%s\n' "$*" >&2
  exit "$status"
}

# A judgement is made on whole files or not at all: what did not find room below $work says so, and what says anything is refused.
keep() { # path: standard input
  cat > "$1" 2> /dev/null || { cat > /dev/null; return 1; }
}
judged() { # name, command: its words go to $work/name, its status into $checked
  said=$work/$1
  shift
  { "$@" 2>&1 < /dev/null 9>&-; printf '\nstatus %s\n' $?; } | keep "$said" && checked=$(sed -n '$s/^status //p' "$said") && [ -n "$checked" ] || { no_judgement; return 1; }
}
words_of() { sed -e '$d' "$work/$1" | grep -v '^$'; }
no_judgement() { printf 'cannot be judged: there is no room for it below %s\n' "${'$'}{work%/*}"; }

number() { case $1 in '' | *[!0-9]*) die ${PUSH_EXIT.badRequest} "not a number: $1" ;; esac; }

emit() { # name, status, file: the status and the bytes of one answer; some wc write blanks before the number
  printf '@%s %s %s\n' "$1" "$2" "$(($(wc -c < "$3")))"
  cat "$3"
}

emit_file() { # name, path
  if [ -f "$2" ]; then emit "$1" 0 "$2"; else printf '@%s 1 0\n' "$1"; fi
}

content() { # path, default
  if [ -s "$1" ]; then read -r word rest < "$1"; printf '%s' "$word"; else printf '%s' "$2"; fi
}

second_of() { # path, default: the second word of its first line
  if [ -s "$1" ]; then read -r word rest < "$1"; printf '%s' "${'$'}{rest:-$2}"; else printf '%s' "$2"; fi
}

seen_fence() {
  seen=$(content "$state/fence" 0)
  case $seen in *[!0-9]*) die ${PUSH_EXIT.storageFailed} "$state/fence does not hold a number" ;; esac
  printf '%s' "$seen"
}

accept_fence() {
  [ "$fence" -ge 1 ] || die ${PUSH_EXIT.badRequest} "a fence is at least 1"
  seen=$(seen_fence) || exit $?
  [ "$fence" -ge "$seen" ] || die ${PUSH_EXIT.staleFence} "this ${machine} has seen fence $seen, the request carries $fence"
  [ "$fence" -eq "$seen" ] || write_durably "$state/fence" "$fence"
}

# A later execution that pushes an earlier revision was planned before the one that is here: the fence lets it in, this does not.
accept_revision() {
  carried=$(second_of "$state/confirmed" 0) offered=$(second_of "$pending/identity" 0)
  case $carried$offered in *[!0-9]*) die ${PUSH_EXIT.storageFailed} "$state/confirmed does not hold two numbers" ;; esac
  [ "$offered" -ge "$carried" ] || { forget; die ${PUSH_EXIT.staleFence} "this ${machine} carries revision $carried, the request is of revision $offered"; }
}

pending_fence() { content "$pending/fence" 0; }

# A push that is confirmed is over, even if the machine died before its folder was removed.
is_pending() { [ -f "$pending/state" ] && [ "$(pending_fence)" != "$(content "$state/confirmed" 0)" ]; }
is_applied() { is_pending && [ "$(content "$pending/state" none)" = applied ]; }
`;
