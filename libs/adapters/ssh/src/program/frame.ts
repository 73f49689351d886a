/** What every verb of the push program stands on: its words to us, its lock, and the fence. */
import { PUSH_EXIT } from './exit.js';
import { protocol } from './protocol.js';

export const FRAME = String.raw`#!/bin/sh
# Trame: puts configuration in force on this host and takes it back unless it is confirmed.
set -u
umask 077
trap '' HUP PIPE
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL

state=/var/lib/trame
pending=$state/pending

${protocol('host')}
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

forget() { # the state goes first: a half-removed folder is never taken for a push
  rm -f "$pending/state"
  clear_away
  rm -rf "$pending"
}

abandon() { forget; } # what is not live yet

# For the next one who asks: nobody confirmed, and the host went back by itself.
remember_undone() { # fence, timer|boot
  printf '%s %s\n' "$1" "$2" > "$state/undone"
  say "the change with fence $1 was not confirmed: undone by the $2"
  return 0
}
`;
