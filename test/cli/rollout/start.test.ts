import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { rolloutSchema, type RolloutDocument } from '../../../src/core/contract/rollout.ts'
import { CapacityError, UsageError } from '../../../src/core/errors.ts'
import { startRollout } from '../../../src/cli/rollout/start.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { createStage, endAt, settleAll, stateAt, weightAt, type Stage } from './stage.ts'

const FLAGS = { target: 'shop', router: 'edge' }

interface Started {
  readonly code: Promise<number>
  readonly stage: Stage
}

async function start(
  flags: Readonly<Record<string, string | boolean>> = {},
  looks: Parameters<typeof createStage>[0] = {},
): Promise<Started> {
  const stage = createStage(looks)
  const input = stage.input(['shop 1.4.2'], { ...FLAGS, ...flags })
  const code = startRollout(stage.door, input, stage.tools)
  await settleAll()
  return { code, stage }
}

function endWith({ rollouts }: Stage, changes: Partial<RolloutDocument>): void {
  rollouts.show({ id: 'r1', acts: [], controlled: false, ...changes })
  rollouts.settle('r1')
}

describe('startRollout() is refused', () => {
  it.each([
    [{ target: 'shop' }, '--router is missing'],
    [{ router: 'edge' }, '--target is missing'],
    [{ ...FLAGS, target: 'http://a' }, 'must be a configured name'],
    [{ ...FLAGS, timeout: '60' }, 'Cannot read duration'],
    [{ ...FLAGS, timeout: '0s' }, 'out of its range'],
    [{ ...FLAGS, timeout: '30d' }, 'out of its range'],
    [{ ...FLAGS, policy: 'missing.yaml' }, 'Cannot read policy: "missing.yaml"'],
  ])('%j: %s', async (flags, why) => {
    const { rollouts, door, input, tools } = createStage()
    await expect(startRollout(door, input(['a'], flags), tools)).rejects.toThrow(why)
    await expect(startRollout(door, input([' '], FLAGS), tools)).rejects.toThrow('NAME')
    expect(rollouts.started).toEqual([])
  })

  it.each([
    ['start: 5\n', 'p.yaml:1', 'its value is 5'],
    ['kind: linear\nstrat: 5%\n', 'p.yaml:2', 'did you mean "start"?'],
    ['kind: linear\non_promoted: { exec: [rm] }\n', 'p.yaml:2', 'move it to policy'],
    ['gate: { need: healthy, max: 5 }\n', 'p.yaml:1', 'its value is 5'],
    ['a: [\n', 'p.yaml', 'mend the line'],
  ])('a policy file of %j is wrong at %s', async (text, where, mend) => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'p.yaml'), text)
    const { door, input, tools } = createStage()
    const given = { ...input(['a'], { ...FLAGS, policy: 'p.yaml' }), cwd }
    const error = await startRollout(door, given, tools).catch((thrown: unknown) => thrown)
    if (!(error instanceof UsageError)) throw new Error('It was not refused')
    expect([error.where, error.mend]).toEqual([
      expect.stringContaining(where),
      expect.stringContaining(mend),
    ])
  })

  it('a fault that only the merged policy has is named in the file', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'p.yaml'), 'interval: 30s\nfactor: 3\n')
    const { door, input, tools } = createStage()
    const given = { ...input(['a'], { ...FLAGS, policy: 'p.yaml' }), cwd }
    await expect(startRollout(door, given, tools)).rejects.toMatchObject({ where: 'p.yaml:2' })
  })

  it('what the rollouts refuse goes through: it had not begun', async () => {
    const { rollouts, door, input, tools } = createStage()
    rollouts.refuse(new CapacityError('r7 moves router "edge"', { code: 'rollout-open' }))
    await expect(startRollout(door, input(['a'], FLAGS), tools)).rejects.toThrow('r7 moves')
  })
})

