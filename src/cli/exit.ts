/** Exit codes: a pipeline reads the number, a person the sentence. */

import type { RunVerdict } from '../core/verdict.ts'

export const EXIT = {
  healthy: 0,
  regressed: 1,
  wrongUse: 2,
  inconclusive: 3,
  invalid: 4,
  aborted: 5,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_SENTENCES: Readonly<Record<ExitCode, string>> = {
  0: 'healthy, promoted, or the command did what it was asked for',
  1: 'regressed or rolled back: the canary is worse',
  2: 'wrong use, or the target was unreachable before the start',
  3: 'inconclusive: nothing found, but not everything required was proven',
  4: 'invalid or failed: not judged, or the load was not delivered',
  5: 'a rollout that was aborted by a person, or is paused and can be resumed',
  130: 'Ctrl-C: the report is partial (1 if a regression was found already)',
}

export function exitOfVerdict(verdict: RunVerdict, onInconclusive: 'fail' | 'pass'): ExitCode {
  if (verdict === 'inconclusive' && onInconclusive === 'pass') return EXIT.healthy
  return EXIT[verdict]
}

/** After Ctrl-C only a regression still counts: it was found before. */
export function exitOfInterrupted(verdict: RunVerdict): ExitCode {
  return verdict === 'regressed' ? EXIT.regressed : EXIT.interrupted
}
