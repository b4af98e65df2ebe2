/** A stage for commands about rollouts: what they print, their clock, Ctrl-C, and the rollouts. */

import { configSchema } from '../../../src/core/contract/config.ts'
import type {
  NumberedRolloutEvent,
  RolloutDocument,
  RolloutStateName,
} from '../../../src/core/contract/rollout.ts'
import { createFlags } from '../../../src/cli/flags.ts'
import type { Interrupt } from '../../../src/cli/interrupt.ts'
import { createScreen } from '../../../src/cli/rollout/course/screen.ts'
import type { Timing } from '../../../src/cli/rollout/course/timing.ts'
import { hereDoor, type HereDoor } from '../../../src/cli/rollout/door.ts'
import type { Tools } from '../../../src/cli/rollout/follow/following.ts'
import type { Terminal } from '../../../src/cli/terminal.ts'
import type { VerbInput } from '../../../src/cli/verb.ts'
import { ConflictError } from '../../../src/core/errors.ts'
import type { Word } from '../../../src/outrider.ts'
import { exampleRollout } from '../../server/example-rollout.ts'
import { scriptRollouts, type ScriptedRollouts } from '../../server/scripted-rollouts.ts'

/** Thirteen o'clock of a day, wherever the test runs. */
export const START_MS = new Date(2026, 0, 1, 13, 0, 0).getTime()

export function atSecond(second: number): string {
  return new Date(START_MS + second * 1000).toISOString()
}

export interface ManualTiming extends Timing {
  /** Lets so much time pass, and each timer ring when it is due. */
  pass(seconds: number): void
}

export function manualTiming(): ManualTiming {
  let nowMs = START_MS
  const timers = new Set<{ dueMs: number; everyMs: number | undefined; run: () => void }>()
  const add = (ms: number, everyMs: number | undefined, run: () => void): (() => void) => {
    const timer = { dueMs: nowMs + ms, everyMs, run }
    timers.add(timer)
    return () => timers.delete(timer)
  }
  return {
    wallMs: () => nowMs,
    every: (ms, run) => add(ms, ms, run),
    after: (ms, run) => add(ms, undefined, run),
    pass(seconds) {
      const untilMs = nowMs + seconds * 1000
      for (;;) {
        const [next] = [...timers].toSorted((one, other) => one.dueMs - other.dueMs)
        if (next === undefined || next.dueMs > untilMs) break
        nowMs = next.dueMs
        if (next.everyMs === undefined) timers.delete(next)
        else next.dueMs += next.everyMs
        next.run()
      }
      nowMs = untilMs
    },
  }
}

export interface PrintedTerminal extends Terminal {
  readonly printed: { out: string; err: string }
}

export function printedTerminal(looks: Looks = {}): PrintedTerminal {
  const { unicode = true, colour = false, tty = false } = looks
  const printed = { out: '', err: '' }
  return {
    printed,
    outStyle: { unicode, colour },
    errStyle: { unicode, colour },
    outIsTty: tty,
    errIsTty: tty,
    size: () => ({ columns: 80, rows: 24 }),
    out: (text) => {
      printed.out += text
    },
    err: (text) => {
      printed.err += text
    },
    outReady: () => Promise.resolve(),
    outClosed: () => false,
  }
}

export interface HandInterrupt extends Interrupt {
  press(): void
}

export function handInterrupt(): HandInterrupt {
  const controller = new AbortController()
  let stop = (): void => {}
  return {
    signal: controller.signal,
    asked: () => controller.signal.aborted,
    onFirst: (callback) => {
      stop = callback
    },
    dispose: () => {},
    press() {
      controller.abort()
      stop()
    },
  }
}

export interface StagedRollouts extends ScriptedRollouts {
  readonly released: readonly { readonly id: string; readonly word: Word | undefined }[]
  /** It is over, or not controlled here any more: its document as it is shown now. */
  settle(id: string): void
}

/** With the ends of a process: what it follows settles, and what it lets go of is paused. */
export function stagedRollouts(policy: object = {}): StagedRollouts {
  const scripted = scriptRollouts(() => configSchema.parse({ version: 1, policy }))
  const released: { id: string; word: Word | undefined }[] = []
  const waiting = new Map<string, (document: RolloutDocument) => void>()
  return {
    ...scripted,
    released,
    settle: (id) => waiting.get(id)?.(scripted.find(id) ?? exampleRollout({ id })),
    settled: (id) =>
      new Promise((resolve) => {
        waiting.set(id, resolve)
      }),
    release(id, word) {
      released.push({ id, word })
      const before = scripted.find(id)
      if (word !== undefined && before?.acts.includes('pause') === true) {
        const { by, reason = '' } = word
        const message = `paused by ${by}: "${reason}"`
        scripted.show({
          id,
          state: 'paused',
          sentence: `Paused at 5\u202F%: ${message}`,
          reason: { code: 'person-pause', message },
          controlled: false,
        })
      }
      const document = scripted.find(id)
      return document === undefined
        ? Promise.reject(new ConflictError('There is none', { code: 'act-refused' }))
        : Promise.resolve(document)
    },
  }
}

export interface Stage {
  readonly rollouts: StagedRollouts
  readonly door: HereDoor
  readonly terminal: PrintedTerminal
  readonly timing: ManualTiming
  readonly interrupt: HandInterrupt
  readonly tools: Tools
  /** What a command gets for these words of a person. */
  readonly input: (
    args: readonly string[],
    flags?: Readonly<Record<string, string | boolean>>,
  ) => VerbInput
}

export interface Looks {
  readonly unicode?: boolean
  readonly colour?: boolean
  readonly tty?: boolean
  /** As `outrider.yaml` has it. */
  readonly policy?: object
}

export function createStage(looks: Looks = {}): Stage {
  const rollouts = stagedRollouts(looks.policy)
  const terminal = printedTerminal(looks)
  const timing = manualTiming()
  const interrupt = handInterrupt()
  const screen = createScreen(terminal)
  return {
    rollouts,
    door: hereDoor(rollouts, 'ana'),
    terminal,
    timing,
    interrupt,
    tools: { screen, interrupt, timing },
    input: (args, flags = {}) => ({
      args,
      flags: createFlags(flags),
      terminal: screen.terminal,
      cwd: process.cwd(),
      environment: {},
    }),
  }
}

const base = { rollout: 'r1' }

export function stateAt(
  second: number,
  seq: number,
  [from, state]: readonly [RolloutStateName, RolloutStateName],
  weightBp: number,
  message: string,
  code = message.replaceAll(' ', '-'),
): NumberedRolloutEvent {
  const reason = { code, message }
  const shared = { ...base, seq, at: atSecond(second), actor: 'policy', reason }
  return { kind: 'state', ...shared, from, state, weightBp, sentence: message }
}

/** Asked for and read back, as two events of the journal. */
export function weightAt(
  second: number,
  seq: number,
  state: RolloutStateName,
  [fromBp, toBp]: readonly [number, number],
  message: string,
  code = message.replaceAll(' ', '-'),
): NumberedRolloutEvent[] {
  const reason = { code, message }
  const shared = { ...base, at: atSecond(second), state, fromBp, toBp, actor: 'policy', reason }
  return [
    { kind: 'weight', ...shared, seq, verified: false },
    { kind: 'weight', ...shared, seq: seq + 1, actor: 'router', verified: true },
  ]
}

export function endAt(second: number, seq: number, state: RolloutStateName): NumberedRolloutEvent {
  return { kind: 'end', ...base, seq, at: atSecond(second), state, sentence: state }
}

/** Until everything that waits for a promise has run. */
export async function settleAll(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve)
  })
}
