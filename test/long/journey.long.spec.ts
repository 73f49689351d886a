import { missingForRealHosts } from '../../apps/lab/src/hosts/index.js';
import { missingForPowerDns } from '../../apps/lab/src/powerdns/index.js';
import { describeWith } from '../support/describe-with.js';
import { journeySuite } from '../support/journey.suite.js';

const missing = [...missingForRealHosts(), ...missingForPowerDns()];

describeWith({ missing }, 'the journey on real hosts, with what takes minutes', () => journeySuite([], { isLong: true }));
