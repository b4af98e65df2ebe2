/**
 * The end of a live run: what the worker remembers, put beside what was found. Call it once, before
 * the worker is gone.
 */

import {
  correlateFindings,
  rowsNeeded,
  type Correlated,
  type CorrelateOptions,
} from '../../analysis/cause/correlate.ts'
import type { Finding } from '../../core/contract/report.ts'
import type { Inquiries } from './inquiry.ts'

/** Actions that the worker is asked about; findings of any more stay as they are. */
const MOST_ASKED = 30

/**
 * The findings with role and segment, causes first, victims last. Never rejects: where the worker
 * does not answer, findings are as they were.
 */
export async function correlate(
  findings: readonly Finding[],
  inquiries: Pick<Inquiries, 'rows'>,
  options: CorrelateOptions & {
    /** Pairs of later blocks were not judged. */
    readonly lastBlock: number
  },
): Promise<Correlated> {
  try {
    const asked = rowsNeeded(findings).slice(0, MOST_ASKED)
    const rows = new Map(
      await Promise.all(
        asked.map(async (name) => [name, await inquiries.rows(name, options.lastBlock)] as const),
      ),
    )
    return correlateFindings(findings, (action) => rows.get(action) ?? [], options)
  } catch {
    // A report without its leads is better than none.
    return { findings: [...findings], reasons: [] }
  }
}
