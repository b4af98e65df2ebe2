/** Help texts that list verbs; each verb brings its own. */

import { EXIT_SENTENCES } from './exit.ts'
import type { Verb } from './verb.ts'

/** The end of each verb's help. */
export const COMMON_HELP = `Everywhere
  --config F             the configuration  (outrider.yaml, if it is there)
  --db F                 the database               (.outrider/outrider.db)
  --seed N               the same seed draws the same users      (1)
  --json                 one JSON document on stdout, all else on stderr
  --no-color             also NO_COLOR, TERM=dumb and pipes
`

export function rootHelp(verbs: readonly Verb[]): string {
  return `Usage: outrider VERB [options]

Sends synthetic twin users to the baseline and the canary at the same time and
says, per action, whether the canary is worse.

${listOf(verbs)}

outrider VERB --help says what it takes.

Exit codes
${Object.entries(EXIT_SENTENCES)
  .map(([code, sentence]) => `  ${code.padEnd(5)}${sentence}`)
  .join('\n')}

Example  outrider probe --baseline http://a:80 --canary http://b:80 --paths /
`
}

export function groupHelp(group: string, verbs: readonly Verb[]): string {
  return `Usage: outrider ${group} VERB [options]

${listOf(verbs)}

Example  outrider ${verbs[0]?.name ?? group} --help
`
}

function listOf(verbs: readonly Verb[]): string {
  const width = Math.max(...verbs.map((verb) => verb.name.length))
  return verbs.map((verb) => `  ${verb.name.padEnd(width)}  ${verb.summary}`).join('\n')
}
