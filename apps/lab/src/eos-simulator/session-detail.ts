/**
 * `show configuration sessions detail`. Its JSON changed in 4.32: before, a running commit timer is a state of its session;
 * since then the session is `committed` at once and the timer stands beside (napalm #2166).
 */
import type { SessionState } from './config-sessions.js';
import type { EosSwitch } from './eos-switch.js';

const isSince432 = (release: string): boolean => {
  const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10));
  return major > 4 || (major === 4 && minor >= 32);
};

export function sessionDetail(device: EosSwitch): Record<string, unknown> {
  const timer = device.sessions.commitTimer;
  const isNew = isSince432(device.release);
  const states: Record<SessionState, string> = {
    pending: 'pending',
    completed: 'completed',
    timed: isNew ? 'committed' : 'pendingCommitTimer',
  };
  const commitBy = timer === null ? null : device.uptime(timer.expiresAt);
  const sessions = device.sessions.list().map(({ name, state, user, description, completedAt }) => [
    name,
    {
      state: states[state],
      commitUser: state === 'pending' ? '' : user,
      description,
      instances: {},
      ...(completedAt === null ? {} : { completedTime: completedAt / 1000 }),
      ...(state === 'timed' && !isNew && commitBy !== null ? { commitBy } : {}),
    },
  ]);
  return {
    maxSavedSessions: 1,
    maxOpenSessions: 5,
    mergeOnCommit: false,
    saveToStartupConfigOnCommit: false,
    sessions: Object.fromEntries(sessions),
    ...(isNew && timer !== null ? { commitTimerSessionName: timer.session, commitTimerExpireTime: commitBy } : {}),
  };
}

export function sessionDetailText(device: EosSwitch): string {
  const timer = device.sessions.commitTimer;
  const left = timer === null ? 0 : Math.max(0, Math.round((timer.expiresAt - device.clock.now()) / 1000));
  const clock = new Date(left * 1000).toISOString().slice(12, 19);
  return [
    'Maximum number of completed sessions: 1',
    'Maximum number of pending sessions: 5',
    'Merge on commit is disabled',
    'Autosave to startup-config on commit is disabled',
    ...(timer === null ? [] : [`Session with pending commit timer: ${timer.session}`, `Time left until commit timer expiry: in ${clock}`]),
    '',
    '  Name                             State         User',
    ...device.sessions
      .list()
      .map(({ name, state, user }) => `  ${name.padEnd(32)} ${(state === 'timed' ? 'committed' : state).padEnd(13)} ${user}`),
    '',
  ].join('\n');
}
