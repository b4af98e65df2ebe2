/** Joining what several shards say into what one would have said; sums and counts are exact. */

import { mergeSums } from '../../../analysis/fold.ts'
import { createOrderTally } from '../../../analysis/order/order.ts'
import { createTally } from '../../../analysis/tally.ts'
import type { Arm } from '../../../core/arm.ts'
import type { Plan } from '../../../core/contract/plan.ts'
import { invariant } from '../../../core/invariant.ts'
import type { ActionExamples } from '../answers.ts'
import { withBlockLine } from '../blocks.ts'
import { joinWaits } from '../limit/waits.ts'
import { mostTelling, type Recollection } from '../memory.ts'
import type { FromWorker } from '../messages.ts'
import { joinRows } from '../rows.ts'

type Message<Kind extends FromWorker['kind']> = Extract<FromWorker, { kind: Kind }>

/** Each of these takes one message of every shard, the first shard's first. */
type Parts<Kind extends FromWorker['kind']> = readonly Message<Kind>[]

export function joinWarmUps(plan: Plan, parts: Parts<'warmed-up'>): Message<'warmed-up'> {
  return {
    kind: 'warmed-up',
    seconds: firstOf(parts).seconds,
    pairs: sumOf(parts, ({ pairs }) => pairs),
    sums: mergeSums(
      plan,
      parts.map(({ sums }) => sums),
    ),
    lines: linesOf(parts),
  }
}

/** The times are those of the first shard, so that one block begins where the last one ended. */
export function joinBlocks(
  plan: Plan,
  parts: Parts<'block'>,
  recordSamples: boolean,
): Message<'block'> {
  const first = firstOf(parts).block
  const capped = parts.flatMap(({ block }) => block.capped)
  const waits = joinWaits(parts.map((part) => part.block.waits))
  const block = {
    ...first,
    ...(waits === undefined ? {} : { waits }),
    capped: [...new Set<Arm>(capped)],
    ...(parts.some((part) => part.block.strained === true) ? { strained: true } : {}),
    sums: mergeSums(
      plan,
      parts.map((part) => part.block.sums),
    ),
  }
  const examples = joinExamples(parts.flatMap((part) => part.examples ?? []))
  const lines = linesOf(parts)
  const order = createOrderTally()
  for (const part of parts) order.merge(part.order)
  return {
    kind: 'block',
    block,
    lines: recordSamples ? withBlockLine(lines, block) : lines,
    order: order.state(),
    ...(examples.length === 0 ? {} : { examples }),
  }
}

/** Lag and CPU are those of the busiest thread: it alone may be the bottleneck. */
export function joinReadings(parts: Parts<'reading'>): Message<'reading'> {
  const readings = parts.map(({ reading }) => reading)
  return {
    kind: 'reading',
    reading: {
      at: Math.max(...readings.map(({ at }) => at)),
      lagP99Ms: Math.max(...readings.map(({ lagP99Ms }) => lagP99Ms)),
      cpu: Math.max(...readings.map(({ cpu }) => cpu)),
      notSent: sumOf(readings, ({ notSent }) => notSent),
    },
    dueSteps: sumOf(parts, ({ dueSteps }) => dueSteps),
    sentSteps: sumOf(parts, ({ sentSteps }) => sentSteps),
    warmupPairs: sumOf(parts, ({ warmupPairs }) => warmupPairs),
    pairsByAction: joinCounts(parts),
  }
}

export function joinEnds(parts: Parts<'ended'>): Message<'ended'> {
  const tally = createTally()
  for (const part of parts) tally.merge(part.tally)
  return {
    kind: 'ended',
    atSeconds: Math.max(...parts.map(({ atSeconds }) => atSeconds)),
    tally: tally.state(),
    pairsByAction: joinCounts(parts),
    lines: linesOf(parts),
  }
}

export function joinInquiries(parts: Parts<'inquiry'>): Message<'inquiry'> {
  const joined: Recollection = {
    rows: joinRows(parts.map(({ rows }) => rows)),
    examples: mostTelling(parts.flatMap(({ examples }) => examples)),
  }
  return { kind: 'inquiry', id: firstOf(parts).id, ...joined }
}

/** Each shard has a first example of each path; one is enough. */
function joinExamples(parts: readonly ActionExamples[]): ActionExamples[] {
  const byAction = Map.groupBy(parts, ({ action }) => action)
  return [...byAction].map(([action, own]) => {
    const byPath = new Map(
      own.flatMap(({ examples }) => examples).map((example) => [example.path, example]),
    )
    return { action, examples: [...byPath.values()] }
  })
}

function joinCounts(parts: readonly { readonly pairsByAction: readonly number[] }[]): number[] {
  const [first, ...rest] = parts.map(({ pairsByAction }) => pairsByAction)
  return (first ?? []).map((count, index) => count + sumOf(rest, (counts) => counts[index] ?? 0))
}

function linesOf(parts: readonly { readonly lines: string }[]): string {
  return parts
    .map(({ lines }) => lines)
    .filter((lines) => lines !== '')
    .join('\n')
}

function sumOf<Item>(items: readonly Item[], valueOf: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + valueOf(item), 0)
}

function firstOf<Item>(items: readonly Item[]): Item {
  const [first] = items
  invariant(first !== undefined, 'a run has at least one shard')
  return first
}
