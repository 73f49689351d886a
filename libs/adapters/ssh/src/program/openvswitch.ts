/**
 * Open vSwitch: one transaction, computed by us against the dump of this host. It is tried on a copy of the database first. The way back is the
 * database of before in one transaction; guests that came or went meanwhile keep their ports, or their absence.
 */
import { OVS_DUMP } from '#engines/reconcile';

export const OVS_DUMP_COMMAND = `ovs-vsctl --timeout=15 ${OVS_DUMP.join(' ')}`;

export const OPENVSWITCH = String.raw`
vsctl() { # file with one argument a line, then options
  arguments=$1
  shift
  while IFS= read -r line; do set -- "$@" "$line"; done < "$arguments"
  run ovs-vsctl "$@"
}

check_transaction() { # complaints on standard output
  [ -s "$pending/transaction" ] || return 0
  gate_transaction "$pending/transaction" | keep "$work/switch-said" || { no_judgement; return 0; }
  if [ -s "$work/switch-said" ]; then
    sed 's/^/not allowed here: /' "$work/switch-said"
    return 0
  fi
  {
    run timeout 20 ovsdb-client backup > "$work/switch.db" &&
      run ovsdb-server "$work/switch.db" --remote="punix:$work/switch.sock" --pidfile="$work/switch.pid" --unixctl="$work/switch.ctl" \
        --detach --no-chdir -vconsole:off -vsyslog:off &&
      vsctl "$pending/transaction" "--db=unix:$work/switch.sock" --no-wait --timeout=10
  } 2> "$work/switch-said" > /dev/null || { cat "$work/switch-said"; echo 'the transaction is refused'; }
  [ ! -f "$work/switch.pid" ] || kill "$(cat "$work/switch.pid")"
}

keep_switch() {
  [ -s "$pending/transaction" ] || return 0
  run timeout 20 ovsdb-client backup > "$pending/switch.db" && sync "$pending/switch.db"
}

change_switch() { # old|new
  if [ "$1" = old ]; then
    restore_switch > "$work/switch" 2>&1 || { cat "$work/switch"; return 1; }
  elif [ -s "$pending/transaction" ]; then
    vsctl "$pending/transaction" --timeout=30 > "$work/switch" 2>&1 || { echo 'ovs-vsctl:'; cat "$work/switch"; return 1; }
  fi
}

guest_ports() { # "BRIDGE PORT" of what hypervisors plugged in
  for bridge in $(run ovs-vsctl --timeout=10 list-br); do
    run ovs-vsctl --timeout=10 list-ports "$bridge" | grep -E '^(tap|fwln|fwpr|veth|vnet)[0-9]' | sed "s/^/$bridge /"
  done | sort
}

restore_switch() {
  [ -f "$pending/switch.db" ] || return 0
  guest_ports > "$work/guests"
  while read -r bridge port; do
    printf '%s\n' -- --may-exist add-port "$bridge" "$port" -- set Port "$port"
    for column in tag vlan_mode trunks other_config external_ids; do
      printf '%s=%s\n' $column "$(run ovs-vsctl --timeout=10 get Port "$port" $column)"
    done
    printf '%s\n' -- set Interface "$port" "external_ids=$(run ovs-vsctl --timeout=10 get Interface "$port" external_ids)"
  done < "$work/guests" > "$work/guest-arguments"
  run timeout 30 ovsdb-client restore < "$pending/switch.db" || return 1
  guest_ports | grep -vxF -f "$work/guests" | while read -r bridge port; do
    printf '%s\n' -- --if-exists del-port "$bridge" "$port"
  done >> "$work/guest-arguments"
  [ ! -s "$work/guest-arguments" ] || vsctl "$work/guest-arguments" --timeout=30
}

replace_switch_database() { # ovsdb-server does not run yet
  [ -f "$pending/switch.db" ] || return 0
  for database in /etc/openvswitch/conf.db /var/lib/openvswitch/conf.db; do
    [ -f "$database" ] || continue
    cp "$pending/switch.db" "$database.trame" && chown --reference="$database" "$database.trame" && chmod --reference="$database" "$database.trame" &&
      sync "$database.trame" && mv -f "$database.trame" "$database"
    return
  done
}
`;
