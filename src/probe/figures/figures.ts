/**
 * What a run collects beside its evidence: examples of fields that differ, and what requests cost.
 * It adds to the report and decides nothing.
 */

import type { BlockSums } from '../../analysis/fold.ts'
import { actionCosts, type CostRow } from '../../analysis/resources/cost.ts'
import type { FieldExample } from '../../core/answers.ts'
import type { Plan } from '../../core/contract/plan.ts'
import type { ActionCost, FieldReport, Finding, Report } from '../../core/contract/report.ts'
import type { ResourceReading } from '../../core/contract/sample.ts'
import type { ActionExamples } from '../shard/answers.ts'

export interface Figures {
  /** A scored block. */
  block(endSeconds: number, sums: BlockSums): void
  examples(found: readonly ActionExamples[]): void
  resource(reading: ResourceReading): void
  /** The report with costs, and values of fields. */
  complete(report: Report): Report
}

/** An hour of blocks of half a second; a longer run counts its costs from the first ones. */
const MOST_BLOCKS = 8000
const MOST_SCRAPES = 4000

interface Scrape {
  readonly at: number
  readonly cpuSeconds: number
}

export function createFigures(plan: Plan, seed: number): Figures {
  const isCounting = plan.resources.includes('cpu')
  const requests = plan.actions.map(() => 0)
  /** Running totals of requests at the end of each block. */
  const blocks: { readonly at: number; readonly totals: readonly number[] }[] = []
  const scrapes: Scrape[] = []
  const baseline = new Map<string, number>()
  const values = new Map<string, Map<string, FieldExample>>()

  function costs(): ActionCost[] {
    if (!isCounting) return []
    const names = plan.actions.map(({ action }) => action)
    return actionCosts(names, costRows(scrapes, blocks), seed)
  }

  return {
    block(endSeconds, { actions }) {
      for (const [index, sums] of actions.entries()) {
        const repeats = plan.repeatShare > 0 ? sums.seconds : 0
        requests[index] = (requests[index] ?? 0) + sums.pairs + repeats
      }
      if (isCounting && blocks.length < MOST_BLOCKS) {
        blocks.push({ at: endSeconds, totals: [...requests] })
      }
    },
    examples(found) {
      for (const { action, examples } of found) {
        const known = values.get(action) ?? new Map<string, FieldExample>()
        values.set(action, known)
        for (const example of examples) {
          if (!known.has(example.path)) known.set(example.path, example)
        }
      }
    },
    resource({ arm, instance, at, cpuSeconds }) {
      if (arm !== 'baseline' || cpuSeconds === undefined || scrapes.length >= MOST_SCRAPES) return
      baseline.set(instance, cpuSeconds)
      const total = [...baseline.values()].reduce((sum, seconds) => sum + seconds, 0)
      // Readings of one round have the same time: the last one holds them all.
      if (scrapes.at(-1)?.at === at) scrapes.pop()
      scrapes.push({ at, cpuSeconds: total })
    },
    complete(report) {
      const told = costs()
      return {
        ...report,
        findings: report.findings.map((finding) => withValues(finding, values)),
        ...(told.length === 0 ? {} : { costs: told }),
      }
    },
  }
}

function withValues(
  finding: Finding,
  values: ReadonlyMap<string, ReadonlyMap<string, FieldExample>>,
): Finding {
  const known = values.get(finding.action)
  if (finding.fields === undefined || known === undefined) return finding
  const fields = finding.fields.map((field): FieldReport => {
    const example = known.get(field.path)
    return example === undefined
      ? field
      : { ...field, baseline: example.baseline, canary: example.canary }
  })
  return { ...finding, fields }
}

/** Requests between two scrapes, from the totals at the ends of blocks. */
function costRows(
  scrapes: readonly Scrape[],
  blocks: readonly { readonly at: number; readonly totals: readonly number[] }[],
): CostRow[] {
  const last = blocks.at(-1)?.at ?? 0
  const rows: CostRow[] = []
  let place = 0
  let before: { readonly scrape: Scrape; readonly totals: readonly number[] } | undefined
  for (const scrape of scrapes) {
    if (scrape.at < (blocks[0]?.at ?? Infinity)) continue
    if (scrape.at > last) break
    while ((blocks[place + 1]?.at ?? Infinity) <= scrape.at) place += 1
    const totals = totalsAt(blocks[place], blocks[place + 1], scrape.at)
    const used = scrape.cpuSeconds - (before?.scrape.cpuSeconds ?? 0)
    if (before !== undefined && used >= 0) {
      const { totals: earlier, scrape: first } = before
      rows.push({
        counts: totals.map((total, index) => total - (earlier[index] ?? 0)),
        cpuSeconds: used,
        seconds: scrape.at - first.at,
      })
    }
    before = { scrape, totals }
  }
  return rows
}

type Totals = { readonly at: number; readonly totals: readonly number[] } | undefined

function totalsAt(left: Totals, right: Totals, at: number): readonly number[] {
  if (left === undefined) return []
  if (right === undefined || right.at <= left.at) return left.totals
  const share = Math.min(1, Math.max(0, (at - left.at) / (right.at - left.at)))
  return left.totals.map((total, index) => total + share * ((right.totals[index] ?? total) - total))
}
