/** Brings a person's word to whoever controls the rollout, and waits for the answer. */

import type { HistoryEntry, RolloutAct, RolloutDocument } from '../../core/contract/rollout.ts'
import { CapacityError, ConflictError } from '../../core/errors.ts'
import type { Word } from '../../outrider.ts'
import type { Door } from './door.ts'
import { pauseFor, type Timing } from './course/timing.ts'
import { ENDS, lastSeq } from './words.ts'

const LOOK_EVERY_MS = 500
const ANSWER_MS = 30_000

/**
 * The document that shows the answer.
 * @throws ConflictError `act-refused` where the state forbids it, with nothing changed;
 *   CapacityError `no-answer` after 30 s: the word is kept, and will be answered
 */
export async function bringWord(
  door: Pick<Door, 'read' | 'tell'>,
  id: string,
  word: Pick<Word, 'act' | 'reason'>,
  timing: Timing,
): Promise<RolloutDocument> {
  const { act } = word
  const before = await door.read(id)
  const seq = lastSeq(before)
  await door.tell(id, word)
  const untilMs = timing.wallMs() + ANSWER_MS
  for (;;) {
    const document = await door.read(id)
    const answer = document.history.find((entry) => entry.seq > seq && isAnswer(entry, act))
    if (answer !== undefined && answer.reason.code !== `person-${act}`) {
      throw new ConflictError(`Cannot ${act} rollout "${id}": ${answer.reason.message}`, {
        code: 'act-refused',
        mend: `outrider rollout why ${id} says how it stands`,
      })
    }
    // One that nobody controlled goes on by being taken up; only a paused one needs the word.
    const isTakenUp = act === 'resume' && document.controlled && !before.controlled
    if (answer !== undefined || ENDS.has(document.state)) return document
    if (isTakenUp && before.state !== 'paused') return document
    if (timing.wallMs() >= untilMs) throw noAnswer(document, act)
    await pauseFor(timing, LOOK_EVERY_MS)
  }
}

/** What the controller writes down for a person's word, done or refused. */
function isAnswer({ kind, actor, reason }: HistoryEntry, act: RolloutAct): boolean {
  if (reason.code === `person-${act}` || reason.code === 'act-refused') return true
  // Refused for another reason than the state, such as a router that does not answer.
  return (kind === 'note' || kind === 'state') && actor !== 'policy' && actor !== 'router'
}

function noAnswer({ id, controlled }: RolloutDocument, act: RolloutAct): CapacityError {
  const why = controlled ? 'its controller has not answered within 30 s' : 'nobody controls it now'
  const then = controlled
    ? `the word is kept and will be answered; outrider rollout why ${id} shows when`
    : `the word is kept until somebody does; outrider rollout resume ${id}`
  return new CapacityError(`Cannot ${act} rollout "${id}" yet: ${why}`, {
    code: 'no-answer',
    mend: then,
  })
}
