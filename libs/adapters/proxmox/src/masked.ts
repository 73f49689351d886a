/** Words that stand before a secret, wherever FRR, ifupdown2 and WireGuard have one: `message-digest-key 1 md5 X`, `isis password clear X`, `PrivateKey = X`. */
const SECRET = /([\w-]*(?:password|passwd|passphrase|key|md5|secret|community)[\w-]*)([\s:="']).*$/gim;

/** What a cluster says, as it may be kept and shown: whatever follows such a word in its line is left out. */
export const masked = (text: string): string => text.replace(SECRET, '$1$2***');
