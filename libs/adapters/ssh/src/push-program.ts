/**
 * The part of a push that runs on the host: a POSIX shell program, so that a host needs nothing of ours installed, and so
 * that it can undo a change alone when we are cut off. It is stored under the digest of its text and called only as
 * `sh /var/lib/trame/push-<digest>.sh <verb> [number [number]]`: no data ever stands on a command line.
 *
 * State on the host, all below /var/lib/trame:
 *   fence      highest fencing number seen; a lower one is refused
 *   confirmed  fence of the push confirmed last: written by one rename, which is the commit point of a push
 *   lock       held (flock) by every verb that changes something, and by the dead-man timer when it fires
 *   pending/   the push under way: state (staged|applied), fence, identity, new/, old/ (a missing file: shall not exist)
 * The timer is a process of its own session. When it dies with the host, pending/ tells the next push what to undo.
 */
import { createHash } from 'node:crypto';

/** Exit statuses of the program; anything else means that it did not run. */
export const PUSH_EXIT = {
  done: 0,
  badRequest: 64,
  staleFence: 65,
  configRefused: 66,
  applyFailedAndUndone: 67,
  undoUnproven: 68,
  noSuchPush: 69,
  storageFailed: 70,
  inProgress: 75,
} as const;

/** Attempts of the dead-man timer to restore, one every 5 s: FRR may be restarting at that moment. */
const TIMER_ATTEMPTS = 24;

