/** Candidates side by side: each once a round, in random order, and the medians of what they did. */

import type { Random } from '../../../src/core/random.ts'
import type { Run } from './run.ts'

export type Figures = Readonly<Record<string, number | undefined>>

export interface Candidate {
  readonly name: string
  run(): Promise<{ readonly figures: Figures; readonly isNoisy: boolean }>
}

export interface Rounds {
  readonly rounds: number
  readonly random: Random
  readonly tell: (line: string) => void
}

/** What the candidates did, by name; a figure is asked for by name. */
export interface Results {
  readonly names: readonly string[]
  /** Median over the rounds; undefined where nobody measured it. */
  median(name: string, figure: string): number | undefined
  /** Median over the rounds of one candidate's figure by another's of the same round. */
  ratio(name: string, figure: string, other: string): number | undefined
  /** `12.3 [11.9–14.0]` */
  show(name: string, figure: string, digits: number): string
  /** The name, with a mark where a run stayed noisy. */
  label(name: string): string
  /** ` (noisy)` where one of these did. */
  mark(...names: string[]): string
}

export async function interleaved(
  candidates: readonly Candidate[],
  { rounds, random, tell }: Rounds,
): Promise<Results> {
  const seen = new Map<string, Figures[]>()
  const noisy = new Set<string>()
  for (let round = 1; round <= rounds; round += 1) {
    for (const candidate of shuffled(candidates, random)) {
      const { figures, isNoisy } = await candidate.run()
      seen.set(candidate.name, [...(seen.get(candidate.name) ?? []), figures])
      if (isNoisy) noisy.add(candidate.name)
      tell(`round ${round}: ${candidate.name}: ${lineOf(figures)}${isNoisy ? ' (noisy)' : ''}`)
    }
  }
  return resultsOf(
    candidates.map(({ name }) => name),
    seen,
    noisy,
  )
}

function resultsOf(
  names: readonly string[],
  seen: ReadonlyMap<string, readonly Figures[]>,
  noisy: ReadonlySet<string>,
): Results {
  const all = (name: string, figure: string): number[] =>
    (seen.get(name) ?? []).flatMap((figures) => figures[figure] ?? [])
  return {
    names,
    median: (name, figure) => median(all(name, figure)),
    ratio: (name, figure, other) => {
      const others = seen.get(other) ?? []
      const ratios = (seen.get(name) ?? []).flatMap((figures, index) => {
        const [above, below] = [figures[figure], others[index]?.[figure]]
        return above === undefined || below === undefined ? [] : above / below
      })
      return median(ratios)
    },
    label: (name) => (noisy.has(name) ? `${name} (noisy)` : name),
    mark: (...some) => (some.some((name) => noisy.has(name)) ? ' (noisy)' : ''),
    show: (name, figure, digits) => {
      const numbers = all(name, figure)
      const middle = median(numbers)
      if (middle === undefined) return '–'
      const range =
        numbers.length === 1
          ? ''
          : ` [${Math.min(...numbers).toFixed(digits)}–${Math.max(...numbers).toFixed(digits)}]`
      return `${middle.toFixed(digits)}${range}`
    },
  }
}

export function median(numbers: readonly number[]): number | undefined {
  const sorted = numbers.toSorted((one, other) => one - other)
  const middle = (sorted.length - 1) / 2
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]]
  return low === undefined || high === undefined ? undefined : (low + high) / 2
}

/** What every candidate that sends has. */
export function loadFigures(
  run: Run,
  load: {
    readonly requests: number
    readonly failed: number
    readonly seconds: number
    readonly lateRequests?: number | undefined
    readonly lateMicros?: number | undefined
  },
): Figures {
  const lateShare = Math.max(0, run.seconds - 3) / run.seconds
  const steady =
    load.lateMicros !== undefined && load.lateRequests !== undefined
      ? load.lateMicros / load.lateRequests
      : run.lateMicros === undefined || lateShare < 0.2
        ? undefined
        : // Of a tool that does not count by the second: as if it had sent evenly.
          run.lateMicros / (load.requests * lateShare)
  return {
    rps: load.requests / load.seconds,
    cpu: run.cpuMicros / load.requests,
    steady,
    failed: load.failed,
  }
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, key: random.next() }))
    .toSorted((left, right) => left.key - right.key)
    .map(({ item }) => item)
}

function lineOf(figures: Figures): string {
  return Object.entries(figures)
    .flatMap(([name, value]) => (value === undefined ? [] : `${name} ${short(value)}`))
    .join(', ')
}

function short(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2)
}
