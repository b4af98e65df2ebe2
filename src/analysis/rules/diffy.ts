/**
 * Diffy's rule on differences of answers: a field is reported when it differs between baseline and
 * canary more often than between two answers of the baseline, by more than 20 % of the differences
 * and 0.03 % of the requests. No test and no least number of requests, so the answer depends on when
 * one looks: the end counts, and what a look every ten seconds would have seen first is told beside it.
 */

import { createNewsLooks } from './figures/looks.ts'
import { shareWords } from './figures/words.ts'
import type { Rule } from './rule.ts'

const LOOK_SECONDS = 10
const RELATIVE_PERCENT = 20
const ABSOLUTE_PERCENT = 0.03
/** Fields that are counted; further ones are left out, and the verdict says so. */
const MOST_FIELDS = 20_000

interface Field {
  readonly action: string
  readonly path: string
  raw: number
  noise: number
}

export function createDiffy(): Rule {
  const counts = createFieldCounts()
  let first: { readonly at: number; readonly field: Field } | undefined
  const looks = createNewsLooks(LOOK_SECONDS, look)

  function look(seconds: number): void {
    const [field] = counts.reported()
    if (field !== undefined) first ??= { at: seconds, field }
  }

  return {
    sample({ at }) {
      looks.upTo(at)
    },
    answers({ at, action, canary, control }) {
      looks.upTo(at)
      // A request that was not answered by all three is skipped.
      if (control !== undefined) counts.add(action, canary, control)
    },
    // It advises and never ends a run.
    decided: () => undefined,
    finish(seconds) {
      look(seconds)
      if (counts.requests.size === 0) {
        const detail = 'no request was answered by the canary and twice by the baseline'
        return { verdict: 'inconclusive', actions: [], detail }
      }
      const failing = counts.reported()
      const left = counts.isFull() ? `; fields beyond the first ${MOST_FIELDS} not counted` : ''
      const detail = `${atEnd(failing, counts.requests)}; ${firstLook(first)}${left}`
      if (failing.length === 0) return { verdict: 'healthy', actions: [], detail }
      return {
        verdict: 'regressed',
        ...(first === undefined ? {} : { detectedAt: first.at }),
        actions: [...new Set(failing.map(({ action }) => action))],
        metric: 'responses',
        detail,
      }
    },
  }
}

interface FieldCounts {
  /** Requests by action. */
  readonly requests: ReadonlyMap<string, number>
  add(action: string, canary: readonly string[], control: readonly string[]): void
  /** What the rule reports by now, the largest difference first. */
  reported(): Field[]
  isFull(): boolean
}

function createFieldCounts(): FieldCounts {
  const fields = new Map<string, Field>()
  const requests = new Map<string, number>()

  function count(action: string, paths: readonly string[], kind: 'raw' | 'noise'): void {
    for (const path of new Set(paths)) {
      const key = `${action}\n${path}`
      const field = fields.get(key) ?? { action, path, raw: 0, noise: 0 }
      field[kind] += 1
      if (fields.size < MOST_FIELDS) fields.set(key, field)
    }
  }

  return {
    requests,
    add(action, canary, control) {
      requests.set(action, (requests.get(action) ?? 0) + 1)
      count(action, canary, 'raw')
      count(action, control, 'noise')
    },
    reported: () =>
      [...fields.values()]
        .filter((field) => isReported(field, requests.get(field.action) ?? 0))
        .toSorted((left, right) => right.raw - right.noise - (left.raw - left.noise)),
    isFull: () => fields.size >= MOST_FIELDS,
  }
}

/** @param total requests of its action */
export function isReported({ raw, noise }: Pick<Field, 'raw' | 'noise'>, total: number): boolean {
  const difference = Math.abs(raw - noise)
  if (raw <= noise) return false
  const relative = (100 * difference) / (raw + noise)
  return relative > RELATIVE_PERCENT && (100 * difference) / total > ABSOLUTE_PERCENT
}

function nameOf({ action, path }: Field): string {
  return `${action} ${path}`
}

function atEnd([worst, ...more]: readonly Field[], requests: ReadonlyMap<string, number>): string {
  if (worst === undefined) return 'at the end no field is reported'
  const total = requests.get(worst.action) ?? 0
  const [raw, noise] = [worst.raw / total, worst.noise / total].map(shareWords)
  const others = more.length === 0 ? '' : ` and ${more.length} more`
  return `at the end ${nameOf(worst)}${others} is reported: ${raw} of answers, noise ${noise}`
}

function firstLook(first: { readonly at: number; readonly field: Field } | undefined): string {
  if (first === undefined) return 'nor at any look before'
  return `the first look to report one was at ${first.at} s, ${nameOf(first.field)}`
}
