/** What the program is asked for: a verb and at most two numbers. */
import { PUSH_EXIT } from '../../program/exit.js';

/** Attempts of the dead-man timer to restore, one every 5 s. */
const TIMER_ATTEMPTS = 24;

export const VERBS = String.raw`emit_live() { for name in $(known_names; cat "$work/more" 2> /dev/null); do emit_file "file:$name" "$(file_of "$name")"; done; }
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
# Reports may be larger than what / has left; a folder that a killed program leaves behind is cleared away by daily(8).
# A boot, or the timer, undoes without it all the same.
work=$(mktemp -d /tmp/trame.XXXXXXXXXX 2> /dev/null) || work=$(mktemp -d "$state/work.XXXXXXXXXX") || die ${PUSH_EXIT.storageFailed} "cannot make a folder, neither below /tmp nor below $state"
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
    receive
    case $? in
      0) ;;
      2) forget; die ${PUSH_EXIT.storageFailed} "the request does not fit: is there room on the disk?" ;;
      *) forget; die ${PUSH_EXIT.badRequest} "the request ended early or is malformed" ;;
    esac
    accept_revision
    for name in $(names); do
      target=$(file_of "$name")
      [ ! -f "$target" ] || cp -p "$target" "$pending/old/hostname.$name" || { forget; die ${PUSH_EXIT.storageFailed} "cannot copy $target"; }
      [ ! -f "$pending/new/hostname.$name" ] || chmod 640 "$pending/new/hostname.$name"
    done
    refuse_complaints check_push
    printf '%s\n' "$fence" > "$pending/fence" && printf '%s\n' "$program" > "$pending/program" || { forget; die ${PUSH_EXIT.storageFailed} "cannot write $pending"; }
    write_durably "$pending/state" staged
    emit_live
    ;;

  apply)
    may_apply
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
    go_live
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
    ! confirm || disown_gone
    emit_live
    ;;

  recover | revert)
    more_names
    take_back
    emit_live
    ;;

  *) die ${PUSH_EXIT.badRequest} "no such verb: $verb" ;;
esac
exit ${PUSH_EXIT.done}
`;
