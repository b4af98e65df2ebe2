/** `outrider rollout start`: begins a rollout here or at a server, and follows it. */

import type { RolloutDocument } from '../../core/contract/rollout.ts'
import { OutriderError, UsageError } from '../../core/errors.ts'
import { EXIT } from '../exit.ts'
import { renderFailure } from '../failure.ts'
import type { Flags } from '../flags.ts'
import { startRolloutAt } from '../remote/rollouts.ts'
import type { VerbInput } from '../verb.ts'
import { followedAt } from './follow/at.ts'
import { placed, readStart, type StartRequest } from './body.ts'
import type { Door, HereDoor, ServerDoor } from './door.ts'
import { commandFor, exitOfRollout, printEnding } from './ending.ts'
import { followRollout, type FollowedRollout, type Tools } from './follow/following.ts'
import { followedHere } from './follow/here.ts'
import { readingWords } from './words.ts'

/** Timers hold at most some 24 days. */
const LONGEST_TIMEOUT_SECONDS = 20 * 86_400

/** @returns the exit code */
export async function startRollout(door: Door, input: VerbInput, tools: Tools): Promise<number> {
  const timeoutSeconds = readTimeout(input.flags)
  const request = await readStart(input)
  return door.kind === 'here'
    ? await startHere(door, request, { input, tools, timeoutSeconds })
    : await startAt(door, request, { input, tools, timeoutSeconds })
}

interface Start {
  readonly input: VerbInput
  readonly tools: Tools
  readonly timeoutSeconds: number | undefined
}

/** The controller lives in this process, so it is always followed. */
async function startHere(door: HereDoor, request: StartRequest, start: Start): Promise<number> {
  const { rollouts, by } = door
  // A Ctrl-C before it is there waits until it is, and then pauses it.
  start.tools.interrupt.onFirst(() => {})
  const document = await rollouts.start(request.body, by).catch((thrown: unknown) => {
    throw placed(thrown, request)
  })
  return await followHere(door, document, { ...start, begin: beginning(document) })
}

/** Follows a rollout of this process to its end, its pause, or the promotion that waits. */
export async function followHere(
  { rollouts, by }: HereDoor,
  document: RolloutDocument,
  options: Start & {
    readonly begin: string
    /** False where the promotion is what was asked for. */
    readonly leavesPromotion?: boolean
  },
): Promise<number> {
  const { input, tools, timeoutSeconds, begin, leavesPromotion = true } = options
  const followed = followedHere(rollouts, document, by)
  return await followToExit(followed, input, async () =>
    followRollout(followed, {
      ...tools,
      begin,
      onInterrupt: 'pause',
      leavesPromotion,
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    }),
  )
}

/** The first line; what was not read yet was read before the start, which refuses all but 0 %. */
function beginning(document: RolloutDocument): string {
  const { reading, router, course } = document
  const read = reading === undefined ? `${router} read 0 %` : readingWords(document)
  return `${read}; ${course}`
}

async function startAt(door: ServerDoor, request: StartRequest, start: Start): Promise<number> {
  const { input, tools, timeoutSeconds } = start
  const { flags, terminal } = input
  const waits = flags.has('--wait')
  if (timeoutSeconds !== undefined && !waits) {
    throw new UsageError('--timeout at a server needs --wait: nobody would be there to pause it', {
      code: 'conflicting-flags',
      where: '--timeout',
      mend: 'add --wait, or leave --timeout out',
    })
  }
  const id = await startRolloutAt(door.client, request.body, request.locate)
  const address = `Rollout ${id} runs at ${door.client.url}/rollouts/${id}\n`
  if (waits) terminal.err(address)
  const document = await door.read(id)
  if (waits) return await followAt(door, document, { input, tools, timeoutSeconds })
  terminal.err(`${document.course.replaceAll('\u202F', ' ')}\n`)
  if (!flags.has('--json')) terminal.out(address)
  else {
    terminal.err(address)
    terminal.out(`${JSON.stringify(document)}\n`)
  }
  return EXIT.healthy
}

async function followAt(
  door: ServerDoor,
  document: RolloutDocument,
  start: Start,
): Promise<number> {
  const { input, tools, timeoutSeconds } = start
  const followed = followedAt(door, document, tools.timing)
  try {
    return await followToExit(followed, input, async () =>
      followRollout(followed, {
        ...tools,
        begin: beginning(document),
        onInterrupt: 'leave',
        leavesPromotion: true,
        ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
      }),
    )
  } finally {
    followed.stopFollowing()
  }
}

async function followToExit(
  { document: { id } }: FollowedRollout,
  { terminal, flags }: VerbInput,
  follow: () => ReturnType<typeof followRollout>,
): Promise<number> {
  try {
    const followed = await follow()
    if (followed.kind === 'left') {
      const goesOn = `Not followed any more; rollout ${id} goes on at the server`
      terminal.err(`${goesOn}: ${commandFor('why', id, flags)}\n`)
      return EXIT.interrupted
    }
    printEnding(followed.document, terminal, flags)
    return exitOfRollout(followed.document)
  } catch (thrown) {
    if (!(thrown instanceof OutriderError)) throw thrown
    // It had begun, so this is no wrong use.
    terminal.err(renderFailure(thrown, terminal.errStyle, false))
    return EXIT.invalid
  }
}

function readTimeout(flags: Flags): number | undefined {
  const seconds = flags.seconds('--timeout')
  if (seconds === undefined || (seconds > 0 && seconds <= LONGEST_TIMEOUT_SECONDS)) return seconds
  throw new UsageError(`Cannot read --timeout: "${flags.text('--timeout')}" is out of its range`, {
    code: 'bad-flag',
    where: '--timeout',
    mend: 'write more than nothing and at most 20d',
  })
}
