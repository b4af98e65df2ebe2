/** The end of a followed rollout: its exit code, what to do next, and the sentence as the last line. */

import type { RolloutAct, RolloutDocument } from '../../core/contract/rollout.ts'
import { wrap } from '../../report/columns.ts'
import { NARROW_SPACE } from '../../report/numbers.ts'
import { paint, plainText, type TextStyle } from '../../report/text.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import type { Flags } from '../flags.ts'
import type { Terminal } from '../terminal.ts'
import { ENDS, afterState, signOf, stateWords } from './words.ts'

const WIDTH = 78

/** The code of a rollout that is over, waits for a person, or was let go of. */
export function exitOfRollout({ state, reason }: RolloutDocument): ExitCode {
  switch (state) {
    case 'promoted':
    case 'promoting':
      return EXIT.healthy
    case 'rolled_back':
      return reason.code === 'gate-inconclusive' ? EXIT.inconclusive : EXIT.regressed
    case 'failed':
      return EXIT.invalid
    case 'aborted':
    case 'paused':
    case 'pending':
    case 'probing':
    case 'ramping':
    case 'holding':
    case 'rolling_back':
      return EXIT.aborted
  }
}

/** On stdout; with `--json` the document is there alone, and all else on stderr. */
export function printEnding(document: RolloutDocument, terminal: Terminal, flags: Flags): void {
  const textIn = (style: TextStyle): string =>
    `${[...nextSteps(document, flags, style), ...renderEnding(document, style)].join('\n')}\n`
  if (!flags.has('--json')) {
    terminal.out(textIn(terminal.outStyle))
    return
  }
  terminal.out(`${JSON.stringify(document)}\n`)
  terminal.err(textIn(terminal.errStyle))
}

/** `✖ rolled back  checkout is 1.29× slower (1.19–1.40); went 5 → 0 % in 0.3 s`, wrapped. */
export function renderEnding(document: RolloutDocument, style: TextStyle): string[] {
  const { state, sentence } = document
  const { sign, mark } = signOf(document)
  const head = plainText(`${sign} ${stateWords(state)}`, style)
  const lines = wrap(plainText(afterState(sentence, state), style), WIDTH - 2, head.length)
  return lines.map((line, index) =>
    (index === 0 ? `${paint(mark, head, style)}  ${line}` : `  ${line}`).replaceAll(
      NARROW_SPACE,
      ' ',
    ),
  )
}

/** The commands that take it further, as they can be pasted here. */
function nextSteps(document: RolloutDocument, flags: Flags, style: TextStyle): string[] {
  const { id, state } = document
  const words: (RolloutAct | 'status')[] =
    state === 'promoting'
      ? ['finalize', 'abort']
      : ENDS.has(state)
        ? state === 'promoted'
          ? []
          : ['status']
        : ['resume', 'abort']
  return words.map((word) => plainText(`  ${word.padEnd(9)} ${commandFor(word, id, flags)}`, style))
}

const PLACES = ['--config', '--db', '--server'] as const

/** `outrider rollout resume r1`, with the flags that say where. */
export function commandFor(verb: string, id: string, flags: Flags): string {
  const places = PLACES.flatMap((flag) => {
    const value = flags.text(flag)
    return value === undefined ? [] : [flag, quoted(value)]
  })
  return ['outrider rollout', verb, quoted(id), ...places].join(' ')
}

/** For a shell, where it is more than a plain word. */
function quoted(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
