/**
 * Asks a Prometheus server for the CPU, the memory and the requests of an arm.
 *
 * CPU and requests must come from the same scrape, and a scrape may be stored between two questions.
 * So all are asked in one instant query, joined with `or`, which the server answers from one state
 * of its store; a label says which is which. Only the first time they are asked one by one, so that
 * a wrong one can be named. The server scrapes more rarely than it is asked, and what it says in
 * between is the old value: such answers are marked as repeats.
 *
 * @see https://prometheus.io/docs/prometheus/latest/querying/api/
 */

import type { Arm } from '../../core/arm.ts'
import { membersOf, MeterFault, quoted, type Meter, type Said, type Usage } from './meter.ts'
import { createTextReader, expectOk, shownAddress, type ReaderOptions } from './read-text.ts'

export interface PromqlSource {
  readonly arm: Arm
  /** Address of the server, with a prefix of its paths if it has one. */
  readonly url: string
  /** Gives seconds of CPU as a counter. */
  readonly cpu: string
  /** Gives bytes. */
  readonly memory: string
  readonly requests?: string
  readonly reader: ReaderOptions
}

type Asked = 'cpu' | 'memory' | 'requests'
type Queries = readonly (readonly [Asked, string])[]

interface Series {
  readonly labels: ReadonlyMap<string, string>
  readonly value: number
}

interface Result {
  readonly isScalar: boolean
  readonly series: readonly Series[]
  readonly warnings: readonly string[]
}

const MOST_SERIES = 1_000
/** The label of ours that parts the answers to a joined query. */
const ASKED_LABEL = 'outrider_asked'
/** The label that tells processes apart: the first of these that every series has. */
const INSTANCE_LABELS = ['instance', 'pod'] as const

export function createPromqlMeter(source: PromqlSource): Meter {
  const { arm, url, cpu, memory, requests } = source
  const queries: Queries = [
    ['cpu', cpu],
    ['memory', memory],
    ...(requests === undefined ? [] : [['requests', requests] as const]),
  ]
  const reader = createTextReader(source.reader)
  const endpoint = `${url.replace(/[?#].*$/, '').replace(/\/+$/, '')}/api/v1/query`
  let joined: string | undefined
  return {
    arm,
    place: shownAddress(endpoint),
    read: async (signal) => {
      const ask = async (name: string, query: string): Promise<Result> => {
        const parameters = new URLSearchParams({ query }).toString()
        const { status, text } = await reader.read(`${endpoint}?${parameters}`, signal)
        return resultOf(status, text, name)
      }
      joined ??= joinOf(
        await Promise.all(
          queries.map(async ([name, query]) => ({ name, query, ...(await ask(name, query)) })),
        ),
      )
      try {
        return saidBy(await ask('cpu or memory', joined), queries, new URL(url).host)
      } catch (thrown) {
        // Another server may stand there now: the next time they are asked one by one again.
        joined = undefined
        throw thrown
      }
    },
    close: () => reader.close(),
  }
}

/** Line ends, because a query may end in a comment. */
function joinOf(
  parts: readonly { readonly name: Asked; readonly query: string; readonly isScalar: boolean }[],
): string {
  return parts
    .map(({ name, query, isScalar }) => {
      const vector = isScalar ? `vector(\n${query}\n)` : `(\n${query}\n)`
      return `label_replace(${vector}, "${ASKED_LABEL}", "${name}", "", "")`
    })
    .join(' or ')
}

function saidBy({ series, warnings }: Result, queries: Queries, host: string): Said {
  const label = INSTANCE_LABELS.find((name) => series.every(({ labels }) => labels.has(name)))
  const byInstance = Map.groupBy(series, ({ labels }) =>
    label === undefined ? host : (labels.get(label) ?? host),
  )
  const empty = queries
    .map(([name]) => name)
    .filter((name) => !series.some(({ labels }) => labels.get(ASKED_LABEL) === name))
  if (empty.includes('cpu') && empty.includes('memory')) {
    throw new MeterFault(
      'nothing-measured',
      'finds no series for "cpu" and "memory"',
      'try both queries on the page of that Prometheus',
    )
  }
  return {
    usages: [...byInstance].map(([instance, own]) => usageOf(instance, own)),
    mayRepeat: true,
    countsRequests: queries.some(([name]) => name === 'requests'),
    remarks: [
      ...empty.map((name) => `finds no series for "${name}"`),
      ...warnings.map((warning) => `warns: ${warning}`),
    ],
  }
}

