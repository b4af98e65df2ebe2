/** The documents of the probe routes: how a request becomes a probe, and a probe an answer. */

import type { ProbeBody } from '../../src/core/contract/http.ts'
import type { Report } from '../../src/core/contract/report.ts'
import type { ProbeRequest, RunningProbe } from '../../src/outrider.ts'
import type { ProbeMemory, Remembered } from '../probe-memory.ts'
import { profileChoice } from './room.ts'

/** What the composition root is asked for. */
export function requestOf(body: ProbeBody): ProbeRequest {
  const { target, name, criteria, profile_id: profileId, aa, ...settings } = body
  const { minDuration, maxDuration, ramp, ...rest } = settings
  const profiles = profileChoice(criteria, profileId)
  const overrides: Record<string, unknown> = { ...rest }
  if (minDuration !== undefined) overrides['minDurationSeconds'] = minDuration
  if (maxDuration !== undefined) overrides['maxDurationSeconds'] = maxDuration
  if (ramp !== undefined) overrides['rampSeconds'] = ramp
  return {
    target: { kind: 'named', name: target },
    ...(profiles === undefined ? {} : { profiles }),
    ...(name === undefined ? {} : { name }),
    ...(aa === true ? { aa } : {}),
    overrides,
  }
}

/** What is known of a probe of this process. */
export function describeProbe(
  probe: RunningProbe,
  remembered: Remembered,
): Record<string, unknown> {
  const { name, seed, addresses, plan } = probe
  const { seq, startedAt, phases, progress, end, stop } = remembered
  return {
    name,
    seed,
    addresses,
    plan,
    seq,
    phases,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(progress === undefined ? {} : { progress }),
    ...(stop === undefined ? {} : { stop }),
    ...(end?.report === undefined ? {} : { report: end.report }),
    ...(end?.problem === undefined ? {} : { problem: end.problem }),
  }
}

/** The event stream knows the end before the database does. */
export function statusOf(
  remembered: Remembered,
  stored: 'running' | 'done' | 'failed' | undefined,
): 'running' | 'done' | 'failed' {
  return remembered.end?.status ?? stored ?? 'running'
}

/** What a list shows of a running probe: enough for its line, not the whole of its actions. */
export function liveOf(memory: ProbeMemory, id: string): Record<string, unknown> {
  const found = memory.find(id)
  if (found === undefined) return {}
  const { remembered, probe } = found
  const status = remembered.end === undefined ? {} : { status: remembered.end.status }
  if (remembered.progress === undefined || remembered.end !== undefined) return status
  const { phase, seconds, phaseSeconds, phaseLimitSeconds, remainingSeconds, findings, sentence } =
    remembered.progress
  const progress = {
    phase,
    phases: probe.plan.phases,
    seconds,
    phaseSeconds,
    phaseLimitSeconds,
    ...(remainingSeconds === undefined ? {} : { remainingSeconds }),
    findings: findings.length,
    sentence,
  }
  return { ...status, progress }
}

/** What a list shows of a report. */
export function outlineOf(report: Report): Record<string, unknown> {
  const { verdict, summary, seconds, pairs } = report
  return { verdict, summary, seconds, pairs }
}
