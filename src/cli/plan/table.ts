/**
 * A plan as text: what each action must prove and how long that takes, what would be found how
 * soon, what had to be assumed, and in the last line whether the run is long enough. Pure.
 */

import { WHOLE_SERVICE } from '../../core/verdict.ts'
import { wrap } from '../../report/columns.ts'
import { NARROW_SPACE, formatPercent, formatSeconds } from '../../report/numbers.ts'
import { paint, plainText, type TextStyle } from '../../report/text.ts'
import { METRIC_WORDS, actionName, skipWords } from '../../report/words.ts'
import type { ClaimForecast, PlannedProbe, RunForecast, ScopeForecast } from '../../outrider.ts'
import { renderColumns } from './columns.ts'
import { claimWords, detectionWords, expectedWords, ratioWords, remedyWords } from './words.ts'

const MOST_ACTIONS = 30
const MOST_SHORT = 10
const FACT_WIDTH = 66

/** No line is wider than 80 columns; ends with a line break. */
export function renderPlan(planned: PlannedProbe, style: TextStyle): string {
  const { forecast } = planned
  const shown = [forecast.service, ...forecast.actions.slice(0, MOST_ACTIONS)]
  const more = forecast.actions.length - MOST_ACTIONS
  const lines = [
    ...proofTable(shown, style),
    ...(more > 0 ? [`  ${more} more actions, in --json`] : []),
    '',
    ...detectionTable(shown, style),
    '',
    ...factsOf(planned).flatMap(([label, text]) => renderFact(label, text, style)),
    ...renderSentence(forecast, style),
  ]
  return `${lines.join('\n')}\n`.replaceAll(NARROW_SPACE, ' ')
}

function proofTable(scopes: readonly ScopeForecast[], style: TextStyle): string[] {
  const rows = scopes.flatMap((scope) => {
    const { action, share, pairsPerSecond, tier, claims } = scope
    const name = nameOf(action)
    const load = [name, formatPercent(share), rateWords(pairsPerSecond), tier ?? '']
    if (claims.length === 0) return [[...load, 'watched', '']]
    return claims.map((claim, index) => [
      ...(index === 0 ? load : ['', '', '', '']),
      claimWords(claim),
      expectedWords(claim),
    ])
  })
  const head = ['action', 'share', 'pairs/s', 'tier', 'to be proven', 'after (10–90 %)']
  return renderColumns(texts([head, ...rows], style), {
    align: ['left', 'right', 'right', 'left', 'left', 'left'],
    ellipsis: style.unicode ? '…' : '~',
  })
}

function detectionTable(scopes: readonly ScopeForecast[], style: TextStyle): string[] {
  const found = scopes.filter(({ detects }) => detects !== undefined)
  const compared = found.some(({ detects }) => detects?.responses !== undefined)
  const head = ['found after', 'least', '+10 %', '+20 %', '+50 %', '+1 pp', '+5 pp']
  const rows = found.map(({ action, detects }) => [
    nameOf(action),
    ratioWords(detects?.smallestRatio),
    ...[0, 1, 2].map((index) => detectionWords(detects?.slower[index])),
    ...[0, 1].map((index) => detectionWords(detects?.errors[index])),
    ...(compared ? [0, 1].map((index) => detectionWords(detects?.responses?.[index])) : []),
  ])
  const heads = [...head, ...(compared ? ['wrong', '1 % wrong'] : [])]
  return renderColumns(texts([heads, ...rows], style), {
    align: heads.map((_, index) => (index === 0 ? 'left' : 'right')),
    ellipsis: style.unicode ? '…' : '~',
  })
}

