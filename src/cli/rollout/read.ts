/** `outrider rollout status|why|list`: what is known, from the database or a server; moves nothing. */

import { EXIT } from '../exit.ts'
import type { VerbInput } from '../verb.ts'
import type { Door } from './door.ts'
import { printSentence } from './show/sentence.ts'
import { renderList, renderStatus } from './show/status.ts'

/** More than a person reads; the rest is said to be there. */
const MOST_LISTED = 50

type Read = (door: Door, input: VerbInput, nowMs: number) => Promise<number>

export const showStatus: Read = async (door, { args, flags, terminal }, nowMs) => {
  const document = await door.read(args[0] ?? '')
  if (flags.has('--json')) terminal.out(`${JSON.stringify(document)}\n`)
  else terminal.out(renderStatus(document, nowMs, terminal.outStyle))
  return EXIT.healthy
}

export const showWhy: Read = async (door, { args, flags, terminal }) => {
  const document = await door.read(args[0] ?? '')
  if (!flags.has('--json')) printSentence(document, terminal)
  else {
    const { id, state, sentence, consequence, reason } = document
    const why = {
      id,
      state,
      sentence,
      ...(consequence === undefined ? {} : { consequence }),
      reason,
    }
    terminal.out(`${JSON.stringify(why)}\n`)
  }
  return EXIT.healthy
}

export const showList: Read = async (door, { flags, terminal }, nowMs) => {
  const page = await door.list(MOST_LISTED)
  if (flags.has('--json')) terminal.out(`${JSON.stringify(page)}\n`)
  else {
    const hasMore = page.nextCursor !== undefined
    terminal.out(renderList(page.rollouts, hasMore, nowMs, terminal.outStyle))
  }
  return EXIT.healthy
}
