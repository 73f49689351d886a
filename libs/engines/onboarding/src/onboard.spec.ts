import { onboard } from './onboard.js';
import { handBuiltFabric, handBuiltFabricInFull } from './testing/index.js';

describe('try', () => {
  it.each([
    ['excerpt', handBuiltFabric],
    ['full', handBuiltFabricInFull],
  ])('%s', (_, files) => {
    const { snapshot, lint, report } = onboard(files());
    console.log(JSON.stringify(snapshot.devices.map((d) => [d.slug, d.adopted?.deviations.map((x) => [x.code, x.subject, JSON.stringify(x.edits)].join(' ')), d.adopted?.kept]), null, 1), JSON.stringify(snapshot.networks), JSON.stringify(snapshot.links), JSON.stringify(snapshot.sessions), JSON.stringify(snapshot.attachments));
    console.log(lint.map((one) => `${one.severity} ${one.code} [${one.devices}] ${one.subject}: ${one.sentence} -> ${one.fix}`).join('\n'));
    console.log(JSON.stringify(report, null, 1));
  });
});
