/**
 * `outrider rollout promote|pause|resume|abort|finalize`: brings a person's word to the controller.
 * A rollout that nobody controls is taken up here first, because a word that nobody hears moves
 * nothing.
 */

import { wordBody, type RolloutAct, type RolloutDocument } from '../../core/contract/rollout.ts'
import { CapacityError, ConflictError } from '../../core/errors.ts'
import { parseWith } from '../../core/parse.ts'
import { EXIT } from '../exit.ts'
import { renderFailure } from '../failure.ts'
import { defined } from '../run-flags.ts'
import type { VerbInput } from '../verb.ts'
import { bringWord } from './bring.ts'
import type { Door, HereDoor } from './door.ts'
import { printEnding } from './ending.ts'
import type { Tools } from './follow/following.ts'
import { printSentence } from './show/sentence.ts'
import { followHere } from './start.ts'
import { ENDS, afterWeight } from './words.ts'

interface GivenWord {
  readonly act: RolloutAct
  readonly reason?: string
}

/** @returns the exit code */
export async function bringRolloutWord(
  door: Door,
  act: RolloutAct,
  input: VerbInput,
  tools: Tools,
): Promise<number> {
  const { args, flags, terminal } = input
  const [id = ''] = args
  const word = readWord(act, input)
  const before = await door.read(id)
  if (door.kind === 'here' && !before.controlled && !ENDS.has(before.state)) {
    return await takeUp(door, before, word, input, tools)
  }
  const document = await answerTo(door, id, word, input, tools)
  if (document === undefined) return EXIT.invalid
  if (flags.has('--json')) terminal.out(`${JSON.stringify(document)}\n`)
  else printSentence(document, terminal)
  return EXIT.healthy
}

/** Undefined where none came: the word was brought, so this is no wrong use. */
async function answerTo(
  door: Door,
  id: string,
  word: GivenWord,
  { terminal }: VerbInput,
  { timing }: Tools,
): Promise<RolloutDocument | undefined> {
  try {
    return await bringWord(door, id, word, timing)
  } catch (thrown) {
    if (!(thrown instanceof CapacityError) || thrown.code !== 'no-answer') throw thrown
    terminal.err(renderFailure(thrown, terminal.errStyle, false))
    return undefined
  }
}

function readWord(act: RolloutAct, { flags }: VerbInput): GivenWord {
  const given = defined({ reason: flags.text('--reason') })
  const { reason } = parseWith(wordBody, given, {
    what: 'word',
    code: 'bad-flag',
    locate: () => '--reason',
  })
  return { act, ...(reason === undefined ? {} : { reason }) }
}

/** Nobody controls it: from now on this process does, until the word is done. */
async function takeUp(
  door: HereDoor,
  before: RolloutDocument,
  word: GivenWord,
  input: VerbInput,
  tools: Tools,
): Promise<number> {
  const { id } = before
  const { rollouts, by } = door
  // To take it up is what `resume` asks for, whatever the state is.
  if (word.act !== 'resume' && !before.acts.includes(word.act)) throw refused(before, word.act)
  tools.interrupt.onFirst(() => {})
  const document = await rollouts.resume(id)
  if (word.act === 'pause') {
    const paused =
      document.state === 'paused'
        ? document
        : await rollouts.release(id, { ...word, act: 'pause', by })
    printEnding(paused, input.terminal, input.flags)
    return EXIT.healthy
  }
  if (word.act !== 'resume' || document.state === 'paused') await rollouts.tell(id, { ...word, by })
  const begin = `taken up: ${afterWeight(document.sentence, document.state)}`
  // After a promotion by word the last weight still has to be watched, so it is followed as well.
  const leavesPromotion = word.act === 'resume' || word.act === 'promote'
  const shared = { input, tools, timeoutSeconds: undefined, begin, leavesPromotion }
  const code = await followHere(door, document, shared)
  const isDone = word.act === 'abort' && rollouts.find(id)?.state === 'aborted'
  return isDone ? EXIT.healthy : code
}

function refused({ id, state, sentence }: RolloutDocument, act: RolloutAct): ConflictError {
  return new ConflictError(
    `Cannot ${act} rollout "${id}": ${afterWeight(sentence, state)}; nothing was changed`,
    { code: 'act-refused', mend: `outrider rollout status ${id} says what it takes now` },
  )
}
