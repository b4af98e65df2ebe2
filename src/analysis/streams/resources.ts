/**
 * What the processes of the arms use, from readings to scores. CPU: seconds of CPU per request (or
 * per second, where the readings bring no requests: twins send both arms the same) between two
 * scrapes that both arms have. Memory: the least of each arm over a slot of time, near to what is
 * left after a collection. Both as ln(canary ÷ baseline); margins come off when they are scored.
 *
 * Limits: memory has a memory, so its null is not exact (STATISTICS 10.11): its margin is wide.
 */

import type { Arm } from '../../core/arm.ts'
import type { ResourceReading } from '../../core/contract/sample.ts'
import type { ResourceMetric } from '../../core/verdict.ts'

type Twin = 'baseline' | 'canary'

export interface ResourceScore {
  readonly metric: ResourceMetric
  /** ln(canary ÷ baseline) */
  readonly lnRatio: number
  /** Seconds from the start of the run. */
  readonly at: number
}

interface Used {
  cpuSeconds: number
  seconds: number
  requests: number
  /** Readings of every instance told how many requests they stand for. */
  hasRequests: boolean
  /** Instances that were read since the last score. */
  fresh: string[]
}

interface ArmTrack {
  /** The last reading of each instance. */
  readonly last: Map<string, ResourceReading>
  used: Used
  /** Least memory of each instance in the present slot. */
  readonly least: Map<string, number>
  /** Over the whole run. */
  total: { cpuSeconds: number; seconds: number; requests: number }
  rssBytes: number
  /** Least memory of each slot, the newest last, for the slope. */
  readonly slots: { readonly at: number; readonly bytes: number }[]
}

export interface ResourceTrack {
  readonly slotSeconds: number
  slot: number
  readonly arms: Readonly<Record<Twin, ArmTrack>>
}

/** A scrape shorter than a tick of the clock that counts CPU says nothing; both arms alike. */
const LEAST_CPU_SECONDS = 0.001
/** A process that began anew has its old name and a number. */
const RESTARTED = /#\d+$/
/** Who was not read for so long is gone. */
const LOST_SECONDS = 5
const MOST_INSTANCES = 1000
const MOST_SLOTS = 2000

export function createResourceTrack(slotSeconds: number): ResourceTrack {
  return { slotSeconds, slot: -1, arms: { baseline: createArm(), canary: createArm() } }
}

/** Takes in a reading; says what can be scored by it. */
export function takeReading(track: ResourceTrack, reading: ResourceReading): ResourceScore[] {
  if (!isTwin(reading.arm)) return []
  const memory = closeSlot(track, reading.at)
  const arm = track.arms[reading.arm]
  const instance = reading.instance.replace(RESTARTED, '')
  const known = arm.last.get(instance)
  const before = known?.instance === reading.instance ? known : undefined
  if (known === undefined && arm.last.size >= MOST_INSTANCES) return memory
  if (before !== undefined && before.at >= reading.at) return memory
  arm.last.set(instance, reading)
  if (reading.rssBytes !== undefined && reading.rssBytes > 0) {
    arm.least.set(instance, Math.min(arm.least.get(instance) ?? Infinity, reading.rssBytes))
    arm.rssBytes = reading.rssBytes
  }
  if (before !== undefined) addUse(arm, before, reading)
  return [...memory, ...cpuScore(track, reading.at)]
}

/** Mean CPU of one request in milliseconds, where the readings told requests. */
export function cpuMsPerRequest(track: ResourceTrack, arm: Twin): number | undefined {
  const { cpuSeconds, requests } = track.arms[arm].total
  return requests > 0 ? (1000 * cpuSeconds) / requests : undefined
}

/** CPU seconds per second, over the whole run. */
export function cpuShare(track: ResourceTrack, arm: Twin): number | undefined {
  const { cpuSeconds, seconds } = track.arms[arm].total
  return seconds > 0 ? cpuSeconds / seconds : undefined
}

function createArm(): ArmTrack {
  return {
    last: new Map(),
    used: nothingUsed(),
    least: new Map(),
    total: { cpuSeconds: 0, seconds: 0, requests: 0 },
    rssBytes: 0,
    slots: [],
  }
}

function nothingUsed(): Used {
  return { cpuSeconds: 0, seconds: 0, requests: 0, hasRequests: true, fresh: [] }
}

function isTwin(arm: Arm): arm is Twin {
  return arm !== 'control'
}

function addUse({ used, total }: ArmTrack, before: ResourceReading, now: ResourceReading): void {
  if (before.cpuSeconds === undefined || now.cpuSeconds === undefined) return
  const cpuSeconds = now.cpuSeconds - before.cpuSeconds
  const requests = (now.requests ?? Number.NaN) - (before.requests ?? Number.NaN)
  // A counter that fell belongs to a process that began anew.
  if (cpuSeconds < 0 || requests < 0) return
  const seconds = now.at - before.at
  used.cpuSeconds += cpuSeconds
  used.seconds += seconds
  used.fresh.push(now.instance.replace(RESTARTED, ''))
  total.cpuSeconds += cpuSeconds
  total.seconds += seconds
  if (Number.isNaN(requests)) used.hasRequests = false
  else {
    used.requests += requests
    total.requests += requests
  }
}

function cpuScore({ arms }: ResourceTrack, at: number): ResourceScore[] {
  const { baseline, canary } = arms
  if (!isWhole(baseline, at) || !isWhole(canary, at)) return []
  const hasRequests = baseline.used.hasRequests && canary.used.hasRequests
  const per = ({ requests, seconds }: Used): number => (hasRequests ? requests : seconds)
  const [trusted, tried] = [baseline.used, canary.used]
  baseline.used = nothingUsed()
  canary.used = nothingUsed()
  if (per(trusted) <= 0 || per(tried) <= 0) return []
  const lnUse = (used: Used): number =>
    Math.log(Math.max(LEAST_CPU_SECONDS, used.cpuSeconds)) - Math.log(per(used))
  return [{ metric: 'cpu', lnRatio: lnUse(tried) - lnUse(trusted), at }]
}

/** Every instance that still lives was read since the last score. */
function isWhole({ used, last }: ArmTrack, at: number): boolean {
  for (const [instance, reading] of last) if (reading.at < at - LOST_SECONDS) last.delete(instance)
  const fresh = new Set(used.fresh)
  return fresh.size > 0 && [...last.keys()].every((instance) => fresh.has(instance))
}

/** A reading of a later slot closes the present one. */
function closeSlot(track: ResourceTrack, at: number): ResourceScore[] {
  const slot = Math.floor(at / track.slotSeconds)
  if (slot <= track.slot) return []
  const isFirst = track.slot === -1
  track.slot = slot
  const baseline = takeLeast(track.arms.baseline, at)
  const canary = takeLeast(track.arms.canary, at)
  if (isFirst || baseline === undefined || canary === undefined) return []
  return [{ metric: 'memory', lnRatio: Math.log(canary) - Math.log(baseline), at }]
}

/** Mean over the instances of the least that each one had. */
function takeLeast(arm: ArmTrack, at: number): number | undefined {
  const { least, slots } = arm
  if (least.size === 0) return undefined
  const sum = [...least.values()].reduce((total, bytes) => total + bytes, 0)
  const bytes = sum / least.size
  least.clear()
  slots.push({ at, bytes })
  if (slots.length > MOST_SLOTS) slots.shift()
  return bytes
}
