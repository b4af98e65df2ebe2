/** The one sentence of a run: what, how much, since when, and what is still missing. */

import type { Plan } from '../../core/contract/plan.ts'
import type {
  ActionReport,
  Effect,
  Finding,
  Need,
  Note,
  Reason,
} from '../../core/contract/report.ts'
import { RARE_POOL, WHOLE_SERVICE, type Metric, type RunVerdict } from '../../core/verdict.ts'
import { isUnlocalised } from './findings.ts'
import { countWords, percentWords, pointsWords, ratioWords, secondsWords } from './words.ts'

export interface SummaryInput {
  readonly plan: Plan
  readonly verdict: RunVerdict
  readonly findings: readonly Finding[]
  readonly notes: readonly Note[]
  readonly actions: readonly ActionReport[]
  readonly reasons: readonly Reason[]
  /** What the whole service still needs; left out when it is proven. */
  readonly serviceNeed?: Need
  /** Seconds of all phases. */
  readonly seconds: number
}

const METRIC_WORDS: Readonly<Record<Metric, string>> = {
  latency_typical: 'typical',
  latency_tail: 'tail',
  errors: 'errors',
  responses: 'responses',
  cpu: 'cpu',
  memory: 'memory',
}
/** More than these would not be a sentence. */
const MOST_NAMED = 2

export function summaryOf(input: SummaryInput): string {
  switch (input.verdict) {
    case 'regressed':
      return regressedSummary(input)
    case 'healthy':
      return healthySummary(input)
    case 'inconclusive':
      return inconclusiveSummary(input)
    case 'invalid':
      return `Not judged: ${input.reasons[0]?.message ?? 'there is nothing to judge'}`
  }
}

/** The state of a run that goes on. */
export function liveSentence(input: SummaryInput, remainingSeconds: number | undefined): string {
  if (input.verdict !== 'inconclusive' && input.verdict !== 'healthy') return summaryOf(input)
  const required = input.actions.filter((action) => action.required)
  const proven = required.filter(({ verdict }) => verdict === 'healthy').length
  const left =
    remainingSeconds === undefined ? '' : `, about ${secondsWords(remainingSeconds)} to go`
  return `Nothing found so far: ${proven} of ${required.length} actions proven${left}`
}

/** A finding as a clause: `checkout is 1.31× slower (1.22–1.41)`. */
export function findingWords(finding: Finding): string {
  const { action, metric, effect, role } = finding
  const name = action === WHOLE_SERVICE ? 'the service' : action
  const load = role === 'under_load' ? ' under load' : ''
  return `${name} ${effectWords(metric, effect)}${load}${intervalWords(effect)}${fieldWords(finding)}`
}

/** What was found, as short as it can be said: one clause, and how much more there is. */
export function foundWords(
  findings: readonly Finding[],
  reasons: readonly Reason[],
): string | undefined {
  const critical = reasons.find(({ code }) => code === 'critical')
  if (critical !== undefined) return critical.message
  const lead = leadOf(findings)
  if (lead === undefined) return undefined
  const others = new Set(findings.map(({ action }) => action)).size - 1
  return `${findingWords(lead)}${others === 0 ? '' : ` and ${counted(others, 'more action')}`}`
}

function regressedSummary(input: SummaryInput): string {
  const first = leadOf(input.findings)
  const critical = input.reasons.find(({ code }) => code === 'critical')
  if (critical !== undefined) return `critical: ${critical.message}`
  if (first === undefined) return 'The canary regressed'
  const words = foundWords(input.findings, input.reasons) ?? ''
  const where = isUnlocalised(first) ? `not localised: ${words}` : words
  const rest = restWords(input)
  return `${where}, decided after ${secondsWords(first.detectedAt)}${rest === '' ? '' : `; ${rest}`}`
}

/** Of the first action's findings the one that says most: a ratio with its interval. */
function leadOf(findings: readonly Finding[]): Finding | undefined {
  const [first] = findings
  return (
    findings.find(({ action, effect }) => action === first?.action && effect?.low !== undefined) ??
    first
  )
}

function restWords(input: SummaryInput): string {
  const actions = input.actions.filter(({ action }) => action !== WHOLE_SERVICE)
  const proven = actions.filter(({ verdict }) => verdict === 'healthy')
  const needing = actions.filter(({ need, verdict }) => need && verdict === 'inconclusive')
  const longest = Math.max(0, ...needing.map(({ need }) => need?.seconds ?? 0))
  return [
    ...(proven.length === 0 ? [] : [`${counted(proven.length, 'action')} proven`]),
    ...(needing.length === 0
      ? []
      : [
          `${needing.length} ${needing.length === 1 ? 'needs' : 'need'} about ${secondsWords(longest)} more`,
        ]),
  ].join(', ')
}

