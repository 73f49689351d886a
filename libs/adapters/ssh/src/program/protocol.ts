/** What the programs on hosts and on gateways have in common: their words to us, whose push is under way, and the order of its steps. POSIX sh, no program beyond the base system. */
import { PUSH_EXIT } from './exit.js';

/** @param machine what they call what they run on. Wants `$state`, `$pending`, `$work` and, of each of them, `write_durably`, `forget`, `abandon`, `take_lock`, `live_is`, `put_in_force`, `restore`. */
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
  [ "$offered" -ge "$carried" ] || { forget; die ${PUSH_EXIT.staleRevision} "this ${machine} carries revision $carried, the request is of revision $offered"; }
}

pending_fence() { content "$pending/fence" 0; }

# A push that is confirmed is over, even if the machine died before its folder was removed.
is_pending() { [ -f "$pending/state" ] && [ "$(pending_fence)" != "$(content "$state/confirmed" 0)" ]; }
is_applied() { is_pending && [ "$(content "$pending/state" none)" = applied ]; }

same() { # two files, or twice no file
  if [ -f "$1" ]; then [ -f "$2" ] && cmp -s "$1" "$2"; else [ ! -f "$2" ]; fi
}

refuse_complaints() { # command that complains on standard output: one word refuses the request, and so does one that did not come to its end
  refused=$("$1"; echo judged)
  [ "$refused" != judged ] || return 0
  printf '%s\n' "${'$'}{refused%judged}" >&2
  forget
  exit ${PUSH_EXIT.configRefused}
}

may_apply() {
  [ "$seconds" -ge 1 ] || die ${PUSH_EXIT.badRequest} "the time to confirm is at least 1 s"
  take_lock 20
  accept_fence
  is_pending && [ "$(pending_fence)" = "$fence" ] && [ "$(content "$pending/state" none)" = staged ] ||
    die ${PUSH_EXIT.noSuchPush} "nothing is staged with fence $fence"
  live_is old || { forget; die ${PUSH_EXIT.applyFailedAndUndone} "the files changed since they were staged; nothing was done"; }
}

go_live() {
  if put_in_force new > "$work/words" 2>&1; then
    : > "$pending/live"
    exit ${PUSH_EXIT.done}
  fi
  cat "$work/words" >&2
  undo
  exit ${PUSH_EXIT.applyFailedAndUndone}
}

undo() {
  if is_applied; then
    restore || { cat "$work/restore" >&2; die ${PUSH_EXIT.undoUnproven} "the former configuration could not be put back in force"; }
  else
    abandon
  fi
}

confirm() { # status 1: it was confirmed before
  take_lock 20
  accept_fence
  if is_applied && [ "$(pending_fence)" = "$fence" ]; then
    write_durably "$state/confirmed" "$fence $(second_of "$pending/identity" 0)"
    rm -f "$state/undone"
    forget
    return 0
  fi
  [ "$(content "$state/confirmed" 0)" = "$fence" ] ||
    die ${PUSH_EXIT.noSuchPush} "no change with fence $fence is live: the dead-man timer or another push has undone it"
  return 1
}

take_back() { # recover: what an older execution has left; revert: ours
  take_lock 150
  accept_fence
  [ "$verb" = recover ] || [ "$(content "$state/confirmed" 0)" != "$fence" ] ||
    die ${PUSH_EXIT.undoUnproven} "the push with fence $fence is confirmed: it is undone by a new push"
  undo
}
`;
