/** The end of probe and analyze: the report on stdout, as text or as the one JSON document. */

import type { Report } from '../core/contract/report.ts'
import { renderReport, renderSentence } from '../report/text.ts'
import type { Fact } from '../report/trust.ts'
import type { Terminal } from './terminal.ts'

/** @param facts what only the command knows, such as the flags that would go on */
export function printReport(
  report: Report,
  terminal: Terminal,
  json: boolean,
  facts: readonly Fact[] = [],
): void {
  if (!json) {
    terminal.out(renderReport(report, terminal.outStyle, facts))
    return
  }
  terminal.out(`${JSON.stringify(report)}\n`)
  terminal.err(`${renderSentence(report, terminal.errStyle).join('\n')}\n`)
}