function healthySummary({ plan, actions, notes, seconds }: SummaryInput): string {
  const required = actions.filter((action) => action.required).length
  const what =
    required === 0 ? 'The whole service is' : `All ${counted(required, 'required action')}`
  const proven = `${what} proven within the margin after ${secondsWords(seconds)}`
  const [first] = notes
  if (first === undefined) return proven
  const { effect } = first
  const planned = plan.actions.find(({ action }) => action === first.action)
  const margin = percentWords(planned?.margin.latencyTypical ?? 0)
  const range =
    effect.low === undefined || effect.high === undefined
      ? ''
      : ` (${edge(effect.low)}–${edge(effect.high)} %)`
  const faster = effect.estimate < 1
  const change = `${percentWords(Math.abs(effect.estimate - 1))} ${faster ? 'faster' : 'slower'}`
  const within = faster ? '' : `, within ${margin}`
  return `${proven}; ${counted(notes.length, 'note')}: ${first.action} is ${change}${range}${within}`
}

function inconclusiveSummary({ actions, reasons, serviceNeed }: SummaryInput): string {
  const required = actions.filter((action) => action.required || action.action === RARE_POOL)
  const open = required.filter(({ verdict }) => verdict !== 'healthy')
  const why = reasons.find(({ code }) => STOPPERS.includes(code))
  const needs = [
    ...open.map(({ action, need }) => ({ name: action, need })),
    ...(serviceNeed === undefined ? [] : [{ name: 'the whole service', need: serviceNeed }]),
  ].toSorted((left, right) => (right.need?.seconds ?? 0) - (left.need?.seconds ?? 0))
  if (needs.length === 0) return `Nothing found, but ${why?.message ?? 'the run ended too early'}`
  const head =
    open.length === 0
      ? 'Nothing found, but the whole service is not proven'
      : `Nothing found, but ${open.length} of ${required.length} actions ${
          open.length === 1 ? 'is' : 'are'
        } not proven`
  const named = needs.slice(0, MOST_NAMED).flatMap(({ name, need }) => needWords(name, need))
  const longest = needs[0]?.need?.seconds
  const time = longest === undefined ? '' : `, about ${secondsWords(longest)}`
  const cause = why === undefined ? '' : `; ${why.message}`
  return `${head}${named.length === 0 ? '' : `: ${named.join(', ')}${time}`}${cause}`
}

/** Reasons that keep a run from being healthy whatever was proven. */
const STOPPERS: readonly string[] = [
  'interrupted',
  'capped-blocks',
  'connection-limit',
  'too-short',
  'cold-start',
]

function needWords(name: string, need: Need | undefined): string[] {
  if (need === undefined) return []
  return [`${name} needs ${countWords(need.pairs)} more pairs (${METRIC_WORDS[need.metric]})`]
}

function effectWords(metric: Metric, effect: Effect | undefined): string {
  switch (metric) {
    case 'errors':
      return effect === undefined ? 'fails more' : `fails ${pointsWords(effect.estimate)} more`
    case 'responses':
      return effect === undefined
        ? 'gives other answers'
        : `gives other answers in ${percentWords(effect.estimate)}`
    case 'cpu':
    case 'memory': {
      const what = metric === 'cpu' ? 'CPU' : 'memory'
      return effect === undefined
        ? `uses more ${what}`
        : `uses ${ratioWords(effect.estimate)}× the ${what}`
    }
    case 'latency_typical':
    case 'latency_tail': {
      if (effect === undefined) return `is slower (${METRIC_WORDS[metric]} latency)`
      const ratio = `is ${ratioWords(effect.estimate)}× slower`
      return metric === 'latency_tail' ? `${ratio} in the tail` : ratio
    }
  }
}

/** The field that differs most, where answers do. */
function fieldWords({ fields }: Finding): string {
  const path = fields?.[0]?.path
  return path === undefined ? '' : ` (${path})`
}

function intervalWords(effect: Effect | undefined): string {
  if (effect?.low === undefined || effect.high === undefined) return ''
  if (effect.kind === 'difference') return ''
  return ` (${ratioWords(effect.low)}–${ratioWords(effect.high)})`
}

/** An end of an interval as whole per cent off 1. */
function edge(ratio: number): string {
  const percent = Math.round((ratio - 1) * 100)
  return percent < 0 ? `−${-percent}` : String(percent)
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
