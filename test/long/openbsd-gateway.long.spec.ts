/** The transport for OpenBSD gateways, in short; all of it, in two shells and with faults: test/uml/openbsd-gateway.uml.spec.ts. */
import { readFile } from 'node:fs/promises';
import { missingForRealHosts } from '../../apps/lab/src/hosts/index.js';
import { describeOpenBsdContract } from '../contract/openbsd-gateway.contract.js';
import { realGateway, realGatewayIsNamed } from '../contract/openbsd-real-gateway.js';
import { standIn } from '../contract/openbsd-stand-in.js';
import { describeWith } from '../support/describe-with.js';

describeWith({ missing: missingForRealHosts() }, 'an OpenBSD gateway made of stand-ins', () => {
  describeOpenBsdContract('stand-ins', () => standIn(), 'BRIEF');
});

if (realGatewayIsNamed())
  describeOpenBsdContract('a real gateway', async () => realGateway(await readFile(process.env['TRAME_OPENBSD_KEY'] ?? '', 'utf8')), 'ALL');
