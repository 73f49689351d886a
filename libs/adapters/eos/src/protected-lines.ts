/**
 * What no push may touch, wherever it comes from: the way by which we reach the switch, and who may log in. A wrong line
 * there cannot be taken back by anybody but the commit timer.
 */
const PROTECTED: readonly RegExp[] = [
  /^(?:no |default )?(?:management|aaa|username|enable|tacacs-server|radius-server|daemon)\b/,
  /^(?:no |default )?interface Management/,
  /^(?:no |default )?ip access-list .*\bmanagement\b/i,
];

export function protectedLine(commands: readonly string[]): string | undefined {
  return commands.find((command) => PROTECTED.some((pattern) => pattern.test(command)));
}
