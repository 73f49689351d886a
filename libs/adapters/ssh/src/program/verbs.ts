/** What the push program is asked for. A verb and at most two numbers; by sudo they stand on standard input, because its rule has no arguments. */
import { PUSH_EXIT } from './exit.js';
import { OVS_DUMP_COMMAND } from './openvswitch.js';

/** Attempts of the dead-man timer to restore, one every 5 s: FRR may be restarting at that moment. */
const TIMER_ATTEMPTS = 24;

export const VERBS = String.raw`
if [ $# -eq 0 ]; then
  # sudo has opened the program by its digest and knows under which name; what it starts later goes by that name.
  read -r verb fence seconds rest || exit ${PUSH_EXIT.badRequest}
  set -- "$verb" "${'$'}{fence:-0}" "${'$'}{seconds:-0}"
fi
case $0 in /dev/fd/* | /proc/*) program=${'$'}{SUDO_COMMAND%% *} ;; *) program=$0 ;; esac

set -- "$@" 0 0
verb=$1 fence=$2 seconds=$3
number "$fence"
number "$seconds"
(umask 022 && mkdir -p "$state") || die ${PUSH_EXIT.storageFailed} "cannot make $state: $(no_room)"
work=$(mktemp -d /run/trame.XXXXXX) || die ${PUSH_EXIT.storageFailed} "cannot make a folder below /run: $(no_room)"
trap 'rm -rf "$work"' EXIT

case $verb in
  inspect)
    ask hostname hostname
    ask packages dpkg-query -W frr ifupdown2
    ask bgp vtysh -c 'show bgp summary json'
    emit_pending
    emit_live
    emit_file undone "$state/undone"
    if boot_hook; then echo yes > "$work/boot"; else echo no > "$work/boot"; fi
    emit boot 0 "$work/boot"
    answers hostname packages bgp
    ;;

  observe)
    ask bgp vtysh -c 'show bgp summary json'
    ask vnis vtysh -c 'show evpn vni detail json'
    ask vrfs vtysh -c 'show bgp vrf all summary json'
    answers bgp vnis vrfs
    ;;

  switch)
    emit_file ovs $state/openvswitch.json
    ask switch ${OVS_DUMP_COMMAND}
    answers switch
    ;;

  collect)
    ask packages dpkg-query -W frr ifupdown2
    ask ifquery ifquery -a --check -o json
    ask running vtysh -c 'show running-config'
    {
      echo "clock $(date +%s)"
      echo "up $(cut -d. -f1 /proc/uptime)"
      for slot in $(slots); do stat -c "$slot %Y %U" "$(path_of "$slot")"; done
    } > "$work/traces" 2> /dev/null
    emit_pending
    emit_live
    emit traces 0 "$work/traces"
    answers packages ifquery running
    ;;

  stage)
    take_lock 20
    accept_fence
    ! is_applied || die ${PUSH_EXIT.inProgress} "push with fence $(pending_fence) is live and not confirmed: recover it first"
    forget
    # The same execution may push again: from here on its fence no longer stands for something confirmed.
    [ "$(content "$state/confirmed" 0)" != "$fence" ] || write_durably "$state/confirmed" "0 $(second_of "$state/confirmed" 0)"
    mkdir -p "$pending/new" "$pending/old" || die ${PUSH_EXIT.storageFailed} "cannot make $pending: $(no_room)"
    receive 2> "$work/received" || {
      forget
      ! grep -q 'No space left' "$work/received" || die ${PUSH_EXIT.storageFailed} "the request does not fit: $(no_room)"
      die ${PUSH_EXIT.badRequest} "the request ended early or is malformed"
    }
    accept_revision
    for slot in $(slots); do
      target=$(path_of "$slot")
      [ ! -f "$target" ] || cp -p "$target" "$pending/old/$slot" || { forget; die ${PUSH_EXIT.storageFailed} "cannot copy $target: $(no_room)"; }
      [ -f "$pending/named-$slot" ] || [ ! -f "$target" ] || cp -p "$target" "$pending/new/$slot" ||
        { forget; die ${PUSH_EXIT.storageFailed} "cannot copy $target: $(no_room)"; }
      [ ! -f "$pending/new/$slot" ] || own "$slot" "$pending/new/$slot"
    done
    refuse_complaints check_syntax
    printf '%s\n' "$fence" > "$pending/fence" && printf '%s\n' "$program" > "$pending/program" && find "$pending" -type f -exec sync {} + ||
      { forget; die ${PUSH_EXIT.storageFailed} "cannot write $pending: $(no_room)"; }
    write_durably "$pending/state" staged
    emit_live
    # Equal files do not make equal states: somebody may have typed into vtysh.
    if live_is new; then
      ask_drift
      answers ifquery residual libvirt
    fi
    ;;

  apply)
    may_apply
    daemons_answer old > "$work/words" || { cat "$work/words" >&2; forget; exit ${PUSH_EXIT.applyFailedAndUndone}; }
    { prepare && keep_switch && keep_networks; } 2> "$work/words" || {
      cat "$work/words" >&2
      forget
      die ${PUSH_EXIT.storageFailed} "what is there cannot be kept, so nothing was done: $(no_room)"
    }
    write_durably "$pending/state" applied
    setsid sh "$program" watch "$fence" "$seconds" < /dev/null > /dev/null 2>&1 9>&- &
    tries=0
    until [ -e "$pending/watched" ]; do
      tries=$((tries + 1))
      [ $tries -le 100 ] || { forget; die ${PUSH_EXIT.applyFailedAndUndone} "the dead-man timer did not start; nothing was done"; }
      sleep 0.02
    done
    go_live
    ;;

  watch)
    : > "$pending/watched"
    since=start attempts=${TIMER_ATTEMPTS}
    due=$(($(uptime_s) + seconds))
    # The time to confirm begins when the change is live; until then the same time guards against an apply that died.
    went_live() { [ $since = start ] && [ -e "$pending/live" ] && since=live due=$(($(uptime_s) + seconds)); }
    watched() { is_applied && [ "$(pending_fence)" = "$fence" ]; }
    while [ $attempts -gt 0 ]; do
      while [ "$(uptime_s)" -lt "$due" ]; do
        sleep 1
        watched || exit 0
        went_live
      done
      exec 9> "$state/lock"
      if flock -w 60 9; then
        await_worker
        watched || exit 0
        if ! went_live; then
          restore && remember_undone "$fence" timer && exit 0
          attempts=$((attempts - 1)) due=$(($(uptime_s) + 5))
        fi
      fi
      exec 9>&-
    done
    exit ${PUSH_EXIT.undoUnproven}
    ;;

  boot)
    take_lock 20
    undo_at_boot || die ${PUSH_EXIT.undoUnproven} "the configuration of before cannot be written: $(no_room)"
    ;;

  verify)
    ask_probes
    ask_drift
    ask_protocol
    emit_pending
    emit_live
    answers ifquery residual libvirt bgp vnis targets vrfs $probes
    [ ! -f "$work/switch.status" ] || answers switch
    ;;

  protocol)
    ask_probes
    ask_protocol
    answers bgp vnis targets vrfs $probes
    ;;

  confirm)
    confirm || : # it was confirmed before
    emit_live
    ;;

  recover | revert)
    take_back
    emit_live
    ;;

  *) die ${PUSH_EXIT.badRequest} "no such verb: $verb" ;;
esac
exit ${PUSH_EXIT.done}
`;
