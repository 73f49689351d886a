/** Putting files in force and taking them back: everything that needs room comes before anything is touched. */
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

words_at() { # name: where what is said finds room, or nowhere
  if { true > "$work/$1"; } 2> /dev/null; then printf '%s' "$work/$1"; else printf /dev/null; fi
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

# What an interface does, and not what was printed while it was made: that needs no room, and can be asked after a boot, too. Whether all of it is as the
# file says is proven over the next connection; this is what tells an interface that works from one that netstart has left half done.
does_its_file() { # name; complaints on standard output
  seen=$(ifconfig "$1" 2> /dev/null) || { printf '%s did not come into being\n' "$1"; return 1; }
  set -f
  # shellcheck disable=SC2086
  seen=" $(echo $seen) "
  set +f
  lacks=0
  while read -r word value rest; do
    case $word in
      up) case $seen in *[\<,]UP[,\>]*) continue ;; esac ;;
      vnetid) case $seen in *" vnetid $value "* | *" vnetid: $value "*) continue ;; esac ;;
      tunnel) case $seen in *" tunnel: inet"*) continue ;; esac ;;
      add) case $seen in *" $value flags="*) continue ;; esac ;;
      *) continue ;;
    esac
    lacks=1
    printf '%s does not do what its file says: %s %s\n' "$1" "$word" "$value"
  done < "$(file_of "$1")"
  return $lacks
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
    # netstart goes on after a command that failed, and says nothing of it by its status. What it prints tells why, if there is room for it.
    started_says=$(words_at netstart)
    # shellcheck disable=SC2086
    run_netstart $start > "$started_says" 2>&1 || { forced=1; printf 'netstart failed: '; tail -n 3 "$started_says"; }
    if grep -E '^(ifconfig|netstart|route|sh|ksh)(\[[0-9]+\])?:' "$started_says"; then forced=1; fi
    for name in $start; do does_its_file "$name" || forced=1; done
  fi
  return $forced
}

restore() { # only a proof forgets the push. Without room for words nothing is said of it, and it is done all the same.
  put_in_force old > "$(words_at restore)" 2>&1
  restored=$?
  for name in $(names); do [ -f "$pending/old/hostname.$name" ] || ! exists "$name" || restored=1; done
  [ $restored -eq 0 ] && live_is old && give_back && forget
}

own_names() { # add what is about to be there
  { [ ! -f "$state/owned" ] || cat "$state/owned"; } > "$pending/owned" || return 1
  cat "$state/owned" "$pending/names" 2> /dev/null | sort -u > "$state/owned.new" && mv -f "$state/owned.new" "$state/owned"
}
disown_gone() { # what is confirmed and has no file is nobody's
  for name in $(cat "$state/owned"); do [ ! -f "$(file_of "$name")" ] || printf '%s\n' "$name"; done > "$state/owned.new" && mv -f "$state/owned.new" "$state/owned"
}

`;