describe('startRollout() here', () => {
  it('asks for what the flags and the file say, in the name of the person', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'p.yaml'), 'interval: 30s\ngate: { need: healthy, max: 5m }\n')
    const stage = createStage()
    const flags = { ...FLAGS, version: '1.4.2', policy: 'p.yaml' }
    // A Ctrl-C that came before ends it as soon as it is there.
    stage.interrupt.press()
    const input = { ...stage.input(['shop'], flags), cwd }
    expect(await startRollout(stage.door, input, stage.tools)).toBe(5)
    const policy = { intervalSeconds: 30, gate: { need: 'healthy', maxSeconds: 300 } }
    expect(stage.rollouts.started).toEqual([
      { request: { name: 'shop', version: '1.4.2', ...FLAGS, policy }, by: 'ana' },
    ])
  })

  it('prints the course first, then each change, and the sentence last: promoted is 0', async () => {
    const { code, stage } = await start()
    const { rollouts, terminal, timing } = stage
    timing.pass(112)
    rollouts.happen('r1', stateAt(112, 5, ['probing', 'ramping'], 500, 'the gate is passed'))
    for (const event of weightAt(112, 6, 'ramping', [0, 500], 'the gate is passed')) {
      rollouts.happen('r1', event)
    }
    rollouts.happen(
      'r1',
      stateAt(113, 8, ['promoting', 'promoted'], 0, 'the baseline is redeployed'),
    )
    rollouts.happen('r1', endAt(113, 9, 'promoted'))
    endWith(stage, {
      state: 'promoted',
      sentence: 'Promoted: healthy at 100\u202F%, baseline redeployed, weight back at 0\u202F%',
    })
    expect(await code).toBe(0)
    expect(terminal.printed).toEqual({
      err: `13:00:00 r1 ramping    5 %  edge read 0 %; 100 % after 95 minutes at best
13:01:52 r1 ramping    5 %  ↗ the gate is passed, read back
13:01:53 r1 promoted   0 %  → the baseline is redeployed
`,
      out: '✔ promoted  healthy at 100 %, baseline redeployed, weight back at 0 %\n',
    })
  })

  it.each([
    ['rolled_back', 'alarm', 1, '✖ rolled back'],
    ['rolled_back', 'gate-inconclusive', 3, '? rolled back'],
    ['failed', 'gate-invalid', 4, '! failed'],
    ['aborted', 'person-abort', 5, '- aborted'],
  ] as const)('%s for %s ends with %i', async (state, reason, expected, sign) => {
    const { code, stage } = await start()
    endWith(stage, { state, reason: { code: reason, message: 'why' }, sentence: 'It ended: why' })
    expect(await code).toBe(expected)
    expect(stage.terminal.printed.out).toBe(
      `  status    outrider rollout status r1\n${sign}  It ended: why\n`,
    )
  })

  it('with --json prints one document on stdout and all else on stderr', async () => {
    const { code, stage } = await start({ json: true })
    endWith(stage, { state: 'rolled_back', sentence: 'Rolled back: checkout is slower' })
    expect(await code).toBe(1)
    const { out, err } = stage.terminal.printed
    expect(out.trim().split('\n')).toHaveLength(1)
    expect(rolloutSchema.parse(JSON.parse(out)).state).toBe('rolled_back')
    expect(err).toMatch(/✖ rolled back {2}checkout is slower\n$/)
  })

  it('leaves a promotion that waits for a person, and prints the command that ends it', async () => {
    const { code, stage } = await start({ db: 'my o.db' })
    const sentence = 'Promoting at 100\u202F%: healthy at the last weight'
    stage.rollouts.show({ id: 'r1', state: 'promoting', verdict: 'healthy', sentence })
    stage.rollouts.happen('r1', stateAt(9, 4, ['ramping', 'promoting'], 10_000, 'healthy'))
    expect(await code).toBe(0)
    expect(stage.rollouts.released).toEqual([{ id: 'r1', word: undefined }])
    expect(stage.terminal.printed.out).toBe(`  finalize  outrider rollout finalize r1 --db 'my o.db'
  abort     outrider rollout abort r1 --db 'my o.db'
✔ promoting  at 100 %: healthy at the last weight
`)
  })

  it('waits for the pipeline where the policy tells it', async () => {
    const policy = { on_promoted: { webhook_env: 'PROMOTE_URL' } }
    const { code, stage } = await start({}, { policy })
    stage.rollouts.show({ id: 'r1', state: 'promoting' })
    stage.rollouts.happen('r1', stateAt(9, 4, ['ramping', 'promoting'], 10_000, 'healthy'))
    await settleAll()
    expect(stage.rollouts.released).toEqual([])
    endWith(stage, { state: 'promoted', sentence: 'Promoted: done' })
    expect(await code).toBe(0)
  })
})

