/**
 * Inquiries: what a run can say of a finding besides its evidence. The worker is asked for what it
 * remembers of the action; segments are counted here, and exchanges redacted, so that nothing of
 * this costs time where latencies are measured.
 */

import type { RememberedPair } from '../../analysis/cause/again.ts'
import { explainFinding, pairsDuring } from '../../analysis/segments/explain.ts'
import { segmentsOf } from '../../analysis/segments/segments.ts'
import type { ExchangeRow, Inquiry } from '../../core/contract/investigation.ts'
import type { Finding } from '../../core/contract/report.ts'
import { formatAddress, originOf } from '../../core/contract/target.ts'
import type { ArmAddress } from '../../generator/traffic.ts'
import type { Recollection } from '../shard/memory.ts'
import { KEPT_VALUE_CHARS, KEPT_PATH_CHARS } from '../shard/examples.ts'
import type { Example, ExampleSide } from '../shard/examples.ts'
import type { FromWorker, ToWorker } from '../shard/messages.ts'
import { rowsOf } from '../shard/rows.ts'
import { shownBody } from './body.ts'
import { curlLine } from './curl.ts'
import { differencesOf, type Difference } from './differences.ts'
import { createRedactor, type Redactor } from './redact.ts'

/** A worker that does not answer for this long is taken for gone. */
const PATIENCE_MS = 2000
/** Questions that wait at once; any more is answered with nothing. */
const MOST_WAITING = 100
/** Of fewer examples a share says nothing. */
const LEAST_FOR_SHARE = 5
const SHOWN_BODY_CHARS = 4096

/** For a segment that is named while the run goes on: as strict as the strictest run. */
const LEAD = { alpha: 0.01, alphaHealthy: 0.01, seed: 1 }

const NOTHING: Inquiry = { segments: [], pairs: 0, exchanges: [] }

export interface InquirySource {
  /** Values that must never be shown, by name. */
  readonly secrets: Readonly<Record<string, string>>
  readonly canaryUrl: string
  /** Seconds from the start of the run to the end of its warm-up. */
  originSeconds(): number
}

export interface Inquiries {
  /** What is known of the finding by now, at most two seconds later. Never rejects. */
  inquire(finding: Finding): Promise<Inquiry>
  /**
   * The last pairs of an action, or of all for `*`, up to those of this block; none where nothing is
   * known. Never rejects.
   */
  rows(action: string, lastBlock: number): Promise<readonly RememberedPair[]>
  /** Hands on the worker's answer. */
  answer(message: Extract<FromWorker, { kind: 'inquiry' }>): void
  /** The worker is gone: whoever waits gets what is known, which is nothing. */
  close(): void
}

/** @param ask sends to the worker; what it answers goes to `answer` */
export function createInquiries(
  ask: (message: Extract<ToWorker, { kind: 'inquire' }>) => void,
  source: InquirySource,
): Inquiries {
  const waiting = new Map<number, (known: Recollection | undefined) => void>()
  const redact = createRedactor(source.secrets)
  let asked = 0
  let closed = false

  const recall = (action: string): Promise<Recollection | undefined> =>
    new Promise((resolve) => {
      if (closed || waiting.size >= MOST_WAITING) return resolve(undefined)
      asked += 1
      const id = asked
      const patience = setTimeout(() => settle(id, undefined), PATIENCE_MS)
      waiting.set(id, (known) => {
        clearTimeout(patience)
        resolve(known)
      })
      ask({ kind: 'inquire', id, action })
    })

  const settle = (id: number, known: Recollection | undefined): void => {
    const resolve = waiting.get(id)
    waiting.delete(id)
    resolve?.(known)
  }

  return {
    async inquire(finding) {
      try {
        const known = await recall(finding.action)
        return known === undefined ? NOTHING : inquiryOf(finding, known, source, redact)
      } catch {
        // A record that lacks its leads is better than a rollout that stops at one.
        return NOTHING
      }
    },
    async rows(action, lastBlock) {
      try {
        const known = await recall(action)
        return known === undefined
          ? []
          : rowsOf(known.rows).filter(({ block }) => block > 0 && block <= lastBlock)
      } catch {
        return []
      }
    },
    answer: ({ id, rows, examples }) => settle(id, { rows, examples }),
    close() {
      closed = true
      for (const id of waiting.keys()) settle(id, undefined)
    },
  }
}

