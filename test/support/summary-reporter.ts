// Counts what a run did, over all projects, for the last line of `npm test`. `tools/run.mjs` prints the line when everything
// else has been printed, so that nothing follows it.
import type { Reporter, SerializedError, TestCase, TestModule, TestSuite } from 'vitest/node';

export interface TestSummary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Why tests were skipped that the continuous integration must not skip; empty elsewhere. */
  readonly refusedSkips: readonly string[];
}

/** Reasons of `describeWith` that `.ci/run` has removed: a skip for one of them means that the set-up is broken. */
const INSTALLED_BY_CI = /\[needs (?:[^\]]*, )?(?:root[,\]]|(?:the )?Debian package )/;

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const summary = summarize(modules, unhandledErrors.length, process.env.CI === 'true');
    if (summary.refusedSkips.length > 0) process.exitCode = 1;
    process.send?.(summary);
  }
}

/** A set-up that failed is no test case, yet the tests behind it never ran: it counts as one failure. */
function summarize(modules: readonly TestModule[], unhandledErrors: number, isCi: boolean): TestSummary {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const suites = modules.flatMap((module): (TestModule | TestSuite)[] => [module, ...module.children.allSuites()]);
  const inState = (state: string): TestCase[] => tests.filter((test) => test.result().state === state);
  const brokenSetups = suites.filter((suite) => suite.errors().length > 0).length;
  const skipped = [...inState('skipped'), ...inState('pending')];
  if (isCi) for (const test of skipped) console.log(`skipped: ${test.fullName}${noteOf(test)}`);
  const refusedSkips = isCi ? skipped.map((test) => test.fullName).filter((name) => INSTALLED_BY_CI.test(name)) : [];
  return {
    passed: inState('passed').length,
    failed: inState('failed').length + brokenSetups + unhandledErrors,
    skipped: skipped.length,
    refusedSkips,
  };
}

function noteOf(test: TestCase): string {
  const result = test.result();
  return result.state === 'skipped' && result.note ? ` (${result.note})` : '';
}
