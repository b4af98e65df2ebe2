import { describe, expect, it } from 'vitest'
import type {
  HistoryEntry,
  RolloutAct,
  RolloutDocument,
} from '../../../src/core/contract/rollout.ts'
import { bringRolloutWord } from '../../../src/cli/rollout/word.ts'
import { atSecond, createStage, settleAll, type Stage } from './stage.ts'

function entry(seq: number, code: string, more: Partial<HistoryEntry> = {}): HistoryEntry {
  const reason = { code, message: `${code} in words` }
  return { seq, at: atSecond(seq), kind: 'state', state: 'paused', actor: 'ana', reason, ...more }
}

const running = {
  id: 'r1',
  state: 'ramping',
  controlled: true,
  history: [entry(3, 'no-alarm')],
} as const

function speak(
  stage: Stage,
  act: RolloutAct,
  flags: Readonly<Record<string, string | boolean>> = {},
): Promise<number> {
  return bringRolloutWord(stage.door, act, stage.input(['r1'], flags), stage.tools)
}

function show(stage: Stage, changes: Partial<RolloutDocument>): void {
  stage.rollouts.show({ id: 'r1', ...changes })
}

describe('bringRolloutWord()', () => {
  it('knows no rollout that is not there', async () => {
    const stage = createStage()
    await expect(speak(stage, 'pause')).rejects.toMatchObject({ code: 'unknown-rollout' })
  })

  it('refuses a reason that is none', async () => {
    const stage = createStage()
    show(stage, { ...running, history: [...running.history] })
    await expect(speak(stage, 'pause', { reason: ' ' })).rejects.toMatchObject({
      where: '--reason',
    })
  })

  it.each([true, false])(
    'what the state forbids is refused, controlled: %s',
    async (controlled) => {
      const stage = createStage()
      show(stage, { state: 'rolled_back', controlled, sentence: 'Rolled back: it is slower' })
      await expect(speak(stage, 'abort')).rejects.toMatchObject({ code: 'act-refused' })
      show(stage, { state: 'paused', controlled })
      await expect(speak(stage, 'finalize')).rejects.toMatchObject({ code: 'act-refused' })
      expect([stage.rollouts.told, stage.rollouts.resumed]).toEqual([[], []])
    },
  )
})

describe('a word for a rollout that another process controls', () => {
  it('is brought to it, and the answer is printed as a sentence: exit 0', async () => {
    const stage = createStage()
    show(stage, { ...running, history: [...running.history] })
    const code = speak(stage, 'pause', { reason: 'deploy freeze' })
    await settleAll()
    expect(stage.rollouts.told).toEqual([
      { id: 'r1', act: 'pause', by: 'ana', reason: 'deploy freeze' },
    ])
    stage.timing.pass(1)
    await settleAll()
    expect(stage.terminal.printed.out).toBe('')
    show(stage, {
      sentence: 'Paused at 5\u202F%: paused by ana: "deploy freeze"',
      consequence: 'It stays until somebody resumes or aborts it.',
      history: [...running.history, entry(4, 'person-pause')],
    })
    stage.timing.pass(1)
    expect(await code).toBe(0)
    expect(stage.terminal.printed.out).toBe(
      `Paused at 5 %: paused by ana: "deploy freeze". It stays until somebody resumes\nor aborts it.\n`,
    )
    expect(stage.rollouts.resumed).toEqual([])
  })

  it('with --json the document is the answer', async () => {
    const stage = createStage()
    show(stage, { ...running, history: [...running.history] })
    const code = speak(stage, 'abort', { json: true })
    await settleAll()
    show(stage, { state: 'aborted', history: [...running.history, entry(4, 'person-abort')] })
    stage.timing.pass(1)
    expect(await code).toBe(0)
    expect(JSON.parse(stage.terminal.printed.out)).toMatchObject({ id: 'r1', state: 'aborted' })
  })

  it.each([
    ['act-refused', 'note'],
    ['router-unreachable', 'state'],
  ] as const)('that its controller refuses (%s) is an error', async (reason, kind) => {
    const stage = createStage()
    show(stage, { ...running, history: [...running.history] })
    const code = speak(stage, 'promote')
    await settleAll()
    show(stage, { history: [...running.history, entry(4, reason, { kind })] })
    stage.timing.pass(1)
    await expect(code).rejects.toMatchObject({
      code: 'act-refused',
      message: expect.stringContaining(`${reason} in words`),
    })
  })

  it('that nobody answers within 30 s ends with 4, and says that it is kept', async () => {
    const stage = createStage()
    show(stage, { ...running, history: [...running.history] })
    const code = speak(stage, 'pause')
    for (let second = 0; second < 31; second += 0.5) {
      await settleAll()
      stage.timing.pass(0.5)
    }
    expect(await code).toBe(4)
    expect(stage.terminal.printed.err.replaceAll(/\s+/g, ' ')).toContain(
      'The word is kept and will',
    )
  })
})

