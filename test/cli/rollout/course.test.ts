import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RolloutEvent } from '../../../src/core/contract/rollout.ts'
import { renderLine } from '../../../src/cli/rollout/course/line.ts'
import { createLines } from '../../../src/cli/rollout/course/lines.ts'
import { countdownTo, whenOf } from '../../../src/cli/rollout/course/timing.ts'
import { widthOf } from '../../../src/report/columns.ts'
import { finding, ratio } from '../../report/example-report.ts'
import { exampleRollout } from '../../server/example-rollout.ts'
import { START_MS, atSecond, endAt, stateAt, weightAt } from './stage.ts'

const plain = { colour: false, unicode: true }

/** The printed lines; each event comes when it happened, and time is told once a second. */
function linesFor(
  events: readonly RolloutEvent[],
  { style = plain, untilSecond = 0, state = 'probing' as const } = {},
): string[] {
  const printed: string[] = []
  const lines = createLines('r1', style, (line) => printed.push(...line.split('\n')))
  lines.begin(exampleRollout({ state, weightBp: 0 }), 'edge read 0 %; the course', START_MS)
  const last = Math.max(untilSecond, ...events.map(({ at }) => (Date.parse(at) - START_MS) / 1000))
  for (let second = 0; second <= last; second += 1) {
    for (const event of events) {
      if (event.at === atSecond(second)) lines.show(event, START_MS + second * 1000)
    }
    lines.tick(START_MS + second * 1000)
  }
  lines.flush(START_MS + last * 1000)
  return printed
}

function block(second: number, changes: Partial<ReturnType<typeof exampleRollout>>): RolloutEvent {
  const { history: _history, ...document } = exampleRollout(changes)
  return { kind: 'block', at: atSecond(second), rollout: 'r1', document }
}

const raiseAt = (minute: number, seq: number, toBp: number): RolloutEvent[] =>
  weightAt(minute * 60, seq, 'ramping', [toBp - 100, toBp], 'no alarm')

