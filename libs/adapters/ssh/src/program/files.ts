/**
 * The files that are ours, by slot: no path ever travels to a host. What a change needs of room on the disk is taken before anything is live, and
 * the old files stay beside the new ones as second names of themselves: the way back needs no room.
 */
export const FILES = String.raw`
networks=/etc/trame/libvirt/networks

# In the order in which they are put in force. One slot per libvirt network comes last.
slots() {
  echo ovs ovsinterfaces interfaces daemons frr networkmap qemuhook
  for file in "$networks"/*.xml "$pending"/new/network:* "$pending"/old/network:*; do
    [ -f "$file" ] || continue
    file=${'$'}{file##*/}
    slot=network:${'$'}{file#network:}
    [ -z "$(path_of "$slot")" ] || echo "$slot"
  done | sort -u
}

path_of() {
  case $1 in
    ovs) echo $state/openvswitch.json ;;
    ovsinterfaces) echo /etc/network/interfaces.d/trame-ovs ;;
    interfaces) echo /etc/network/interfaces.d/trame ;;
    daemons) echo /etc/frr/daemons ;;
    frr) echo /etc/frr/frr.conf ;;
    networkmap) echo $state/libvirt-networks ;;
    qemuhook) echo /etc/libvirt/hooks/qemu.d/trame ;;
    network:.* | network:*[!A-Za-z0-9_.%-]*) ;;
    network:?*.xml) echo "$networks/${'$'}{1#network:}" ;;
  esac
}

receive() { # the request on standard input, see stage-request.ts
  while read -r word name size more; do
    case $word in
      identity)
        printf '%s %s\n' "$name" "$size" > "$pending/identity"
        [ "$more" != forced ] || : > "$pending/forced"
        ;;
      file)
        [ -n "$(path_of "$name")" ] || return 1
        : > "$pending/named-$name"
        case $size in
          absent) ;;
          *) receive_octets "$pending/new/$name" "$size" || return 1 ;;
        esac
        ;;
      transaction) receive_octets "$pending/transaction" "$size" || return 1 ;;
      end) return 0 ;;
      *) return 1 ;;
    esac
  done
  return 1
}

receive_octets() { # path, how many
  case $2 in '' | *[!0-9]*) return 1 ;; esac
  head -c "$2" > "$1" && [ "$(wc -c < "$1")" -eq "$2" ]
}

own() { # slot, file: mode and owner as the packages have them
  case $1 in
    daemons | frr) chmod 640 "$2" && chown frr:frr "$2" ;;
    qemuhook) chmod 755 "$2" && chown root:root "$2" ;;
    *) chmod 644 "$2" && chown root:root "$2" ;;
  esac
}

live_is() { # old|new
  for slot in $(slots); do same "$pending/$1/$slot" "$(path_of "$slot")" || return 1; done
}

differs() { # slot: would be another file
  ! same "$pending/old/$1" "$pending/new/$1"
}

# The hidden name matters: interfaces(5) sources interfaces.d/*, so a visible file beside ours would be put in force as well; and libvirt runs every
# program of qemu.d, hidden or not.
beside() { # path, new|old
  folder=${'$'}{1%/*}
  [ "$1" != /etc/libvirt/hooks/qemu.d/trame ] || folder=/etc/libvirt/hooks
  printf '%s/.%s.trame-%s' "$folder" "${'$'}{1##*/}" "$2"
}

prepare() { # everything that needs room
  : > "$pending/prepared" || return 1
  for slot in $(slots); do
    differs "$slot" || continue
    target=$(path_of "$slot")
    (umask 022 && mkdir -p "${'$'}{target%/*}") || return 1
    [ ! -f "$target" ] || ln -f "$target" "$(beside "$target" old)" || return 1
    [ -f "$pending/new/$slot" ] || continue
    cp -p "$pending/new/$slot" "$(beside "$target" new)" && sync "$(beside "$target" new)" || return 1
  done
}

clear_away() {
  [ -f "$pending/prepared" ] || return 0
  for slot in $(slots); do
    target=$(path_of "$slot")
    rm -f "$(beside "$target" new)" "$(beside "$target" old)"
  done
}

place() { # old|new, slot
  target=$(path_of "$2")
  ! same "$pending/$1/$2" "$target" || return 0
  ready=$(beside "$target" "$1")
  if [ ! -f "$pending/$1/$2" ]; then
    rm -f "$target"
  elif same "$pending/$1/$2" "$ready"; then
    mv -f "$ready" "$target"
  else
    cp -p "$pending/$1/$2" "$ready" && sync "$ready" && mv -f "$ready" "$target"
  fi
}

place_all() { # old|new; says what cannot be written. All are tried.
  placed=0
  for slot in $(slots); do
    place "$1" "$slot" || { placed=1; echo "cannot write $(path_of "$slot"): $(no_room)"; }
  done
  return $placed
}

emit_live() { # bytes of every owned file
  for slot in $(slots); do emit_file "$slot" "$(path_of "$slot")"; done
}
`;