function factsOf({ forecast, plan, skipped }: PlannedProbe): [label: string, text: string][] {
  const { length, assumed, rate, phases } = forecast
  const { seconds, p10Seconds, p90Seconds, limitSeconds } = length
  const about =
    plan.duration === 'auto'
      ? `about ${formatSeconds(seconds)} (${formatSeconds(p10Seconds)}–${formatSeconds(p90Seconds)}), at most ${formatSeconds(limitSeconds)}`
      : formatSeconds(seconds)
  const measured = allClaims(forecast).some(({ claim }) => claim.basis === 'measured')
  return [
    ['length', `${about}; ${rate} pairs/s, ${phases.join(' and ')}`],
    ['found', 'seconds of a phase until the action is named; least: within the expected length'],
    [
      'assumed',
      `a spread of ${assumed.sigma}, which is that of the study, and ${formatPercent(assumed.baselineFailures)} failures; the run measures both`,
    ],
    ...(measured
      ? [['measured', '* pairs of real runs; the tail has no formula'] satisfies [string, string]]
      : []),
    ...(plan.focus
      ? [
          [
            'focus',
            'on: undecided actions get more than their share, so proofs come sooner',
          ] satisfies [string, string],
        ]
      : []),
    ...shortOf(forecast).map(({ action, claim }): [string, string] => [
      claim.inTime === 'no' ? 'too short' : 'perhaps',
      shortWords(action, claim),
    ]),
    ...skipped
      .slice(0, MOST_SHORT)
      .map(({ action, code }): [string, string] => [
        'skipped',
        `${action}: not sent, ${skipWords(code)}`,
      ]),
  ]
}

function allClaims({
  service,
  actions,
}: RunForecast): { readonly action: string; readonly claim: ClaimForecast }[] {
  return [service, ...actions].flatMap(({ action, claims }) =>
    claims.map((claim) => ({ action, claim })),
  )
}

/** Of each action the claim that takes longest, where the run may be too short for it. */
function shortOf(forecast: RunForecast): ReturnType<typeof allClaims> {
  const late = allClaims(forecast)
    .filter(({ claim }) => claim.expected !== undefined && claim.inTime !== 'yes')
    .toSorted((left, right) => secondsOf(right.claim) - secondsOf(left.claim))
  const first = late.filter(
    ({ action }, index) => late.findIndex((other) => other.action === action) === index,
  )
  return first.slice(0, MOST_SHORT)
}

function secondsOf({ expected }: ClaimForecast): number {
  return expected?.seconds ?? 0
}

function shortWords(action: string, claim: ClaimForecast): string {
  const ways = remedyWords(claim)
  const time = claim.expected === undefined ? '' : ` needs ${formatSeconds(claim.expected.seconds)}`
  const what = `${actionName(action)}${time} for ${METRIC_WORDS[claim.metric]}`
  return ways === undefined ? what : `${what}: ${ways}`
}

function renderSentence(forecast: RunForecast, style: TextStyle): string[] {
  const { length, actions, service } = forecast
  const claimed = [service, ...actions].filter(({ claims }) => claims.length > 0)
  const late = claimed.filter(({ claims }) => claims.some(({ inTime }) => inTime === 'no'))
  const most = formatSeconds(length.limitSeconds)
  const sentence =
    late.length === 0
      ? `nothing was sent; a healthy canary can be proven, after about ${formatSeconds(length.seconds)}`
      : `nothing was sent; ${late.length} of ${claimed.length} cannot be proven in ${most}: ${late
          .slice(0, 3)
          .map(({ action }) => actionName(action))
          .join(', ')}${late.length > 3 ? ' and more' : ''}`
  const head = plainText(late.length === 0 ? '✔ plan' : '? plan', style)
  const lines = wrap(plainText(sentence, style), 76, head.length)
  const mark = late.length === 0 ? ('green' as const) : undefined
  return lines.map((line, index) =>
    index === 0 ? `${paint(mark, head, style)}  ${line}` : `  ${line}`,
  )
}

/** Short, because the name shares its line with much else. */
function nameOf(action: string): string {
  return action === WHOLE_SERVICE ? 'service' : actionName(action)
}

function rateWords(pairsPerSecond: number): string {
  return String(Number(pairsPerSecond.toPrecision(3)))
}

function renderFact(label: string, text: string, style: TextStyle): string[] {
  const lines = wrap(plainText(text, style), FACT_WIDTH)
  return lines.map((line, index) => `  ${(index === 0 ? label : '').padEnd(10)}${line}`)
}

function texts(rows: readonly (readonly string[])[], style: TextStyle): string[][] {
  return rows.map((row) => row.map((cell) => plainText(cell, style)))
}