function inquiryOf(
  finding: Finding,
  { rows, examples }: Recollection,
  source: InquirySource,
  redact: Redactor,
): Inquiry {
  const during = pairsDuring(rowsOf(rows), finding, source.originSeconds())
  const counted = segmentsOf(during, finding.metric)
  // At the end of a run the finding knows its segment already, and whether the rest is well.
  const { segment } =
    finding.segment === undefined ? explainFinding(during, finding, LEAD) : finding
  const ordered = inOrder(examples, finding)
  const [first] = ordered
  const line = first && curlLine(first, originOf(source.canaryUrl), source.secrets)
  return {
    segments: counted.rows,
    pairs: counted.pairs,
    exchanges: exchangesOf(ordered, redact),
    ...(line === undefined ? {} : { reproduce: line }),
    ...(segment === undefined ? {} : { finding: { ...finding, segment } }),
  }
}

/** What shows the finding best comes first: failures of errors, the slowest of latency. */
function inOrder(examples: readonly Example[], { metric }: Finding): Example[] {
  const first = metric === 'errors' ? 'failed' : 'slow'
  const rank = ({ kind }: Example): number => (kind === first ? 2 : kind === 'ordinary' ? 0 : 1)
  const recent = first === 'failed'
  return examples.toSorted(
    (left, right) =>
      rank(right) - rank(left) || (recent ? right.at - left.at : right.ratio - left.ratio),
  )
}

function exchangesOf(examples: readonly Example[], redact: Redactor): ExchangeRow[] {
  const compared = examples.map((example) => compare(example, redact))
  const shares = new Map<string, number>()
  for (const { diff } of compared) {
    for (const { path } of diff) shares.set(path, (shares.get(path) ?? 0) + 1 / examples.length)
  }
  const enough = examples.length >= LEAST_FOR_SHARE
  return compared.map(({ diff, ...row }) => ({
    ...row,
    diff: diff.map((difference) => ({
      ...difference,
      ...(enough ? { canaryShare: rounded(shares.get(difference.path) ?? 0) } : {}),
    })),
  }))
}

type Compared = Omit<ExchangeRow, 'diff'> & { readonly diff: readonly Difference[] }

function compare({ pair, at, request, ...arms }: Example, redact: Redactor): Compared {
  const bodies = {
    baseline: bodyOf(arms.baseline, redact),
    canary: bodyOf(arms.canary, redact),
  }
  const { method } = request
  const path = redact.text(request.path, request.path.length >= KEPT_PATH_CHARS)
  return {
    pair,
    at: rounded(at),
    request: { method, path },
    baseline: sideOf(arms.baseline, bodies.baseline, redact),
    canary: sideOf(arms.canary, bodies.canary, redact),
    diff: differencesOf(
      answerOf(arms.baseline, bodies.baseline),
      answerOf(arms.canary, bodies.canary),
    ),
  }
}

function answerOf(
  { status }: ExampleSide,
  body: string | undefined,
): Parameters<typeof differencesOf>[0] {
  return { ...(status === undefined ? {} : { status }), ...(body === undefined ? {} : { body }) }
}

function bodyOf({ headers, body }: ExampleSide, redact: Redactor): string | undefined {
  const encoding = headers.find(([name]) => name.toLowerCase() === 'content-encoding')?.[1]
  return shownBody(body, encoding, redact)
}

function sideOf(
  { outcome, status, reason, latencyMs, headers }: ExampleSide,
  body: string | undefined,
  redact: Redactor,
): ExchangeRow['baseline'] {
  const shown = headers.map(([name, value]) => [
    redact.text(name),
    redact.header(name, value, value.length >= KEPT_VALUE_CHARS),
  ])
  return {
    outcome,
    latencyMs: rounded(latencyMs),
    ...(status === undefined ? {} : { status }),
    ...(reason === undefined ? {} : { reason: redact.reason(reason) }),
    ...(headers.length === 0 ? {} : { headers: Object.fromEntries(shown) }),
    ...(body === undefined ? {} : { body: body.slice(0, SHOWN_BODY_CHARS) }),
  }
}

function rounded(value: number): number {
  return Number(value.toFixed(3))
}

/** The address of the canary as it was written; empty where there is none. */
export function canaryOf(arms: readonly ArmAddress[]): string {
  const canary = arms.find(({ arm }) => arm === 'canary')
  return canary === undefined ? '' : formatAddress(canary)
}
