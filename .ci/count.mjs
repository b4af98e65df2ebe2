// Prints "N passed, N failed, N skipped" from the test runner's own report, and decides the exit.
import { existsSync, readFileSync } from 'node:fs'

const [file = '', runnerCode = '1'] = process.argv.slice(2)
const counts = { passed: 0, failed: 0, skipped: 0 }
if (existsSync(file)) {
  const report = JSON.parse(readFileSync(file, 'utf8'))
  counts.passed = report.numPassedTests
  counts.failed = report.numFailedTests
  counts.skipped = report.numPendingTests + report.numTodoTests
  // A file that could not even be loaded has no tests to fail, and is a failure all the same.
  counts.failed += report.testResults.filter(
    (suite) =>
      suite.status === 'failed' &&
      suite.assertionResults.every((result) => result.status !== 'failed'),
  ).length
  for (const suite of report.testResults) {
    for (const { status, fullName, failureMessages } of suite.assertionResults) {
      if (status !== 'passed' || failureMessages.length === 0) continue
      const [reason] = failureMessages[0].split('\n')
      process.stdout.write(`passed at the second try: ${suite.name}: ${fullName}: ${reason}\n`)
    }
  }
}
process.stdout.write(
  `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`,
)
const isGood = runnerCode === '0' && counts.failed === 0 && counts.passed > 0
process.exitCode = isGood ? 0 : Number(runnerCode) || 1
