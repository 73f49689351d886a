/**
 * The part of a push that runs on an OpenBSD gateway, in the shell of its base system (ksh) and without anything else: no flock(1), setsid(1),
 * sha256sum(1), /proc. It is written in what POSIX sh and that ksh have in common. Ours are /etc/hostname.vxlanN and /etc/hostname.bridgeN that we have put there.
 *
 * State below /etc/trame, on the file system of the files themselves:
 *   fence      highest fencing number seen; a lower one is refused
 *   owned      names of the interfaces whose files are ours: nothing else is ever destroyed
 *   confirmed  fence of the push confirmed last: one rename, the commit point
 *   undone     fence of a push that the gateway took back by itself, and by what: timer or boot
 *   lock       a symbolic link to the process that changes something
 *   pending/   the push under way: state (staged|applied), fence, identity, program, names, again, known, owned (as it was), new/, old/ (a missing file: shall not exist)
 */
import { createHash } from 'node:crypto';
import type { RemoteProgram } from '../push-client.js';
import { PUSH_EXIT } from '../program/exit.js';

/** Attempts of the dead-man timer to restore, one every 5 s. */
const TIMER_ATTEMPTS = 24;

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

const GATEWAY_PROGRAM = String.raw`#!/bin/sh
# Trame: puts configuration in force on this gateway and takes it back unless it is confirmed.
set -u
umask 077
trap '' HUP PIPE
PATH=/sbin:/usr/sbin:/bin:/usr/bin LC_ALL=C
export PATH LC_ALL

state=/etc/trame
pending=$state/pending

die() { # status, words
  status=$1
  shift
  printf '%s\n' "$*" >&2
  exit "$status"
}

number() { case $1 in '' | *[!0-9]*) die ${PUSH_EXIT.badRequest} "not a number: $1" ;; esac; }

is_name() { # of an interface that may be ours
  case $1 in
    vxlan | bridge | vxlan*[!0-9]* | bridge*[!0-9]*) return 1 ;;
    vxlan* | bridge*) [ "${'$'}{#1}" -le 15 ] ;;
    *) return 1 ;;
  esac
}

emit() { # name, status, file
  printf '@%s %s %s\n' "$1" "$2" "$(($(wc -c < "$3")))"
  cat "$3"
}

emit_file() { if [ -f "$2" ]; then emit "$1" 0 "$2"; else printf '@%s 1 0\n' "$1"; fi; }

ask() { # name, command
  asked=$1
  shift
  "$@" > "$work/$asked" 2>&1 < /dev/null
  emit "$asked" $? "$work/$asked"
}

content() { # path, default
  if [ -s "$1" ]; then read -r word rest < "$1"; printf '%s' "$word"; else printf '%s' "$2"; fi
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

seen_fence() {
  seen=$(content "$state/fence" 0)
  case $seen in *[!0-9]*) die ${PUSH_EXIT.storageFailed} "$state/fence does not hold a number" ;; esac
  printf '%s' "$seen"
}

accept_fence() {
  [ "$fence" -ge 1 ] || die ${PUSH_EXIT.badRequest} "a fence is at least 1"
  seen=$(seen_fence) || exit $?
  [ "$fence" -ge "$seen" ] || die ${PUSH_EXIT.staleFence} "this gateway has seen fence $seen, the request carries $fence"
  [ "$fence" -eq "$seen" ] || write_durably "$state/fence" "$fence"
}

pending_fence() { content "$pending/fence" 0; }
is_pending() { [ -f "$pending/state" ] && [ "$(pending_fence)" != "$(content "$state/confirmed" 0)" ]; }
is_applied() { is_pending && [ "$(content "$pending/state" none)" = applied ]; }

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

# --- files and interfaces of ours -----------------------------------------------------------------------------------------

file_of() { printf '/etc/hostname.%s' "$1"; }
beside() { printf '/etc/.hostname.%s.trame-%s' "$1" "$2"; } # hidden: netstart reads /etc/hostname.*
owns() { grep -qxF -e "$1" "$state/owned" 2> /dev/null; }
names() { cat "$pending/names" 2> /dev/null; }
known_names() { cat "$state/owned" "$pending/names" 2> /dev/null | sort -u; }
exists() { ifconfig "$1" > /dev/null 2>&1; }
same() { if [ -f "$1" ]; then [ -f "$2" ] && cmp -s "$1" "$2"; else [ ! -f "$2" ]; fi; }
differs() { ! same "$pending/old/hostname.$1" "$pending/new/hostname.$1" || grep -qxF -e "$1" "$pending/again" 2> /dev/null; }
live_is() { for name in $(names); do same "$pending/$1/hostname.$name" "$(file_of "$name")" || return 1; done; } # old|new

receive() { # the request on standard input: lines are counted, so that nothing of a file is ever taken for a word of ours
  while IFS= read -r said; do
    set -f
    # shellcheck disable=SC2086
    set -- $said
    set +f
    case ${'$'}{1:-} in
      identity)
        printf '%s %s\n' "${'$'}{2:-}" "${'$'}{3:-}" > "$pending/identity"
        [ "${'$'}{4:-}" != forced ] || : > "$pending/forced"
        ;;
      file | gone | again | known)
        is_name "${'$'}{2:-}" || return 1
        word=$1 name=$2
        grep -qxF -e "$name" "$pending/names" || printf '%s\n' "$name" >> "$pending/names"
        case $word in
          again) printf '%s\n' "$name" >> "$pending/again" ;;
          gone) printf '%s\n' "$name" >> "$pending/gone" ;;
          known) printf '%s\n' "$name" >> "$pending/known" ;;
          file)
            count=${'$'}{3:-}
            case $count in '' | *[!0-9]*) return 1 ;; esac
            : > "$pending/new/hostname.$name" || return 1
            while [ "$count" -gt 0 ]; do
              IFS= read -r line || return 1
              printf '%s\n' "$line" >> "$pending/new/hostname.$name" || return 1
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
  HN_DIR="$pending/new" sh /etc/netstart -n "$1" > "$work/would" 2>&1 < /dev/null || { printf '%s: netstart refuses it: ' "$1"; tail -n 3 "$work/would"; }
  while IFS= read -r line; do
    case $line in '' | inet* | description*) continue ;; esac
    grep -qxF -e "ifconfig $1 $line" "$work/would" || printf '%s: netstart does not take the line: %s\n' "$1" "$line"
  done < "$new"
  grep -vF -e "ifconfig $1 " "$work/would" | sed "s/^/$1: netstart says: /"
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

prepare() { # everything that needs room
  for name in $(names); do
    target=$(file_of "$name")
    [ ! -f "$target" ] || ln -f "$target" "$(beside "$name" old)" || return 1
    [ ! -f "$pending/new/hostname.$name" ] || { cp -p "$pending/new/hostname.$name" "$(beside "$name" new)" && chmod 640 "$(beside "$name" new)"; } || return 1
  done
  sync
}

place() { # old|new, name
  target=$(file_of "$2")
  ! same "$pending/$1/hostname.$2" "$target" || return 0
  ready=$(beside "$2" "$1")
  if [ ! -f "$pending/$1/hostname.$2" ]; then
    rm -f "$target"
  elif same "$pending/$1/hostname.$2" "$ready"; then
    mv -f "$ready" "$target"
  else
    cp -p "$pending/$1/hostname.$2" "$ready" && mv -f "$ready" "$target"
  fi
}

destroy() { # name: another tunnel, or none. An interface that runs does not take another tunnel (EBUSY), and keeps addresses that its file has lost.
  ! exists "$1" || ifconfig "$1" destroy
}

changed_of() { for name in $(names); do case $name in "$1"*) ! differs "$name" || printf '%s\n' "$name" ;; esac; done; }

# A bridge before its member when they go, the member first when they come. Says what went wrong; on the way back everything is tried.
put_in_force() { # old|new
  forced=0
  bridges=$(changed_of bridge)
  tunnels=$(changed_of vxlan)
  # A bridge whose member goes would be left without it.
  for tunnel in $tunnels; do
    bridge=bridge${'$'}{tunnel#vxlan}
    case " $(echo $bridges) " in *" $bridge "*) ;; *) [ ! -f "$(file_of "$bridge")" ] || ! owns "$bridge" || bridges="$bridges $bridge" ;; esac
  done
  for name in $bridges $tunnels; do destroy "$name" || { forced=1; printf 'cannot destroy %s\n' "$name"; }; done
  for name in $(names); do place "$1" "$name" || { forced=1; printf 'cannot write %s: is there room on the disk?\n' "$(file_of "$name")"; }; done
  [ $forced -eq 0 ] || [ "$1" = old ] || return 1
  start=
  for name in $tunnels $bridges; do [ ! -f "$(file_of "$name")" ] || start="$start $name"; done
  if [ -n "$start" ]; then
    # netstart goes on after a command that failed, and says nothing of it by its status: what it prints tells.
    # shellcheck disable=SC2086
    sh /etc/netstart $start > "$work/netstart" 2>&1 < /dev/null || { forced=1; printf 'netstart failed: '; tail -n 3 "$work/netstart"; }
    if grep -E '^(ifconfig|netstart|route|sh|ksh)(\[[0-9]+\])?:' "$work/netstart"; then forced=1; fi
    for name in $start; do exists "$name" || { forced=1; printf '%s did not come into being\n' "$name"; }; done
  fi
  return $forced
}

restore() { # only a proof forgets the push
  put_in_force old > "$work/restore" 2>&1
  restored=$?
  for name in $(names); do [ -f "$pending/old/hostname.$name" ] || ! exists "$name" || restored=1; done
  [ $restored -eq 0 ] && live_is old && give_back && forget
}

undo() {
  if is_applied; then
    restore || { cat "$work/restore" >&2; die ${PUSH_EXIT.undoUnproven} "the former configuration could not be put back in force"; }
  else
    abandon
  fi
}

own_names() { # add what is about to be there
  { [ ! -f "$state/owned" ] || cat "$state/owned"; } > "$pending/owned" || return 1
  cat "$state/owned" "$pending/names" 2> /dev/null | sort -u > "$state/owned.new" && mv -f "$state/owned.new" "$state/owned"
}
disown_gone() { # what is confirmed and has no file is nobody's
  for name in $(cat "$state/owned"); do [ ! -f "$(file_of "$name")" ] || printf '%s\n' "$name"; done > "$state/owned.new" && mv -f "$state/owned.new" "$state/owned"
}

emit_live() { for name in $(known_names; cat "$work/more" 2> /dev/null); do emit_file "file:$name" "$(file_of "$name")"; done; }
emit_pending() {
  [ ! -f "$pending/state" ] || ! is_pending || printf '%s %s\n' "$(pending_fence)" "$(content "$pending/state" none)" > "$work/pending"
  emit_file pending "$work/pending"
}
emit_interfaces() { for name in $(known_names; cat "$work/more" 2> /dev/null); do ask "if:$name" ifconfig "$name"; done; }

more_names() { # on standard input: also look at these
  : > "$work/more"
  while read -r name; do
    [ "$name" != end ] || return 0
    is_name "$name" || die ${PUSH_EXIT.badRequest} "not a name of ours: $name"
    known_names | grep -qxF -e "$name" || printf '%s\n' "$name" >> "$work/more"
  done
}

program=$0
set -- "$@" 0 0
verb=$1 fence=$2 seconds=$3 holds=no
number "$fence"
number "$seconds"
mkdir -p "$state" || die ${PUSH_EXIT.storageFailed} "cannot make $state: is there room on the disk?"
work=$(mktemp -d /tmp/trame.XXXXXXXXXX) || die ${PUSH_EXIT.storageFailed} "cannot make a folder below /tmp"
trap leave EXIT

case $verb in
  inspect | collect)
    more_names
    ask hostname hostname
    ask release uname -sr
    emit_pending
    emit_live
    emit_file undone "$state/undone"
    if grep -qs '^[^#]*/etc/trame/pending/program' /etc/rc.local; then echo yes > "$work/boot"; else echo no > "$work/boot"; fi
    emit boot 0 "$work/boot"
    [ "$verb" = inspect ] || emit_interfaces
    ;;

  stage)
    take_lock 20
    accept_fence
    ! is_applied || die ${PUSH_EXIT.inProgress} "the change with fence $(pending_fence) is live and not confirmed: undo it first"
    abandon
    mkdir -p "$pending/new" "$pending/old" || die ${PUSH_EXIT.storageFailed} "cannot make $pending: is there room on the disk?"
    : > "$pending/names"
    receive || { forget; die ${PUSH_EXIT.badRequest} "the request ended early or is malformed"; }
    for name in $(names); do
      target=$(file_of "$name")
      [ ! -f "$target" ] || cp -p "$target" "$pending/old/hostname.$name" || { forget; die ${PUSH_EXIT.storageFailed} "cannot copy $target"; }
      [ ! -f "$pending/new/hostname.$name" ] || chmod 640 "$pending/new/hostname.$name"
    done
    check_push > "$work/refused"
    if [ -s "$work/refused" ]; then
      cat "$work/refused" >&2
      forget
      exit ${PUSH_EXIT.configRefused}
    fi
    printf '%s\n' "$fence" > "$pending/fence" && printf '%s\n' "$program" > "$pending/program" || { forget; die ${PUSH_EXIT.storageFailed} "cannot write $pending"; }
    write_durably "$pending/state" staged
    emit_live
    ;;

  apply)
    [ "$seconds" -ge 1 ] || die ${PUSH_EXIT.badRequest} "the time to confirm is at least 1 s"
    take_lock 20
    accept_fence
    is_pending && [ "$(pending_fence)" = "$fence" ] && [ "$(content "$pending/state" none)" = staged ] ||
      die ${PUSH_EXIT.noSuchPush} "nothing is staged with fence $fence"
    live_is old || { forget; die ${PUSH_EXIT.applyFailedAndUndone} "the files changed since they were staged; nothing was done"; }
    { prepare && own_names; } 2> "$work/words" || {
      cat "$work/words" >&2
      abandon
      die ${PUSH_EXIT.storageFailed} "what is there cannot be kept, so nothing was done: is there room on the disk?"
    }
    write_durably "$pending/state" applied
    nohup sh "$program" watch "$fence" "$seconds" < /dev/null > /dev/null 2>&1 &
    tries=0
    until [ -e "$pending/watched" ]; do
      tries=$((tries + 1))
      [ $tries -le 50 ] || { abandon; die ${PUSH_EXIT.applyFailedAndUndone} "the dead-man timer did not start; nothing was done"; }
      nap
    done
    if put_in_force new > "$work/words" 2>&1; then
      : > "$pending/live"
      exit ${PUSH_EXIT.done}
    fi
    cat "$work/words" >&2
    undo
    exit ${PUSH_EXIT.applyFailedAndUndone}
    ;;

  watch)
    : > "$pending/watched"
    watched() { is_applied && [ "$(pending_fence)" = "$fence" ]; }
    # Seconds are slept and not read from a clock: nobody sets them. The time begins when the change is live; until then it guards against an apply that died.
    left=$seconds since=start attempts=${TIMER_ATTEMPTS}
    while watched && [ $attempts -gt 0 ]; do
      if [ $since = start ] && [ -e "$pending/live" ]; then since=live left=$seconds; fi
      if [ "$left" -gt 0 ]; then
        sleep 1
        left=$((left - 1))
        continue
      fi
      try_lock 60 || continue
      watched || exit 0
      if [ $since = start ] && [ -e "$pending/live" ]; then
        since=live left=$seconds
      else
        restore && remember_undone "$fence" timer && exit 0
        attempts=$((attempts - 1)) left=5
      fi
      drop_lock
    done
    watched || exit 0
    exit ${PUSH_EXIT.undoUnproven}
    ;;

  boot)
    take_lock 20
    is_applied || { abandon; exit ${PUSH_EXIT.done}; }
    undone=$(pending_fence)
    restore || die ${PUSH_EXIT.undoUnproven} "the configuration of before could not be put back in force"
    remember_undone "$undone" boot
    ;;

  verify)
    more_names
    emit_pending
    emit_live
    emit_interfaces
    ;;

  confirm)
    take_lock 20
    accept_fence
    if is_applied && [ "$(pending_fence)" = "$fence" ]; then
      write_durably "$state/confirmed" "$fence"
      rm -f "$state/undone"
      forget
      disown_gone
    elif [ "$(content "$state/confirmed" 0)" != "$fence" ]; then
      die ${PUSH_EXIT.noSuchPush} "no change with fence $fence is live: the dead-man timer or another push has undone it"
    fi
    emit_live
    ;;

  recover | revert)
    more_names
    take_lock 150
    accept_fence
    [ "$verb" = recover ] || [ "$(content "$state/confirmed" 0)" != "$fence" ] ||
      die ${PUSH_EXIT.undoUnproven} "the push with fence $fence is confirmed: it is undone by a new push"
    undo
    emit_live
    ;;

  *) die ${PUSH_EXIT.badRequest} "no such verb: $verb" ;;
esac
exit ${PUSH_EXIT.done}
`;

const DIGEST = createHash('sha256').update(GATEWAY_PROGRAM).digest('hex').slice(0, 16);
const PATH = `/etc/trame/push-${DIGEST}.sh`;

/** By its digest: a program that runs is never overwritten. SSH proves the octets that arrive; that they are all there is counted before the rename. */
export const GATEWAY: RemoteProgram = {
  path: PATH,
  text: GATEWAY_PROGRAM,
  installCommand:
    `umask 077; mkdir -p /etc/trame && part=${PATH}.$$ && cat > "$part" && ` +
    `{ [ "$(wc -c < "$part")" -eq ${Buffer.byteLength(GATEWAY_PROGRAM)} ] && mv -f "$part" ${PATH} || { rm -f "$part"; false; }; }`,
  installedCommand: null,
};