describe('Ctrl-C and --timeout', () => {
  it('pause it: the weight is held, exit 5, and the ways on are printed', async () => {
    const { code, stage } = await start()
    stage.interrupt.press()
    expect(await code).toBe(5)
    expect(stage.rollouts.released).toEqual([
      { id: 'r1', word: { act: 'pause', by: 'ana', reason: 'Ctrl-C' } },
    ])
    expect(stage.terminal.printed.out).toBe(`  resume    outrider rollout resume r1
  abort     outrider rollout abort r1
! paused  at 5 %: paused by ana: "Ctrl-C"
`)
  })

  it('the timeout does it when it is over, not before', async () => {
    const { code, stage } = await start({ timeout: '2h' })
    stage.timing.pass(7199)
    await settleAll()
    expect(stage.rollouts.released).toEqual([])
    stage.timing.pass(1)
    expect(await code).toBe(5)
    expect(stage.rollouts.released[0]?.word?.reason).toBe('timeout')
  })

  it('pause it as soon as it is there, if it is not there yet', async () => {
    const stage = createStage()
    stage.interrupt.press()
    const code = startRollout(stage.door, stage.input(['a'], FLAGS), stage.tools)
    expect(await code).toBe(5)
    expect(stage.rollouts.released).toHaveLength(1)
  })

  it('do not stand in the way of a rollback', async () => {
    const { code, stage } = await start()
    stage.rollouts.show({ id: 'r1', state: 'rolling_back', acts: [] })
    stage.interrupt.press()
    await settleAll()
    expect(stage.rollouts.released).toEqual([])
    expect(stage.terminal.printed.err).toContain('on its way to 0 %, which is not stopped')
    endWith(stage, { state: 'rolled_back', sentence: 'Rolled back: checkout is slower' })
    expect(await code).toBe(1)
  })

  it('take a rollback up again that began at the very moment of the pause', async () => {
    const { code, stage } = await start()
    const { rollouts } = stage
    const last = { id: 'r1', state: 'rolling_back' as const, acts: [] }
    Object.assign(rollouts, {
      release: () => {
        rollouts.show(last)
        return Promise.resolve(rollouts.find('r1'))
      },
    })
    stage.interrupt.press()
    await settleAll()
    expect(rollouts.resumed).toEqual(['r1'])
    endWith(stage, { state: 'rolled_back', sentence: 'Rolled back: checkout is slower' })
    expect(await code).toBe(1)
  })
})

describe('the live line', () => {
  it('has the sentence and the countdown, at most once a second, and is wiped before the end', async () => {
    const { code, stage } = await start({}, { tty: true })
    const { rollouts, timing, terminal } = stage
    const nextDecisionAt = new Date(timing.wallMs() + 12_000).toISOString()
    rollouts.show({ id: 'r1', sentence: 'Ramping at 5\u202F%: no anomaly', nextDecisionAt })
    const before = terminal.printed.err.length
    timing.pass(1)
    const drawn =
      '\u001B[1A\u001B[0JRamping at 5 %: no anomaly · next decision in 0:11 · Ctrl-C: pause, weight held\n'
    expect(terminal.printed.err.slice(before)).toBe(drawn)
    timing.pass(0.5)
    expect(terminal.printed.err.slice(before)).toBe(drawn)
    const middle = terminal.printed.err.length
    for (const event of weightAt(2, 4, 'ramping', [500, 600], 'no alarm')) {
      rollouts.happen('r1', event)
    }
    const line = '13:00:02 r1 ramping    6 %  ↗ no alarm, read back\n'
    const redrawn = drawn.replace('\u001B[1A\u001B[0J', '')
    expect(terminal.printed.err.slice(middle)).toBe(`\u001B[1A\u001B[0J${line}${redrawn}`)
    endWith(stage, { state: 'promoted', sentence: 'Promoted: done' })
    await code
    expect(terminal.printed.err.endsWith('\u001B[1A\u001B[0J')).toBe(true)
  })

  it('is never wider than the terminal, and escapes what targets say', async () => {
    const { stage } = await start({}, { tty: true, unicode: false })
    const sentence = `Holding at 5\u202F%: \u001B]0;title\u0007${'×'.repeat(200)}`
    stage.rollouts.show({ id: 'r1', sentence })
    stage.timing.pass(1)
    const shown = stage.terminal.printed.err.split('\u001B[0J').at(-1) ?? ''
    expect(shown).toHaveLength(80)
    expect(shown.trimEnd()).toMatch(/^\p{ASCII}+~$/u)
    expect(shown.trimEnd()).not.toMatch(/\p{Cc}/u)
  })
})
