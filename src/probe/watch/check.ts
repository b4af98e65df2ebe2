/** Whether CPU and memory can be read at all, asked before a run begins. */

import type { Arm } from '../../core/arm.ts'
import { TargetError, UsageError } from '../../core/errors.ts'
import { RESOURCE_METRICS, type ResourceMetric } from '../../core/verdict.ts'
import { MeterFault, type FaultKind, type Meter, type Said } from './meter.ts'
import { metersOf, type WatchSource } from './sources.ts'

export interface WatchCheck {
  /** What baseline and canary both tell: only that can be compared. */
  readonly resources: readonly ResourceMetric[]
  /** What people should know before they rely on it. */
  readonly remarks: readonly string[]
}

const TRIES = 2

/**
 * Reads every place once (a second time if it fails).
 * @throws UsageError `no-process`; TargetError `metrics-unreachable`, `metrics-refused`, `bad-metrics` or `no-metrics`
 */
export async function checkWatch(
  sources: readonly WatchSource[],
  timeoutMs?: number,
): Promise<WatchCheck> {
  const meters = sources.flatMap((source) => metersOf(source, timeoutMs))
  try {
    const answers = await Promise.all(
      meters.map(async (meter) => ({
        meter,
        said: await readOrThrow(meter),
        seen: (await meter.lookAround?.()) ?? [],
      })),
    )
    return summaryOf(answers)
  } finally {
    for (const meter of meters) meter.close()
  }
}

async function readOrThrow(meter: Meter): Promise<Said> {
  const never = new AbortController()
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await meter.read(never.signal)
    } catch (thrown) {
      if (!(thrown instanceof MeterFault)) throw thrown
      if (attempt === TRIES || thrown.kind === 'no-process') throw errorOf(meter, thrown)
    }
  }
}

const CODES: Readonly<Record<FaultKind, string>> = {
  unreachable: 'metrics-unreachable',
  refused: 'metrics-refused',
  garbage: 'bad-metrics',
  'nothing-measured': 'no-metrics',
  'no-process': 'no-process',
}

function errorOf({ arm, place }: Meter, fault: MeterFault): UsageError | TargetError {
  const message = `Cannot read CPU and memory of the ${arm}: ${place} ${fault.message}`
  const details = {
    code: CODES[fault.kind],
    where: `metrics.${arm}`,
    mend: `${fault.mend}, or take metrics out of the target`,
    cause: fault,
  }
  return fault.kind === 'no-process'
    ? new UsageError(message, details)
    : new TargetError(message, details)
}

interface Answer {
  readonly meter: Meter
  readonly said: Said
  readonly seen: readonly string[]
}

const TOLD_BY: Readonly<Record<ResourceMetric, (usage: Said['usages'][number]) => unknown>> = {
  cpu: (usage) => usage.cpuSeconds,
  memory: (usage) => usage.rssBytes,
}

function summaryOf(answers: readonly Answer[]): WatchCheck {
  const remarks = answers.flatMap(({ meter, said, seen }) =>
    [...said.remarks, ...seen].map((remark) => `${meter.arm}: ${meter.place} ${remark}`),
  )
  const resources = RESOURCE_METRICS.filter((metric) => {
    const silent = answers.find(
      ({ said }) => !said.usages.every((usage) => TOLD_BY[metric](usage) !== undefined),
    )
    if (silent === undefined) return true
    const { arm, place } = silent.meter
    const what = metric === 'cpu' ? 'CPU' : 'memory'
    remarks.push(`${what} is not compared: ${arm}: ${place} does not tell it`)
    return false
  })
  const arms = new Set(answers.map(({ meter }) => meter.arm))
  const needed: readonly Arm[] = ['baseline', 'canary']
  return { resources: needed.every((arm) => arms.has(arm)) ? resources : [], remarks }
}
