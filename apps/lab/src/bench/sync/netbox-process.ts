// A process of its own, started by fork: the simulated NetBox, so that its hundred thousand objects are not in the memory that is measured.
import { startNetBoxSimulator } from '../../netbox-simulator/index.js';
import type { NetBoxAnswer, NetBoxQuestion } from './netbox-message.js';

const netbox = await startNetBoxSimulator();
const isRead = (request: string): boolean => request.startsWith('GET ');
const answer = (message: NetBoxAnswer): void => void process.send?.(message);

process.on('message', ({ address }: NetBoxQuestion) => {
  const reads = netbox.requests.filter(isRead).length;
  const objects = ['tenancy/tenants', 'ipam/prefixes', 'ipam/ip-addresses'].reduce((sum, path) => sum + netbox.state.count(path), 0);
  const hasAddress =
    address !== undefined &&
    netbox.state
      .objects('ipam/ip-addresses')
      .some(({ values: { address: has } }) => typeof has === 'string' && has.startsWith(`${address}/`));
  answer({ reads, writes: netbox.requests.length - reads, objects, hasAddress, rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20) });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ url: netbox.url, token: netbox.token });