export const PUSH_PROGRAM = String.raw`# Trame: puts configuration in force on this host and takes it back unless it is confirmed.
set -u
umask 077
trap '' HUP PIPE
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL

state=/var/lib/trame
pending=$state/pending
slots='interfaces frr'

path_of() {
  case $1 in
    interfaces) echo /etc/network/interfaces.d/trame ;;
    frr) echo /etc/frr/frr.conf ;;
  esac
}

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
    die ${PUSH_EXIT.storageFailed} "cannot write $1"
}

take_lock() { # seconds to wait
  exec 9> "$state/lock"
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
  rm -rf "$pending"
}

# --- the files -------------------------------------------------------------------------------------------------------------

receive() { # the request on standard input, see push-request.ts
  while read -r word name size; do
    case $word in
      identity) printf '%s %s\n' "$name" "$size" > "$pending/identity" ;;
      file)
        [ -n "$(path_of "$name")" ] || return 1
        : > "$pending/named-$name"
        case $size in
          absent) ;;
          '' | *[!0-9]*) return 1 ;;
          *)
            head -c "$size" > "$pending/new/$name"
            [ "$(wc -c < "$pending/new/$name")" -eq "$size" ] || return 1
            ;;
        esac
        ;;
      end) return 0 ;;
      *) return 1 ;;
    esac
  done
  return 1
}

own() { # slot, file: mode and owner as the packages have them
  case $1 in
    interfaces) chmod 644 "$2" && chown root:root "$2" ;;
    frr) chmod 640 "$2" && chown frr:frr "$2" ;;
  esac
}

same() { # two files, or twice no file
  if [ -f "$1" ]; then [ -f "$2" ] && cmp -s "$1" "$2"; else [ ! -f "$2" ]; fi
}

live_is() { # old|new
  for slot in $slots; do same "$pending/$1/$slot" "$(path_of "$slot")" || return 1; done
}

# The hidden name matters: interfaces(5) sources interfaces.d/*, so a visible file beside ours would be put in force as well.
place() { # old|new, slot
  target=$(path_of "$2")
  hidden=$(dirname "$target")/.$(basename "$target").trame-new
  if [ -f "$pending/$1/$2" ]; then
    cp -p "$pending/$1/$2" "$hidden" && sync "$hidden" && mv -f "$hidden" "$target"
  else
    rm -f "$target"
  fi
}

# --- putting in force ------------------------------------------------------------------------------------------------------

daemons_answer() {
  for daemon in zebra bgpd; do
    run timeout 10 vtysh -d $daemon -c 'show version' > /dev/null 2> "$work/daemons" || {
      printf 'FRR does not answer (%s): ' $daemon
      cat "$work/daemons"
      return 1
    }
  done
}

reload_frr() {
  # Without a file FRR runs with nothing. frr-reload.py saves the running configuration when it is given another path than
  # frr.conf, so the empty file has to lie there for a moment.
  bare=no
  [ -f /etc/frr/frr.conf ] || { bare=yes; : > /etc/frr/frr.conf; own frr /etc/frr/frr.conf; }
  reload 120 /usr/lib/frr/frr-reload.py --reload --stdout /etc/frr/frr.conf > "$work/frr" 2>&1
  reloaded=$?
  [ $bare = no ] || rm -f /etc/frr/frr.conf
  [ $reloaded -eq 0 ] || { echo "frr-reload.py ended with $reloaded:"; grep -E -e '^%' -e '^line [0-9]' -e 'ERROR|vtysh|daemon' "$work/frr" | tail -n 20; }
  return $reloaded
}

put_in_force() { # old|new; interfaces first: FRR ties a VNI to a device that exists. Says what went wrong.
  for slot in $slots; do
    place "$1" "$slot" || { echo "cannot write $(path_of "$slot")"; return 1; }
  done
  reload 60 ifreload -a > "$work/ifreload" 2>&1
  reloaded=$?
  [ $reloaded -eq 0 ] || { echo "ifreload ended with $reloaded:"; tail -n 20 "$work/ifreload"; }
  [ "$1" = old ] || [ $reloaded -eq 0 ] || return 1
  reload_frr && [ $reloaded -eq 0 ]
}

names_in() { sed -n 's/^iface \([^ ]*\).*/\1/p' "$pending/$1/interfaces" 2> /dev/null; }

sweep() { # what an ifreload that was killed had made: the next one does not know of it
  names_in new > "$work/surplus"
  while read -r name; do
    [ -e "/sys/class/net/$name" ] || continue
    [ -f "$work/known" ] || run ifquery -a --list > "$work/known" 2> /dev/null
    grep -qx -e "$name" "$work/known" && continue
    for kind in bridge vxlan vlan vrf; do
      [ -z "$(ip -o link show dev "$name" type $kind 2> /dev/null)" ] || ip link delete "$name"
    done
  done < "$work/surplus"
}

restore() { # everything is tried even when a part fails; only a proof forgets the push
  put_in_force old > "$work/restore" 2>&1
  restored=$?
  sweep >> "$work/restore" 2>&1
  # frr-reload.py is content with a daemon that is down when the file has no line for it; what it runs later nobody knows.
  daemons_answer >> "$work/restore" && [ $restored -eq 0 ] && live_is old && forget
}

undo() {
  if is_applied; then
    restore || { cat "$work/restore" >&2; die ${PUSH_EXIT.undoUnproven} "the former configuration could not be put back in force"; }
  else
    forget
  fi
}

# --- reading ---------------------------------------------------------------------------------------------------------------

ask() { # name, then a command; runs beside the others
  answer=$1
  shift
  (
    timeout 20 "$@" > "$work/$answer" 2> "$work/$answer.words"
    echo $? > "$work/$answer.status"
  ) 9>&- &
}

answers() { # names
  wait
  for answer in "$@"; do emit "$answer" "$(cat "$work/$answer.status")" "$work/$answer"; done
}

emit_pending() {
  if is_pending; then
    echo "$(pending_fence) $(content "$pending/state" none)" > "$work/pending"
  else
    : > "$work/pending"
  fi
  emit pending 0 "$work/pending"
}

emit_live() { # bytes of every owned file
  for slot in $slots; do emit_file "$slot" "$(path_of "$slot")"; done
}

ask_drift() {
  ask ifquery ifquery -a --check -o json
  ask residual /usr/lib/frr/frr-reload.py --test --stdout --log-level error /etc/frr/frr.conf
}

ask_protocol() {
  ask bgp vtysh -c 'show bgp summary json'
  ask vnis vtysh -c 'show evpn vni detail json'
  ask targets vtysh -c 'show bgp l2vpn evpn vni json'
}

check_interfaces() { # complaints on standard output
  [ -f "$pending/new/interfaces" ] || return 0
  timeout 30 ifup -a -s -i "$pending/new/interfaces" > "$work/ifup" 2>&1 9>&-
  checked=$?
  # Status 1 stands for any warning. These are wrong although they come with it, or are not about our text (ifupdown2 3.0.0): the last when
  # its listener reads the socket that its main thread has closed.
  case $checked in
    0) ;;
    1) grep -v -e '^$' -e 'bridge inherits mtu from its ports' -e 'bridge-utils' -e 'bridge-ports.*none' -e 'recv() error: ' "$work/ifup" ;;
    *) echo "ifup -s ended with $checked"; cat "$work/ifup" ;;
  esac
}

check_frr() {
  [ -f "$pending/new/frr" ] || return 0
  timeout 30 vtysh -C -f "$pending/new/frr" > "$work/vtysh" 2>&1 9>&-
  checked=$?
  [ $checked -eq 0 ] || { echo "vtysh -C ended with $checked"; cat "$work/vtysh"; }
}

check_syntax() { # both at once; complaints on standard output, none: accepted
  check_frr > "$work/frr-refused" & frr_check=$!
  check_interfaces > "$work/interfaces-refused"
  wait $frr_check
  sed 's/^/interfaces: /' "$work/interfaces-refused"
  sed 's/^/frr: /' "$work/frr-refused"
}

# --- verbs -----------------------------------------------------------------------------------------------------------------

set -- "$@" 0 0
verb=$1 fence=$2 seconds=$3
number "$fence"
number "$seconds"
mkdir -p "$state" || die ${PUSH_EXIT.storageFailed} "cannot make $state"
work=$(mktemp -d /run/trame.XXXXXX) || die ${PUSH_EXIT.storageFailed} "cannot make a folder below /run"
trap 'rm -rf "$work"' EXIT

case $verb in
  inspect)
    ask hostname hostname
    ask packages dpkg-query -W frr ifupdown2
    ask bgp vtysh -c 'show bgp summary json'
    emit_pending
    emit_live
    answers hostname packages bgp
    ;;

  stage)
    take_lock 20
    accept_fence
    ! is_applied || die ${PUSH_EXIT.inProgress} "push with fence $(pending_fence) is live and not confirmed: recover it first"
    forget
    # The same execution may push again: from here on its fence no longer stands for something confirmed.
    [ "$(content "$state/confirmed" 0)" != "$fence" ] || write_durably "$state/confirmed" 0
    mkdir -p "$pending/new" "$pending/old" || die ${PUSH_EXIT.storageFailed} "cannot make $pending"
    receive || { forget; die ${PUSH_EXIT.badRequest} "the request ended early or is malformed"; }
    for slot in $slots; do
      target=$(path_of "$slot")
      [ ! -f "$target" ] || cp -p "$target" "$pending/old/$slot" || { forget; die ${PUSH_EXIT.storageFailed} "cannot copy $target"; }
      [ -f "$pending/named-$slot" ] || [ ! -f "$target" ] || cp -p "$target" "$pending/new/$slot"
      [ ! -f "$pending/new/$slot" ] || own "$slot" "$pending/new/$slot"
    done
    check_syntax > "$work/refused"
    if [ -s "$work/refused" ]; then
      cat "$work/refused" >&2
      forget
      exit ${PUSH_EXIT.configRefused}
    fi
    printf '%s\n' "$fence" > "$pending/fence"
    find "$pending" -type f -exec sync {} +
    write_durably "$pending/state" staged
    emit_live
    # Equal files do not make equal states: somebody may have typed into vtysh.
    if live_is new; then
      ask_drift
      answers ifquery residual
    fi
    ;;

  apply)
    [ "$seconds" -ge 1 ] || die ${PUSH_EXIT.badRequest} "the time to confirm is at least 1 s"
    take_lock 20
    accept_fence
    is_pending && [ "$(pending_fence)" = "$fence" ] && [ "$(content "$pending/state" none)" = staged ] ||
      die ${PUSH_EXIT.noSuchPush} "nothing is staged with fence $fence"
    live_is old || { forget; die ${PUSH_EXIT.applyFailedAndUndone} "the files changed since they were staged; nothing was done"; }
    daemons_answer > "$work/words" || { cat "$work/words" >&2; forget; exit ${PUSH_EXIT.applyFailedAndUndone}; }
    write_durably "$pending/state" applied
    setsid sh "$0" watch "$fence" "$seconds" < /dev/null > /dev/null 2>&1 9>&- &
    tries=0
    until [ -e "$pending/watched" ]; do
      tries=$((tries + 1))
      [ $tries -le 100 ] || { forget; die ${PUSH_EXIT.applyFailedAndUndone} "the dead-man timer did not start; nothing was done"; }
      sleep 0.02
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
    left=$seconds since=start attempts=${TIMER_ATTEMPTS}
    # The time to confirm begins when the change is live; until then the same time guards against an apply that died.
    went_live() { [ $since = start ] && [ -e "$pending/live" ] && since=live left=$seconds; }
    watched() { is_applied && [ "$(pending_fence)" = "$fence" ]; }
    while [ $attempts -gt 0 ]; do
      while [ "$left" -gt 0 ]; do
        sleep 1
        left=$((left - 1))
        watched || exit 0
        went_live
      done
      exec 9> "$state/lock"
      if flock -w 60 9; then
        await_worker
        watched || exit 0
        if ! went_live; then
          restore && exit 0
          attempts=$((attempts - 1)) left=5
        fi
      fi
      exec 9>&-
    done
    exit ${PUSH_EXIT.undoUnproven}
    ;;

  verify)
    ask_drift
    ask_protocol
    emit_pending
    emit_live
    answers ifquery residual bgp vnis targets
    ;;

  protocol)
    ask_protocol
    answers bgp vnis targets
    ;;

  confirm)
    take_lock 20
    accept_fence
    if is_applied && [ "$(pending_fence)" = "$fence" ]; then
      write_durably "$state/confirmed" "$fence"
      forget
    elif [ "$(content "$state/confirmed" 0)" != "$fence" ]; then
      die ${PUSH_EXIT.noSuchPush} "no change with fence $fence is live: the dead-man timer or another push has undone it"
    fi
    emit_live
    ;;

  recover | revert)
    take_lock 150
    accept_fence
    [ "$verb" = recover ] || [ "$fence" -eq 0 ] || [ "$(content "$state/confirmed" 0)" != "$fence" ] ||
      die ${PUSH_EXIT.undoUnproven} "the push with fence $fence is confirmed: it is undone by a new push"
    undo
    emit_live
    ;;

  *) die ${PUSH_EXIT.badRequest} "no such verb: $verb" ;;
esac
exit ${PUSH_EXIT.done}
`;

export const PUSH_PROGRAM_SHA256 = createHash('sha256').update(PUSH_PROGRAM).digest('hex');

/** Under its digest: two versions of Trame on one host each find their own, and a running one is never overwritten. */
export const PUSH_PROGRAM_PATH = `/var/lib/trame/push-${PUSH_PROGRAM_SHA256.slice(0, 16)}.sh`;

/**
 * Stores the program, whose text is on standard input. The digest is checked before the rename: a connection lost half-way
 * leaves no half program under the final name. `$$` keeps two first pushes at the same time out of each other's file.
 */
export const INSTALL_COMMAND =
  `umask 077; mkdir -p /var/lib/trame && part=${PUSH_PROGRAM_PATH}.$$ && cat > "$part" && ` +
  `{ echo "${PUSH_PROGRAM_SHA256}  $part" | sha256sum -c --status && mv -f "$part" ${PUSH_PROGRAM_PATH} || { rm -f "$part"; false; }; }`;
