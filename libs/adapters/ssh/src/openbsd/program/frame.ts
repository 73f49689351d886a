/** What every verb stands on: state that survives, the lock, and what is forgotten. */
import { PUSH_EXIT } from '../../program/exit.js';
import { protocol } from '../../program/protocol.js';

export const FRAME = String.raw`#!/bin/sh
# Trame: puts configuration in force on this gateway and takes it back unless it is confirmed.
set -u
umask 077
trap '' HUP PIPE
PATH=/sbin:/usr/sbin:/bin:/usr/bin LC_ALL=C
export PATH LC_ALL

state=/etc/trame
pending=$state/pending

${protocol('gateway')}
is_name() { # of an interface that may be ours
  case $1 in
    vxlan | bridge | vxlan*[!0-9]* | bridge*[!0-9]*) return 1 ;;
    vxlan* | bridge*) [ "${'$'}{#1}" -le 15 ] ;;
    *) return 1 ;;
  esac
}

ask() { # name, command
  asked=$1
  shift
  "$@" > "$work/$asked" 2>&1 < /dev/null
  emit "$asked" $? "$work/$asked"
}

write_durably() { # path, words
  printf '%s\n' "$2" > "$1.new" && sync && mv -f "$1.new" "$1" || die ${PUSH_EXIT.storageFailed} "cannot write $1: is there room on the disk?"
}

nap() { sleep 0.2 2> /dev/null || sleep 1; } # a fraction is an extension that OpenBSD has

say() { logger -t trame -- "$1" 2> /dev/null; }

# --- one at a time: the link is made in one step and names who made it; whoever was killed is no process of ours any more
is_ours() { case $(ps -o args= -p "$1" 2> /dev/null) in */trame/push-*) return 0 ;; esac; return 1; }

# One at a time, and only if it is still that of the process that is gone: a dead process neither lets go nor comes back.
steal_lock() { # process
  [ -z "$(find "$state/lock.steal" -prune -mmin +1 2> /dev/null)" ] || rmdir "$state/lock.steal" 2> /dev/null
  mkdir "$state/lock.steal" 2> /dev/null || return 1
  if [ "$(readlink "$state/lock" 2> /dev/null)" = "$1" ] && ! is_ours "$1"; then rm -f "$state/lock"; fi
  rmdir "$state/lock.steal"
}

# A netstart whose program was killed would go on making interfaces under the feet of the next one. It is ended: what it has left half done is undone or
# made again, and a dead-man timer that waited for it would wait for a command that hangs.
end_worker() {
  worker=$(content "$state/worker" 0)
  case $(ps -o args= -p "$worker" 2> /dev/null) in *netstart*) kill -KILL "$worker" 2> /dev/null; sleep 1 ;; esac
  rm -f "$state/worker"
}

try_lock() { # seconds to wait
  waited=0
  until ln -s "$$" "$state/lock" 2> /dev/null; do
    holder=$(readlink "$state/lock" 2> /dev/null)
    if [ -n "$holder" ] && ! is_ours "$holder" && steal_lock "$holder"; then continue; fi
    [ "$waited" -lt $(($1 * 5)) ] || return 1
    nap
    waited=$((waited + 1))
  done
  holds=yes
  end_worker
}

take_lock() { try_lock "$1" || die ${PUSH_EXIT.inProgress} "another push is at work on this gateway"; }
drop_lock() {
  [ $holds = no ] || [ "$(readlink "$state/lock" 2> /dev/null)" != "$$" ] || rm -f "$state/lock"
  holds=no
}

leave() {
  rm -rf "$work"
  drop_lock
}

forget() { # the state goes first: a half-removed folder is never taken for a push
  rm -f "$pending/state"
  for name in $(names); do rm -f "$(beside "$name" new)" "$(beside "$name" old)"; done
  rm -rf "$pending"
}

give_back() { # a push that is undone owns nothing; one that is confirmed and not yet forgotten does
  is_pending && [ -f "$pending/owned" ] || return 0
  cp "$pending/owned" "$state/owned.new" && mv -f "$state/owned.new" "$state/owned"
}
abandon() { give_back; forget; }

remember_undone() { # fence, timer|boot
  printf '%s %s\n' "$1" "$2" > "$state/undone"
  say "the change with fence $1 was not confirmed: undone by the $2"
  return 0
}

`;
