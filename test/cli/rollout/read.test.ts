import { describe, expect, it } from 'vitest'
import { rolloutListSchema, rolloutSchema } from '../../../src/core/contract/rollout.ts'
import { showList, showStatus, showWhy } from '../../../src/cli/rollout/read.ts'
import { renderSentences } from '../../../src/cli/rollout/show/sentence.ts'
import { START_MS, atSecond, createStage, type Stage } from './stage.ts'

function staged(): Stage {
  const stage = createStage()
  const reason = { code: 'alarm', message: 'checkout is 1.31× slower' }
  const entry = { state: 'holding', actor: 'policy', reason } as const
  stage.rollouts.show({
    id: 'r1',
    version: '1.4.2',
    state: 'holding',
    sentence: 'Holding at 5\u202F% since 14:02:32: checkout is 1.31× slower (1.22–1.41).',
    consequence: 'It rises to 6\u202F% after 5 clear ticks (0 so far), at the earliest 14:10:00.',
    startedAt: atSecond(0),
    startedBy: 'ana',
    nextDecisionAt: atSecond(372),
    episode: 1,
    reading: { kind: 'read', at: atSecond(330), configuredBp: 500, effectiveBp: 500 },
    observedBp: 487,
    observed: { lowBp: 440, highBp: 536, requests: 8123 },
    live: {
      kind: 'ok',
      windowSeconds: 30,
      baseline: { requests: 8000, serverErrors: 3 },
      canary: { requests: 400, serverErrors: 0 },
    },
    load: {
      phase: 'load',
      plannedRate: 10,
      deliveredRate: 9.93,
      pairs: 2913,
      baselineFailureShare: 0,
      generatorLagP99Ms: 1,
      unequalLoad: false,
    },
    evidence: { lnRun: Math.log(2.6), lnThreshold: Math.log(300) },
    ladder: [
      {
        kind: 'raise',
        now: false,
        title: 'to 6\u202F%, if all of',
        conditions: [{ text: 'clear ticks in a row', value: '0 of 5', holds: false }],
      },
      {
        kind: 'hold',
        now: true,
        title: 'at 5\u202F%, otherwise',
        conditions: [{ text: 'just reduced', holds: true }],
      },
    ],
    history: [
      { seq: 0, at: atSecond(110), kind: 'state', ...entry },
      { seq: 1, at: atSecond(110), kind: 'weight', fromBp: 0, toBp: 500, verified: true, ...entry },
      { seq: 2, at: atSecond(240), kind: 'finding', ...entry },
      {
        seq: 3,
        at: atSecond(241),
        kind: 'weight',
        fromBp: 1000,
        toBp: 500,
        verified: false,
        ...entry,
      },
      { seq: 4, at: atSecond(250), kind: 'note', ...entry, actor: 'ana' },
      { seq: 5, at: atSecond(260), kind: 'alert', ...entry },
    ],
  })
  return stage
}

const NOW = START_MS + 360_000

