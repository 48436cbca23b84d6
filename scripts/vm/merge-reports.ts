// Makes one of several of Vitest's JSON reports, so that one closing line tells of all: merge-reports.ts OUTPUT INPUT...
import { readFileSync, writeFileSync } from 'node:fs';

interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly unknown[];
}

const [output = '', ...inputs] = process.argv.slice(2);
const reports = inputs.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Report);
const sum = (count: (report: Report) => number): number => reports.reduce((total, report) => total + count(report), 0);

const merged: Report = {
  success: reports.every(({ success }) => success),
  numPassedTests: sum(({ numPassedTests }) => numPassedTests),
  numFailedTests: sum(({ numFailedTests }) => numFailedTests),
  numPendingTests: sum(({ numPendingTests }) => numPendingTests),
  numTodoTests: sum(({ numTodoTests }) => numTodoTests),
  testResults: reports.flatMap(({ testResults }) => testResults),
};
writeFileSync(output, JSON.stringify(merged));
