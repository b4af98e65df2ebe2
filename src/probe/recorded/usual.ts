/**
 * The usual shape of a request line, checked by hand. A file has millions of them, and the schema
 * costs more than reading the JSON; whatever looks odd here goes to the schema, which has the last
 * word, so that it says of each fault what it always said.
 */

import type { Arm } from '../../core/arm.ts'
import { OUTCOMES, type Outcome, type Sample, type Segment } from '../../core/contract/sample.ts'
import type { Phase } from '../../core/verdict.ts'

type Mutable = { -readonly [Key in keyof Sample]: Sample[Key] }

const KNOWN_OUTCOMES: ReadonlySet<unknown> = new Set(OUTCOMES)

/** The sample; undefined for anything that is no request or needs a closer look. */
export function findUsualSample(line: unknown): Sample | undefined {
  if (!isRecord(line)) return undefined
  const { kind, at, action, arm, latency_ms: latencyMs, service_ms: serviceMs } = line
  const { status, outcome } = line
  if (kind !== undefined && kind !== 'request') return undefined
  if (!isAmount(at) || typeof action !== 'string' || action === '' || !isArm(arm)) return undefined
  if (!isAmount(latencyMs) || (serviceMs !== undefined && !isAmount(serviceMs))) return undefined
  if (status !== undefined && !isStatus(status)) return undefined
  if (outcome !== undefined && !isOutcome(outcome)) return undefined
  const sample: Mutable = {
    at,
    action,
    arm,
    latencyMs,
    serviceMs: serviceMs ?? latencyMs,
    outcome: outcome ?? outcomeOf(status),
  }
  if (status !== undefined) sample.status = status
  return addRest(sample, line) ? sample : undefined
}

/** What a line need not have; false where a value needs a closer look. */
function addRest(sample: Mutable, line: Readonly<Record<string, unknown>>): boolean {
  const { pair, session, bytes, block, phase, segment, warmup, repeat, diff } = line
  if (pair !== undefined) {
    if (typeof pair !== 'string') return false
    sample.pair = pair
  }
  if (session !== undefined) {
    if (typeof session !== 'string') return false
    sample.session = session
  }
  if (bytes !== undefined) {
    if (!isAmount(bytes)) return false
    sample.bytes = bytes
  }
  if (block !== undefined) {
    if (!isAmount(block) || !Number.isSafeInteger(block)) return false
    sample.block = block
  }
  if (phase !== undefined) {
    if (!isPhase(phase)) return false
    sample.phase = phase
  }
  if (segment !== undefined) {
    if (!isSegment(segment)) return false
    sample.segment = segment
  }
  if (warmup !== undefined) {
    if (typeof warmup !== 'boolean') return false
    sample.warmup = warmup
  }
  if (repeat !== undefined) {
    if (typeof repeat !== 'boolean') return false
    sample.repeat = repeat
  }
  if (diff !== undefined) {
    if (!isTexts(diff)) return false
    sample.diff = diff
  }
  const { diff_shape: diffShape } = line
  if (diffShape === undefined) return true
  if (!isTexts(diffShape)) return false
  sample.diffShape = diffShape
  return true
}

function outcomeOf(status: number | undefined): Outcome {
  return status !== undefined && status >= 200 && status < 400 ? 'ok' : 'http_error'
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Finite and not negative: what is not is a fault, and `1e999` is read as infinity. */
function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Infinity
}

function isStatus(value: unknown): value is number {
  return isAmount(value) && value >= 100 && value <= 599 && Number.isInteger(value)
}

function isArm(value: unknown): value is Arm {
  return value === 'baseline' || value === 'canary' || value === 'control'
}

function isPhase(value: unknown): value is Phase {
  return value === 'load' || value === 'quiet'
}

function isOutcome(value: unknown): value is Outcome {
  return value === 'ok' || KNOWN_OUTCOMES.has(value)
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string')
}

function isSegment(value: unknown): value is Segment {
  if (!isRecord(value)) return false
  for (const key in value) if (typeof value[key] !== 'string') return false
  return true
}