describe('showStatus()', () => {
  it('knows no rollout that is not there', async () => {
    const { door, input } = createStage()
    await expect(showStatus(door, input(['r9']), NOW)).rejects.toMatchObject({
      code: 'unknown-rollout',
    })
  })

  it('has the three weights, the ladder, the history, and the sentence last', async () => {
    const { door, input, terminal } = staged()
    expect(await showStatus(door, input(['r1']), NOW)).toBe(0)
    expect(terminal.printed.out).toBe(`Rollout r1  shop 1.4.2
  target     shop, router edge
  state      holding, inconclusive, episode 2 of 3
  intended   5 %
  read       edge read 5 % at 13:05:30
  observed   4.87 % (4.4–5.36) of 8 123 requests
  live       ok over 30 s; baseline 8 000 requests, 3 failed; canary 400
             requests, 0 failed
  load       load: 9.9 of 10 pairs/s, 2 913 pairs
  evidence   × 2.6 of × 300
  next       13:06:12, in 0:12
  started    13:00:00 by ana

  raise to 6 %, if all of
    - clear ticks in a row: 0 of 5
> hold at 5 %, otherwise
    ✔ just reduced

13:01:50 holding    5 %  ↗ checkout is 1.31× slower, read back
13:04:00 ✖ checkout is 1.31× slower
13:04:01 holding    5 %  ↘ checkout is 1.31× slower, not read back
13:04:10 holding    5 %  → checkout is 1.31× slower (ana)
13:04:20 ! checkout is 1.31× slower

Holding at 5 % since 14:02:32: checkout is 1.31× slower (1.22–1.41). It rises
to 6 % after 5 clear ticks (0 so far), at the earliest 14:10:00.
`)
  })

  it('says what is not known, and what stands still', async () => {
    const { door, input, terminal, rollouts } = createStage()
    rollouts.show({ id: 'r1', controlled: false, live: { kind: 'too-few', windowSeconds: 30 } })
    await showStatus(door, input(['r1']), NOW)
    expect(terminal.printed.out).toContain(
      '  read       not known: only the process that controls it asks the router\n',
    )
    expect(terminal.printed.out).toContain('  observed   not known\n')
    expect(terminal.printed.out).toContain('  live       too few requests to say over 30 s\n')
    expect(terminal.printed.out).toContain('by nobody, so it stands still: outrider rollout resume')
    rollouts.show({
      id: 'r1',
      reading: { kind: 'unreachable', at: atSecond(1), tries: 4, message: 'no such socket' },
    })
    await showStatus(door, input(['r1']), NOW)
    expect(terminal.printed.out).toContain('edge could not be read: no such socket at 13:00:01\n')
  })

  it('with --json is the document', async () => {
    const { door, input, terminal } = staged()
    await showStatus(door, input(['r1'], { json: true }), NOW)
    expect(rolloutSchema.parse(JSON.parse(terminal.printed.out)).id).toBe('r1')
  })
})

describe('showWhy()', () => {
  it('is the sentence and its consequence, as the design has it', async () => {
    const { door, input, terminal } = staged()
    expect(await showWhy(door, input(['r1']), NOW)).toBe(0)
    expect(terminal.printed.out).toBe(
      `Holding at 5 % since 14:02:32: checkout is 1.31× slower (1.22–1.41). It rises
to 6 % after 5 clear ticks (0 so far), at the earliest 14:10:00.
`,
    )
    await showWhy(door, input(['r1'], { json: true }), NOW)
    expect(JSON.parse(terminal.printed.out.split('\n').at(-2) ?? '')).toMatchObject({
      id: 'r1',
      state: 'holding',
      reason: { code: 'no-alarm' },
    })
  })

  it('has at most three lines of 80 columns, whatever there is to say', () => {
    const style = { colour: false, unicode: false }
    const lines = renderSentences(
      { sentence: 'word '.repeat(99), consequence: 'x'.repeat(99) },
      style,
    )
    expect(lines).toHaveLength(3)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
    expect(lines[2]).toMatch(/~$/)
  })
})

describe('showList()', () => {
  it('says how to begin where there is none', async () => {
    const { door, input, terminal } = createStage()
    expect(await showList(door, input([]), NOW)).toBe(0)
    expect(terminal.printed.out).toMatch(/^No rollouts yet: outrider rollout start/)
  })

  it('is a table, newest first, that says what nobody controls', async () => {
    const { door, input, terminal, rollouts } = createStage()
    rollouts.show({ id: 'r1', state: 'rolled_back', weightBp: 0, startedAt: atSecond(-86_400) })
    rollouts.show({
      id: 'r2',
      controlled: false,
      name: 'shop\u001B[2J 1.5',
      startedAt: atSecond(1),
    })
    await showList(door, input([]), NOW)
    expect(terminal.printed.out)
      .toBe(`  id  state                  weight  router  name             started
  r2  ramping, uncontrolled     5 %  edge    shop\\x1b[2J 1.5  13:00:01
  r1  rolled back               0 %  edge    shop 1.4.2       2025-12-31 13:00:00
2 rollouts, 1 not over
`)
  })

  it('with --json is the page, and says when there are more', async () => {
    const { door, input, terminal, rollouts } = createStage()
    for (let number = 1; number <= 51; number += 1) rollouts.show({ id: `r${number}` })
    await showList(door, input([], { json: true }), NOW)
    expect(rolloutListSchema.parse(JSON.parse(terminal.printed.out)).nextCursor).toBe('n1')
    await showList(door, input([]), NOW)
    expect(terminal.printed.out).toMatch(/50 rollouts, 50 not over, and more than shown\n$/)
  })
})
