/** Reads CPU and memory of processes from their own metrics address, in the Prometheus format. */

import type { Arm } from '../../core/arm.ts'
import { findNearest } from '../../core/suggest.ts'
import { readExposition, type Exposition, type ExposedSample } from './exposition.ts'
import { membersOf, MeterFault, type Meter, type Said, type Usage } from './meter.ts'
import { createTextReader, expectOk, shownAddress, type ReaderOptions } from './read-text.ts'

const CPU_METRIC = 'process_cpu_seconds_total'
const MEMORY_METRIC = 'process_resident_memory_bytes'
const START_METRIC = 'process_start_time_seconds'
/** Processes behind one address; more are added up into one. */
const MOST_INSTANCES = 1_000

export interface PrometheusSource {
  readonly arm: Arm
  readonly url: string
  /** How this address is called where it tells no label `instance`. */
  readonly instance: string
  /** The counter of requests, summed over its labels. */
  readonly requests?: string
  readonly reader: ReaderOptions
}

export function createPrometheusMeter(source: PrometheusSource): Meter {
  const { arm, url, requests } = source
  const wanted = new Set([CPU_METRIC, MEMORY_METRIC, START_METRIC])
  if (requests !== undefined) wanted.add(requests)
  const accept = 'text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0;q=0.5'
  const reader = createTextReader({
    ...source.reader,
    headers: { accept, ...source.reader.headers },
  })
  return {
    arm,
    place: shownAddress(url),
    read: async (signal) => {
      const { status, text } = await reader.read(url, signal)
      expectOk(status)
      return saidBy(readExposition(text, wanted), source)
    },
    close: () => reader.close(),
  }
}

/** @throws MeterFault if it is no exposition, or has neither CPU nor memory */
function saidBy(exposition: Exposition, source: PrometheusSource): Said {
  if (exposition.sampleLines === 0) {
    throw new MeterFault(
      'garbage',
      'does not answer in the Prometheus text format',
      'name the address where the application shows its metrics, often /metrics',
    )
  }
  const usages = usagesOf(exposition.samples, source)
  if (usages.every((usage) => usage.cpuSeconds === undefined && usage.rssBytes === undefined)) {
    throw new MeterFault(
      'nothing-measured',
      `has neither ${CPU_METRIC} nor ${MEMORY_METRIC}`,
      'turn on the process metrics of its client library, or name its pid',
    )
  }
  const mayRepeat = exposition.samples.some((sample) => sample.isDated)
  const countsRequests = source.requests !== undefined
  return { usages, mayRepeat, countsRequests, remarks: remarksOf(exposition, source) }
}

function remarksOf({ names }: Exposition, { requests }: PrometheusSource): string[] {
  const missing = [CPU_METRIC, MEMORY_METRIC].filter((metric) => !names.has(metric))
  const remarks = missing.map((metric) => `has no ${metric}`)
  // Many libraries show a counter only once it has counted, so a missing one is no fault.
  if (requests !== undefined && !names.has(requests)) {
    const nearest = findNearest(requests, [...names])
    const mend = nearest === undefined ? '' : `; did you mean "${nearest}"?`
    remarks.push(`has no counter "${requests}" so far${mend}`)
  }
  return remarks
}

function usagesOf(samples: readonly ExposedSample[], source: PrometheusSource): Usage[] {
  const names = new Set(samples.map((sample) => sample.labels.get('instance')))
  const isOne = names.size > MOST_INSTANCES || names.has(undefined)
  const groups = Map.groupBy(samples, (sample) =>
    isOne ? source.instance : `${source.instance} ${sample.labels.get('instance')}`,
  )
  return [...groups].map(([instance, group]) => usageOf(instance, group, source.requests))
}

function usageOf(
  instance: string,
  samples: readonly ExposedSample[],
  requests: string | undefined,
): Usage {
  const cpuSeconds = sumOf(samples, CPU_METRIC)
  const rssBytes = sumOf(samples, MEMORY_METRIC)
  const startedAt = sumOf(samples, START_METRIC)
  const counted = requests === undefined ? undefined : sumOf(samples, requests)
  return {
    instance,
    ...(cpuSeconds === undefined ? {} : { cpuSeconds }),
    ...(rssBytes === undefined ? {} : { rssBytes }),
    ...(counted === undefined ? {} : { requests: counted }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(cpuSeconds === undefined ? {} : { members: membersOf(cpuLabels(samples)) }),
  }
}

/** What is no number, or less than nothing, was not measured. */
function sumOf(samples: readonly ExposedSample[], name: string): number | undefined {
  const values = samples
    .filter((sample) => sample.name === name)
    .map((sample) => sample.value)
    .filter((value) => Number.isFinite(value) && value >= 0)
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0)
}

function cpuLabels(samples: readonly ExposedSample[]): ReadonlyMap<string, string>[] {
  return samples
    .filter(({ name, value }) => name === CPU_METRIC && Number.isFinite(value))
    .map(({ labels }) => labels)
}
