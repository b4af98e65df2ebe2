/** The end of probe and analyze: the report on stdout, as text or as the one JSON document. */

import type { Report } from '../core/contract/report.ts'
import { renderReport, renderSentence } from '../report/text.ts'
import type { Terminal } from './terminal.ts'

export function printReport(report: Report, terminal: Terminal, json: boolean): void {
  if (!json) {
    terminal.out(renderReport(report, terminal.outStyle))
    return
  }
  terminal.out(`${JSON.stringify(report)}\n`)
  terminal.err(`${renderSentence(report, terminal.errStyle).join('\n')}\n`)
}
