/**
 * The investigator of one run: looks into each finding when it first shows, and once more at the end,
 * when more pairs are known; keeps one record for each action and metric.
 */

import { findingWords } from '../../analysis/judging/summary.ts'
import { affectedWords } from '../../analysis/segments/words.ts'
import type { Investigation } from '../../core/contract/investigation.ts'
import type { Finding } from '../../core/contract/report.ts'
import { WHOLE_SERVICE } from '../../core/verdict.ts'
import type { Inquiries } from './inquiry.ts'

export type InvestigationRecord = Omit<Investigation, 'id'>

export interface InvestigatorOptions {
  readonly run: string
  readonly inquiries: Pick<Inquiries, 'inquire'>
  /** ISO 8601. */
  readonly now: () => string
  /**
   * Keeps the record and says its id.
   * @param id of the record that it replaces
   */
  keep(record: InvestigationRecord, id: string | undefined): string
}

export interface Investigator {
  /** A finding showed: begins to look into it, if it names an action that is not known yet. */
  look(finding: Finding): void
  /** The run is over and these are its findings; resolves when all is kept. Never rejects. */
  finish(findings: readonly Finding[]): Promise<void>
}

/** Findings of one run that are looked into; those that come first lead the report. */
const MOST_FINDINGS = 20

export function createInvestigator(options: InvestigatorOptions): Investigator {
  const ids = new Map<string, string>()
  const seen = new Set<string>()
  let work = Promise.resolve()

  const investigate = async (finding: Finding): Promise<void> => {
    const record = await recordOf(finding, options)
    const key = keyOf(finding)
    try {
      ids.set(key, options.keep(record, ids.get(key)))
    } catch {
      // A database that cannot be written fails the run with its report, where it can be said.
    }
  }
  const add = (finding: Finding): void => {
    seen.add(keyOf(finding))
    work = work.then(() => investigate(finding))
  }

  return {
    look(finding) {
      // "Not localised" often is only not localised yet.
      if (finding.action === WHOLE_SERVICE || seen.has(keyOf(finding))) return
      if (seen.size < MOST_FINDINGS) add(finding)
    },
    async finish(findings) {
      for (const finding of findings) {
        if (seen.has(keyOf(finding)) || seen.size < MOST_FINDINGS) add(finding)
      }
      await work
    },
  }
}

function keyOf({ action, metric }: Finding): string {
  return JSON.stringify([action, metric])
}

async function recordOf(
  finding: Finding,
  options: InvestigatorOptions,
): Promise<InvestigationRecord> {
  const { run, inquiries, now } = options
  const at = now()
  const record = { run, at, finding, onset: finding.onset, ...(await inquiries.inquire(finding)) }
  return { ...record, title: titleOf(record.finding) }
}

/** The finding in words, as the summary of a run has them, and whom it affects. */
function titleOf(finding: Finding): string {
  const words = `${findingWords(finding)}${affectedWords(finding.segment)}`
  if (finding.rule === 'critical') return `critical: ${words}`
  return finding.action === WHOLE_SERVICE ? `not localised: ${words}` : words
}
