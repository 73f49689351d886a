/** What every verb of the push program stands on: its words to us, its lock, and the fence. */
import { PUSH_EXIT } from './exit.js';

export const FRAME = String.raw`#!/bin/sh
# Trame: puts configuration in force on this host and takes it back unless it is confirmed.
set -u
umask 077
trap '' HUP PIPE
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL

state=/var/lib/trame
pending=$state/pending

die() { # status, words
  status=$1
  shift
  printf '%s\n' "$*" >&2
  exit "$status"
}

number() {
  case $1 in '' | *[!0-9]*) die ${PUSH_EXIT.badRequest} "not a number: $1" ;; esac
}

emit() { # name, status, file: the status and the bytes of one answer
  printf '@%s %s %s\n' "$1" "$2" "$(wc -c < "$3")"
  cat "$3"
}

emit_file() { # name, path
  if [ -f "$2" ]; then emit "$1" 0 "$2"; else printf '@%s 1 0\n' "$1"; fi
}

content() { # path, default
  if [ -s "$1" ]; then read -r word < "$1"; printf '%s' "$word"; else printf '%s' "$2"; fi
}

write_durably() { # path, words
  printf '%s\n' "$2" > "$1.new" && sync "$1.new" && mv -f "$1.new" "$1" && sync "$(dirname "$1")" ||
    die ${PUSH_EXIT.storageFailed} "cannot write $1: $(no_room)"
}

no_room() { # the file systems without room, in words
  df -P "$state" /etc /etc/frr /etc/network /run 2> /dev/null | awk 'NR > 1 && $4 < 64 && !seen[$6]++ { full = full " " $6 } END { print full == "" ? "see the host" : "no room on" full }'
}

# Seconds since the host was started: nobody sets this clock.
uptime_s() { read -r uptime rest < /proc/uptime; printf '%s' "${'$'}{uptime%%.*}"; }

say() { # to the log of the host
  [ ! -S /dev/log ] || logger -t trame -- "$1" 9>&-
}

take_lock() { # seconds to wait
  exec 9> "$state/lock" || die ${PUSH_EXIT.storageFailed} "cannot write $state/lock: $(no_room)"
  flock -w "$1" 9 || die ${PUSH_EXIT.inProgress} "another push is at work on this host"
  await_worker
}

# Children run without descriptor 9: a daemon that one of them leaves behind would hold the lock for ever.
run() { "$@" 9>&-; }

# A reload goes on when we are killed, and without the lock: whoever takes the lock next has to wait for it.
reload() { # seconds, command
  timeout -k 5 "$@" 9>&- &
  echo $! > "$state/worker"
  wait $!
  worked=$?
  rm -f "$state/worker"
  return $worked
}

await_worker() {
  worker=$(content "$state/worker" 0)
  while grep -qs reload "/proc/$worker/cmdline"; do sleep 0.2; done
}

seen_fence() {
  seen=$(content "$state/fence" 0)
  case $seen in *[!0-9]*) die ${PUSH_EXIT.storageFailed} "$state/fence does not hold a number" ;; esac
  printf '%s' "$seen"
}

accept_fence() {
  [ "$fence" -ge 1 ] || die ${PUSH_EXIT.badRequest} "a fence is at least 1"
  seen=$(seen_fence) || exit $?
  [ "$fence" -ge "$seen" ] || die ${PUSH_EXIT.staleFence} "this host has seen fence $seen, the request carries $fence"
  [ "$fence" -eq "$seen" ] || write_durably "$state/fence" "$fence"
}

pending_fence() { content "$pending/fence" 0; }

# A push that is confirmed is over, even if the host died before its folder was removed.
is_pending() { [ -f "$pending/state" ] && [ "$(pending_fence)" != "$(content "$state/confirmed" 0)" ]; }
is_applied() { is_pending && [ "$(content "$pending/state" none)" = applied ]; }

forget() { # the state goes first: a half-removed folder is never taken for a push
  rm -f "$pending/state"
  clear_away
  rm -rf "$pending"
}

# For the next one who asks: nobody confirmed, and the host went back by itself.
remember_undone() { # fence, timer|boot
  printf '%s %s\n' "$1" "$2" > "$state/undone"
  say "the change with fence $1 was not confirmed: undone by the $2"
  return 0
}
`;