function usageOf(instance: string, series: readonly Series[]): Usage {
  const own = (asked: Asked): readonly Series[] =>
    series.filter(({ labels }) => labels.get(ASKED_LABEL) === asked)
  const cpuSeconds = sumOf(own('cpu'))
  const rssBytes = sumOf(own('memory'))
  const requests = sumOf(own('requests'))
  const members = membersOf(own('cpu').map(({ labels }) => labels))
  return {
    instance,
    ...(cpuSeconds === undefined ? {} : { cpuSeconds, members }),
    ...(rssBytes === undefined ? {} : { rssBytes }),
    ...(requests === undefined ? {} : { requests }),
  }
}

function sumOf(series: readonly Series[]): number | undefined {
  const values = series
    .map(({ value }) => value)
    .filter((value) => Number.isFinite(value) && value >= 0)
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0)
}

/** @throws MeterFault where it is no answer of Prometheus, an error, or no instant result */
function resultOf(status: number, text: string, asked: string): Result {
  const answer = parsed(text)
  const said = field(answer, 'status')
  if (said === 'error') {
    const why = quoted(`${String(field(answer, 'errorType'))}: ${String(field(answer, 'error'))}`)
    throw new MeterFault('refused', `refuses the query "${asked}" (${why})`, 'mend the query')
  }
  if (said !== 'success') {
    expectOk(status)
    throw new MeterFault(
      'garbage',
      'does not answer like a Prometheus',
      'name the address of the server without /api/v1, like http://10.0.0.9:9090',
    )
  }
  const data = field(answer, 'data')
  const warnings = field(answer, 'warnings')
  return {
    ...seriesOf(field(data, 'resultType'), field(data, 'result'), asked),
    warnings: (Array.isArray(warnings) ? warnings : [])
      .slice(0, 10)
      .map((one) => quoted(String(one))),
  }
}

function seriesOf(type: unknown, result: unknown, asked: string): Omit<Result, 'warnings'> {
  if (type === 'scalar') {
    const value = valueOf(result)
    return { isScalar: true, series: value === undefined ? [] : [{ labels: new Map(), value }] }
  }
  if (type !== 'vector' || !Array.isArray(result)) {
    throw new MeterFault(
      'garbage',
      `gives a ${quoted(String(type))} for the query "${asked}"`,
      'write a query that gives one value for each process now, without [5m] at its end',
    )
  }
  if (result.length > MOST_SERIES) {
    const why = `gives ${result.length} series for the query "${asked}", at most ${MOST_SERIES} are read`
    throw new MeterFault('garbage', why, 'choose fewer by labels, or add them up with sum()')
  }
  const series = result.flatMap((one: unknown) => {
    const value = valueOf(field(one, 'value'))
    return value === undefined ? [] : [{ labels: labelsOf(field(one, 'metric')), value }]
  })
  return { isScalar: false, series }
}

/** Of `[1435781451.781, "12.5"]`. */
function valueOf(point: unknown): number | undefined {
  const text: unknown = Array.isArray(point) ? point[1] : undefined
  return typeof text === 'string' && text !== '' ? Number(text) : undefined
}

/** Without its name, which a query may take away or keep. */
function labelsOf(metric: unknown): ReadonlyMap<string, string> {
  if (typeof metric !== 'object' || metric === null) return new Map()
  return new Map(
    Object.entries(metric)
      .filter(([name]) => name !== '__name__')
      .map(([name, value]) => [name, String(value).slice(0, 1_000)]),
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined
}
