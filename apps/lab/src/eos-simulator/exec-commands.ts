/** The commands outside configuration, written as EOS documents them: what an abbreviation can mean. */
import { Syntax } from './config/syntax.js';

export const execCommands: readonly Syntax[] = [
  'enable',
  'disable',
  'exit',
  'reload',
  'write memory?',
  'copy running-config startup-config',
  'configure terminal?',
  'configure session <word> commit|abort?',
  'show version',
  'show hostname',
  'show uptime',
  'show logging',
  'show running-config digest?',
  'show startup-config',
  'show configuration sessions detail?',
  'show session-config named <word> diffs?',
  'show vlan',
  'show interfaces status',
  'show vxlan vni|vtep',
  'show bgp evpn summary',
].map((source) => new Syntax(source));
