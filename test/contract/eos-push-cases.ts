/** What every push to a switch owes, whoever makes it: written against `PushClient`, and judged by the switch alone. */
import type { ConnectClient } from './naive-clients/push-client.js';
import type { SwitchUnderTest } from './eos-switch.js';

export interface PushCase {
  readonly name: string;
  /** Real switches have neither faults nor time in our hands. */
  readonly needsSimulator: boolean;
  /** @throws with what is wrong. The switch has nothing of the case before and after. */
  run(device: SwitchUnderTest, connect: ConnectClient): Promise<void>;
}

const LINES = ['vlan 3981', 'name contract'];
const BY_HAND = ['vlan 3990', 'name by-hand'];
const isCommit = (commands: readonly string[]): boolean => commands.some((command) => command.startsWith('commit timer'));

export const pushCases: readonly PushCase[] = [
  {
    name: 'puts its lines in force and stores them for the next reload',
    needsSimulator: false,
    async run(device, connect) {
      const client = await connect(device.target);
      await client.stage(LINES);
      if ((await device.runningConfig()).includes('name contract')) throw new Error('it was live before the commit');
      if ((await client.commit()) !== 'DONE') throw new Error('it failed, and nothing was in the way');
      for (const config of [await device.runningConfig(), await device.print('show startup-config')]) {
        if (!config.includes('name contract')) throw new Error('the lines are not in force, or not stored');
      }
    },
  },
  {
    name: 'leaves no session behind when the switch refuses a line',
    needsSimulator: false,
    async run(device, connect) {
      const client = await connect(device.target);
      const refused = await client.stage(['vlan 3981', 'name contract', 'vlan 4095']).then(
        () => false,
        () => true,
      );
      const [detail] = await device.show('show configuration sessions detail');
      const open = Object.entries((detail as { sessions: Record<string, { state: string }> }).sessions).filter(
        ([name, { state }]) => /^(?:naive|trame)-/.test(name) && state === 'pending',
      );
      if (!refused) throw new Error('it did not say that the switch refuses the line');
      if (open.length > 0) throw new Error(`it left ${open.map(([name]) => name).join(', ')}`);
    },
  },
  {
    name: 'loses nothing that somebody else commits after the session was opened',
    needsSimulator: false,
    async run(device, connect) {
      const client = await connect(device.target);
      await client.stage(LINES);
      await device.show('configure', ...BY_HAND);
      await client.commit();
      if (!(await device.runningConfig()).includes('by-hand')) throw new Error('what somebody else committed is lost');
    },
  },
  {
    name: 'makes nothing live that does not undo itself, when the commit is lost on the way',
    needsSimulator: true,
    async run(device, connect) {
      const client = await connect(device.target);
      await client.stage(LINES);
      device.simulator.faults.add({ kind: 'reset-before', when: isCommit });
      await client.commit();
      const events = device.simulator.journal.events.filter(({ session }) => session !== 'human').map(({ event }) => event);
      if (events.includes('committed')) throw new Error('it went live without a timer');
    },
  },
  {
    name: 'says done only over what is in force, when the answer to the commit is lost',
    needsSimulator: true,
    async run(device, connect) {
      const client = await connect(device.target);
      await client.stage(LINES);
      device.simulator.faults.add({ kind: 'reset-after', when: isCommit });
      const outcome = await client.commit();
      const isLive = (await device.runningConfig()).includes('name contract');
      if (isLive !== (outcome === 'DONE')) throw new Error(`it says ${outcome}, and the lines are ${isLive ? '' : 'not '}in force`);
    },
  },
  {
    name: 'says failed when the switch has reloaded before the confirmation',
    needsSimulator: true,
    async run(device, connect) {
      const client = await connect(device.target);
      await client.stage(LINES);
      device.simulator.faults.meanwhile(
        (commands) => commands.some((command) => /^configure session \S+ commit$/.test(command)),
        () => device.simulator.device.reboot(),
      );
      if ((await client.commit()) !== 'FAILED') throw new Error('it says done, and the switch has the old configuration');
    },
  },
];
