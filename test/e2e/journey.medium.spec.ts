import { journeySuite } from '../support/journey.suite.js';

describe('the journey on simulated hosts', () => journeySuite(['real hosts: this is the test of the others']));