describe('createLines()', () => {
  it('says each decision once, whatever number of events it comes in', () => {
    const lines = linesFor([
      stateAt(112, 1, ['probing', 'ramping'], 500, 'the gate is passed'),
      ...weightAt(112, 2, 'ramping', [0, 500], 'the gate is passed'),
      { kind: 'finding', seq: 4, at: atSecond(151), rollout: 'r1', finding: slow },
      stateAt(152, 5, ['ramping', 'rolling_back'], 0, 'checkout is slower', 'alarm'),
      ...weightAt(152, 6, 'rolling_back', [500, 0], 'checkout is slower', 'alarm'),
      stateAt(153, 8, ['rolling_back', 'rolled_back'], 0, 'checkout is slower', 'alarm'),
      endAt(153, 9, 'rolled_back'),
    ])
    expect(lines).toEqual([
      '13:00:00 r1 probing    0 %  edge read 0 %; the course',
      '13:01:52 r1 ramping    5 %  ↗ the gate is passed, read back',
      '13:02:31 r1 ✖ checkout is 1.31× slower (1.22–1.41)',
      '13:02:33 r1 rolled_back 0 %  ↘ checkout is slower, read back',
    ])
  })

  it('joins raises between which nothing else happened', () => {
    const lines = linesFor([
      stateAt(0, 1, ['probing', 'ramping'], 500, 'the gate is passed'),
      ...weightAt(0, 2, 'ramping', [0, 500], 'the gate is passed'),
      ...[1, 2, 3, 4, 5, 6, 7].flatMap((minute) =>
        raiseAt(minute, 2 + minute * 2, 500 + minute * 100),
      ),
      stateAt(450, 30, ['ramping', 'holding'], 1200, 'the generator was the bottleneck'),
    ])
    expect(lines.slice(2)).toEqual([
      '13:01:00 r1 ramping    6 %  ↗ no alarm, read back',
      '13:05:00 r1 ramping   10 %  ↗ no alarm, read back (5 raises since 13:00:00)',
      '13:07:00 r1 ramping   12 %  ↗ no alarm, read back (2 raises since 13:05:00)',
      '13:07:30 r1 holding   12 %  → the generator was the bottleneck',
    ])
  })

  it('keeps no raise back for longer than five minutes', () => {
    const lines = linesFor([...raiseAt(1, 1, 600), ...raiseAt(5, 3, 700)], { untilSecond: 601 })
    expect(lines).toHaveLength(3)
    expect(lines[2]).toMatch(/^13:05:00 r1 ramping {4}7 % /)
  })

  it('says once that a weight was not read back, and where it is until then', () => {
    const [asked] = weightAt(10, 1, 'rolling_back', [500, 0], 'the router does not answer, try 1')
    const again = [20, 30].flatMap((second, index) =>
      weightAt(
        second,
        3 + index,
        'rolling_back',
        [500, 0],
        'the router does not answer, try 1',
      ).slice(0, 1),
    )
    const lines = linesFor([...(asked === undefined ? [] : [asked]), ...again], { untilSecond: 40 })
    expect(lines.slice(1)).toEqual([
      '13:00:10 r1 rolling_back 5 %  ↘ the router does not answer, try 1; 0 % is asked',
      '                              for and not read back yet',
    ])
  })

  it('at the gate has a line for each phase and every thirty seconds', () => {
    const load = { plannedRate: 10, deliveredRate: 10, pairs: 9, baselineFailureShare: 0 }
    const events = Array.from({ length: 66 }, (_, second) =>
      block(second, {
        state: 'probing',
        sentence: `Probing: nothing found in ${second} s`,
        load: {
          phase: second < 5 ? 'warm-up' : 'quiet',
          ...load,
          generatorLagP99Ms: 1,
          unequalLoad: false,
        },
      }),
    )
    expect(linesFor(events).slice(1)).toEqual([
      '13:00:00 r1 probing    0 %  → warm-up: nothing found in 0 s',
      '13:00:05 r1 probing    0 %  → quiet: nothing found in 5 s',
      '13:00:35 r1 probing    0 %  → nothing found in 35 s',
      '13:01:05 r1 probing    0 %  → nothing found in 65 s',
    ])
  })

  it('while it holds says so every thirty seconds, and a tick that changes nothing not at all', () => {
    const hold = (second: number, message: string, code: string): RolloutEvent =>
      stateAt(second, second, ['holding', 'holding'], 500, message, code)
    const lines = linesFor([
      stateAt(1, 1, ['ramping', 'holding'], 500, 'just reduced', 'hold-ticks'),
      hold(5, '2 more ticks', 'hold-ticks'),
      hold(10, '1 more tick', 'hold-ticks'),
      hold(15, 'not clear', 'not-clear'),
      hold(50, '2 of 5 clear ticks', 'not-clear'),
    ])
    expect(lines.slice(1).map((line) => line.slice(0, 8) + line.slice(26))).toEqual([
      '13:00:01  → just reduced',
      '13:00:15  → not clear',
      '13:00:50  → 2 of 5 clear ticks',
    ])
  })

  it('has alerts and notes, escapes what targets say, and knows ASCII', () => {
    const reason = { code: 'act-refused', message: 'cannot promote\u001B[2J' }
    const base = { rollout: 'r1', at: atSecond(3) }
    const lines = linesFor(
      [
        { kind: 'alert', seq: 1, ...base, alert: 'a1', title: 'checkout 1.31× slower' },
        { kind: 'note', seq: 2, ...base, reason },
        ...weightAt(4, 3, 'ramping', [0, 500], 'no alarm'),
        ...weightAt(5, 5, 'holding', [500, 0], 'alarm'),
      ],
      { style: { colour: false, unicode: false } },
    )
    expect(lines.slice(1)).toEqual([
      '13:00:03 r1 ! checkout 1.31x slower',
      '13:00:03 r1 probing    0 %  - cannot promote\\x1b[2J',
      '13:00:04 r1 ramping    5 %  / no alarm, read back',
      '13:00:05 r1 holding    0 %  \\ alarm, read back',
    ])
  })

  it('colours the sign of a finding and nothing else', () => {
    const [, line] = linesFor(
      [{ kind: 'finding', seq: 1, at: atSecond(1), rollout: 'r1', finding: slow }],
      { style: { colour: true, unicode: true } },
    )
    expect(line).toBe('13:00:01 r1 \u001B[31m✖\u001B[0m checkout is 1.31× slower (1.22–1.41)')
  })
})

const slow = finding('checkout', ratio(1.31, 1.22, 1.41))

describe('renderLine()', () => {
  it('fits into 80 columns and has no control characters, whatever is said', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.integer({ min: 0, max: 10_000 }),
        fc.boolean(),
        (text, weightBp, unicode) => {
          const line = { clock: '13:00:00', id: 'r1', weightBp, text } as const
          const printed = renderLine(
            { ...line, state: 'rolling_back', direction: 'down' },
            { unicode, colour: false },
          )
          for (const part of printed.split('\n')) {
            expect(widthOf(part)).toBeLessThanOrEqual(80)
            expect(part).not.toMatch(/\p{Cc}/u)
          }
        },
      ),
      { numRuns: 50 },
    )
  })
})

describe('countdownTo(), whenOf()', () => {
  it('never count below now, and name the day where it is another', () => {
    expect(countdownTo('nonsense', START_MS)).toBe('now')
    expect(countdownTo(atSecond(-5), START_MS)).toBe('now')
    expect(countdownTo(atSecond(12), START_MS)).toBe('in 0:12')
    expect(countdownTo(atSecond(3661), START_MS)).toBe('in 1:01:01')
    expect(whenOf(atSecond(1), START_MS)).toBe('13:00:01')
    expect(whenOf(atSecond(86_400), START_MS)).toBe('2026-01-02 13:00:00')
  })
})
