/** Putting files in force and taking them back: everything that needs room comes before anything is touched. */
import { PUSH_EXIT } from '../../program/exit.js';

export const FORCE = String.raw`prepare() { # everything that needs room
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

# It goes on when we are killed, and without the lock: whoever takes the lock next has to end it.
run_netstart() { # names
  sh /etc/netstart "$@" < /dev/null &
  echo $! > "$state/worker"
  wait $!
  started=$?
  rm -f "$state/worker"
  return $started
}

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
    run_netstart $start > "$work/netstart" 2>&1 || { forced=1; printf 'netstart failed: '; tail -n 3 "$work/netstart"; }
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

`;