describe('a word for a rollout that nobody controls', () => {
  const left = { ...running, controlled: false, history: [...running.history] }

  it('resume takes it up and follows it to its end; the word is for a pause only', async () => {
    const stage = createStage()
    show(stage, { ...left, sentence: 'Ramping at 5\u202F%: no anomaly' })
    const code = speak(stage, 'resume')
    await settleAll()
    expect([stage.rollouts.resumed, stage.rollouts.told]).toEqual([['r1'], []])
    expect(stage.terminal.printed.err).toContain('taken up: no anomaly')
    show(stage, { state: 'rolled_back', sentence: 'Rolled back: it is slower' })
    stage.rollouts.settle('r1')
    expect(await code).toBe(1)
  })

  it('resume of a paused one brings the word as well', async () => {
    const stage = createStage()
    show(stage, { ...left, state: 'paused' })
    const code = speak(stage, 'resume', { reason: 'freeze over' })
    await settleAll()
    expect(stage.rollouts.told).toEqual([
      { id: 'r1', act: 'resume', by: 'ana', reason: 'freeze over' },
    ])
    stage.interrupt.press()
    expect(await code).toBe(5)
  })

  it.each([
    ['aborted', 0],
    ['failed', 4],
  ] as const)('abort takes it up and follows it: %s is %i', async (state, expected) => {
    const stage = createStage()
    show(stage, { ...left, state: 'paused' })
    const code = speak(stage, 'abort')
    await settleAll()
    expect(stage.rollouts.resumed).toEqual(['r1'])
    expect(stage.rollouts.told[0]?.act).toBe('abort')
    show(stage, { state, sentence: 'It ended' })
    stage.rollouts.settle('r1')
    expect(await code).toBe(expected)
  })

  it('pause takes it up and lets go of it with the word: exit 0', async () => {
    const stage = createStage()
    show(stage, left)
    expect(await speak(stage, 'pause', { reason: 'freeze' })).toBe(0)
    expect(stage.rollouts.resumed).toEqual(['r1'])
    expect(stage.rollouts.released[0]?.word).toEqual({ act: 'pause', by: 'ana', reason: 'freeze' })
    expect(stage.terminal.printed.out).toMatch(/! paused {2}at 5 %: paused by ana: "freeze"\n$/)
  })

  it('finalize stays until the weight is back at 0, although a promotion waits for a person', async () => {
    const stage = createStage()
    show(stage, { ...left, state: 'promoting' })
    const code = speak(stage, 'finalize')
    await settleAll()
    expect(stage.rollouts.told[0]?.act).toBe('finalize')
    expect(stage.rollouts.released).toEqual([])
    show(stage, { state: 'promoted', sentence: 'Promoted: done' })
    stage.rollouts.settle('r1')
    expect(await code).toBe(0)
  })

  it('promote goes on to be followed, because the last weight has to be watched', async () => {
    const stage = createStage()
    show(stage, left)
    const code = speak(stage, 'promote')
    await settleAll()
    expect(stage.rollouts.told[0]?.act).toBe('promote')
    show(stage, { state: 'rolled_back', sentence: 'Rolled back: critical' })
    stage.rollouts.settle('r1')
    expect(await code).toBe(1)
  })
})
