/** libvirt: networks by their UUID, and the qemu hook. Stopping a bridged network touches neither its bridge nor its guests (libvirt 9.0, measured). */
export const LIBVIRT = String.raw`
virsh_says() { run timeout 30 virsh -q -c qemu:///system "$@" < /dev/null; }

uuid_in() { sed -n 's/.*<uuid>\([0-9a-f-]\{36\}\)<\/uuid>.*/\1/p' "$1" | head -n 1; }

network_slots() {
  for slot in $(slots); do case $slot in network:*) echo "$slot" ;; esac; done
}

is_active() { virsh_says net-info "$1" 2> /dev/null | grep -q '^Active: *yes'; }
is_started_at_boot() { virsh_says net-info "$1" 2> /dev/null | grep -q '^Autostart: *yes'; }

definition() { # UUID [--inactive]: without what changes with every guest
  virsh_says net-dumpxml "$@" 2> /dev/null | sed "s/ connections='[0-9]*'//"
}

network_state() { # file: nothing, where libvirt runs what it says
  uuid=$(uuid_in "$1")
  definition "$uuid" --inactive > "$work/definition"
  [ -s "$work/definition" ] || { echo 'is not defined'; return; }
  grep -v -e '^<!--' -e '^$' "$1" > "$work/wanted-definition"
  grep -v '^$' "$work/definition" | cmp -s - "$work/wanted-definition" || { echo 'is defined otherwise'; return; }
  is_active "$uuid" || { echo 'is not started'; return; }
  definition "$uuid" | grep -v '^$' | cmp -s - "$work/wanted-definition" || echo 'runs another definition'
}

report_networks() {
  for slot in $(network_slots); do
    file=$(path_of "$slot")
    [ ! -f "$file" ] || network_state "$file" | sed "s/^/$slot /"
  done
}

keep_networks() { # what libvirt has now of those that will change
  for slot in $(network_slots); do
    mkdir -p "$pending/libvirt"
    if ! differs "$slot" && [ -z "$(network_state "$pending/new/$slot")" ]; then continue; fi
    virsh_says net-list > /dev/null || return 1
    for side in old new; do
      [ -f "$pending/$side/$slot" ] || continue
      uuid=$(uuid_in "$pending/$side/$slot")
      [ -n "$uuid" ] && [ ! -f "$pending/libvirt/$uuid.kept" ] || continue
      if virsh_says net-dumpxml --inactive "$uuid" > "$pending/libvirt/$uuid.xml" 2> /dev/null; then
        ! is_active "$uuid" || : > "$pending/libvirt/$uuid.active"
        ! is_started_at_boot "$uuid" || : > "$pending/libvirt/$uuid.autostart"
      else
        rm -f "$pending/libvirt/$uuid.xml"
      fi
      : > "$pending/libvirt/$uuid.kept"
    done
    echo "$slot" >> "$pending/libvirt/slots"
  done
}

define_network() { # UUID, file
  virsh_says net-define "$2" || return 1
  if ! is_active "$1"; then
    virsh_says net-start "$1"
  elif [ "$(definition "$1")" != "$(definition "$1" --inactive)" ]; then
    virsh_says net-destroy "$1" && virsh_says net-start "$1"
  fi
}

remove_network() { # UUID
  virsh_says net-info "$1" > /dev/null 2>&1 || return 0
  ! is_active "$1" || virsh_says net-destroy "$1" || return 1
  virsh_says net-undefine "$1"
}

new_network() { # slot
  if [ -f "$pending/new/$1" ]; then
    uuid=$(uuid_in "$pending/new/$1")
    before=$(uuid_in "$pending/old/$1" 2> /dev/null)
    [ -z "$before" ] || [ "$before" = "$uuid" ] || remove_network "$before" || return 1
    define_network "$uuid" "$pending/new/$1" && virsh_says net-autostart "$uuid"
  else
    remove_network "$(uuid_in "$pending/old/$1")"
  fi
}

former_network() { # UUID
  kept="$pending/libvirt/$1"
  [ -f "$kept.xml" ] || { remove_network "$1"; return; }
  define_network "$1" "$kept.xml" || return 1
  [ -f "$kept.active" ] || virsh_says net-destroy "$1" || return 1
  if [ -f "$kept.autostart" ]; then virsh_says net-autostart "$1"; else virsh_says net-autostart "$1" --disable; fi
}

change_networks() { # old|new
  {
    change_hook "$1"
    changed=$?
    if [ "$1" = new ]; then
      [ ! -f "$pending/libvirt/slots" ] || while read -r slot; do new_network "$slot" || changed=1; done < "$pending/libvirt/slots"
    else
      # First what goes, and its name with it.
      for kept in "$pending/libvirt"/*.kept; do
        [ -f "$kept" ] && [ ! -f "${'$'}{kept%.kept}.xml" ] || continue
        kept=${'$'}{kept##*/}
        former_network "${'$'}{kept%.kept}" || changed=1
      done
      for kept in "$pending/libvirt"/*.xml; do
        [ -f "$kept" ] || continue
        kept=${'$'}{kept##*/}
        former_network "${'$'}{kept%.xml}" || changed=1
      done
    fi
  } > "$work/libvirt-said" 2>&1
  [ $changed -eq 0 ] || { echo 'libvirt:'; cat "$work/libvirt-said"; }
  return $changed
}

# The map before its reader. libvirt looks for hooks when it starts, and guests do not notice when it starts again.
change_hook() { # old|new
  differs networkmap || differs qemuhook || return 0
  hook=$(path_of qemuhook)
  [ -x "$hook" ] || return 0
  if [ ! -f "$pending/old/qemuhook" ] && [ -d /run/systemd/system ]; then
    run timeout 60 systemctl try-restart libvirtd.service virtqemud.service
  fi
  run timeout 60 "$hook" - refresh < /dev/null
}

replace_network_definitions() { # libvirt does not run yet
  [ -d "$pending/libvirt" ] || return 0
  store=/etc/libvirt/qemu/networks
  for kept in "$pending/libvirt"/*.kept; do
    [ -f "$kept" ] || continue
    kept=${'$'}{kept%.kept}
    present=$(grep -lF "<uuid>${'$'}{kept##*/}</uuid>" "$store"/*.xml 2> /dev/null | head -n 1)
    if [ -n "$present" ]; then rm -f "$store/autostart/${'$'}{present##*/}" "$present"; fi
    [ -f "$kept.xml" ] || continue
    name=$(sed -n 's/^ *<name>\([A-Za-z0-9_.-]*\)<\/name>.*/\1/p' "$kept.xml" | head -n 1)
    [ -n "$name" ] || return 1
    (umask 077 && mkdir -p "$store/autostart") && cp "$kept.xml" "$store/$name.xml" || return 1
    [ ! -f "$kept.autostart" ] || ln -sf "$store/$name.xml" "$store/autostart/$name.xml"
  done
}
`;
