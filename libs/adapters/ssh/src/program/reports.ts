/** What the host says of itself: several questions at once, and the bytes of what is live. Beside it the checks before a change. */
import { OVS_DUMP_COMMAND } from './openvswitch.js';

/** Each is a process and a file in memory. */
const MOST_PROBES = 4096;

export const REPORTS = String.raw`
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

# Does somebody undo at boot what nobody confirmed? Whoever installs a host says so by these files.
boot_hook() { [ -f /etc/systemd/system/trame-undo.service ] || [ -x /etc/init.d/trame-undo ]; }

ask_drift() {
  ask ifquery ifquery -a --check -o json
  quiet_vtysh
  ask residual /usr/lib/frr/frr-reload.py --bindir "$judge" --test --stdout --log-level error /etc/frr/frr.conf
  (report_networks > "$work/libvirt" 2> /dev/null; echo $? > "$work/libvirt.status") 9>&- &
  [ ! -f $state/openvswitch.json ] || ask switch ${OVS_DUMP_COMMAND}
}

ask_protocol() {
  ask bgp vtysh -c 'show bgp summary json'
  ask vnis vtysh -c 'show evpn vni detail json'
  ask targets vtysh -c 'show bgp l2vpn evpn vni json'
  ask vrfs vtysh -c 'show bgp vrf all summary json'
}

# Probes stand on standard input, one a line: "rds RD…" (all routes of these), "macs", "ping ADDRESS OCTETS SOURCE", "address INTERFACE".
ask_probes() {
  probes='' asked=0
  while read -r word rest; do
    asked=$((asked + 1))
    [ $asked -le ${MOST_PROBES} ] || die 64 "more than ${MOST_PROBES} probes at once"
    name=probe$(printf '%s' "$probes" | wc -w | tr '0123456789' 'abcdefghij')
    case $word$rest in *[!A-Za-z0-9_.:\ -]*) die 64 "no such probe: $word" ;; esac
    set -- $rest
    case $word:$# in
      rds:0) die 64 "no such probe: $word" ;;
      rds:*)
        for rd in "$@"; do
          set -- "$@" -c "show bgp l2vpn evpn route rd $rd json"
          shift
        done
        ask "$name" vtysh "$@" ;;
      macs:0) ask "$name" vtysh -c 'show evpn mac vni all json' ;;
      ping:3) number "$2"; ask "$name" ping -n -c 3 -i 0.2 -W 1 -M do -s "$2" -I "$3" "$1" ;;
      address:1) ask "$name" ip -j address show dev "$1" ;;
      *) die 64 "no such probe: $word" ;;
    esac
    probes="$probes $name"
  done
}

check_interfaces() { # slot; complaints on standard output
  [ -f "$pending/new/$1" ] && { [ "$1" = interfaces ] || { differs "$1" && grep -q '^iface' "$pending/new/$1"; }; } || return 0
  judged "ifup-$1" timeout 30 ifup -a -s -i "$pending/new/$1" || return 0
  # Status 1 stands for any warning. These are wrong although they come with it, or are not about our text (ifupdown2 3.0.0): the last when
  # its listener reads the socket that its main thread has closed.
  case $checked in
    0) ;;
    1) words_of "ifup-$1" | grep -v -e 'bridge inherits mtu from its ports' -e 'bridge-utils' -e 'bridge-ports.*none' -e 'recv() error: ' -e 'ovs_type' -e 'OVSBridge' ;;
    *) echo "ifup -s ended with $checked"; words_of "ifup-$1" ;;
  esac
}

check_frr() {
  [ -f "$pending/new/frr" ] || return 0
  judged vtysh timeout 30 vtysh -C -f "$pending/new/frr" || return 0
  [ $checked -eq 0 ] || { echo "vtysh -C ended with $checked"; words_of vtysh; }
}

check_networks() {
  for slot in $(slots); do
    case $slot in network:*) ;; *) continue ;; esac
    [ -f "$pending/new/$slot" ] && differs "$slot" || continue
    [ -x /usr/bin/virt-xml-validate ] || continue
    judged xml timeout 30 virt-xml-validate "$pending/new/$slot" network || continue
    [ "$checked" -eq 0 ] || { echo "is not valid ($checked)"; words_of xml; } | sed "s/^/$slot: /"
  done
}

check_syntax() { # all at once; complaints on standard output, none: accepted
  check_frr | keep "$work/frr-refused" & frr_check=$!
  check_interfaces interfaces | keep "$work/interfaces-refused" || no_judgement
  check_interfaces ovsinterfaces | keep "$work/ovsinterfaces-refused" || no_judgement
  wait $frr_check || no_judgement
  for slot in interfaces ovsinterfaces frr; do sed "s/^/$slot: /" "$work/$slot-refused"; done
  check_networks
  for slot in $(slots); do gate_slot "$slot"; done
  check_transaction | sed 's/^/Open vSwitch: /'
  check_management
}
`;
