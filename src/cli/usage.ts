/** Wrong verbs and flags: what the argument parser objects to, said the way all errors are said. */

import type { CommanderError } from 'commander'
import { UsageError } from '../core/errors.ts'
import { findNearest } from '../core/suggest.ts'
import { notBuilt } from './flags.ts'
import { COMMON_FLAGS, COMMON_NOT_BUILT, type Verb } from './verb.ts'

/** Verbs of the contract that later versions bring. */
export const NOT_BUILT_VERBS: readonly string[] = ['rehearse', 'doctor', 'report']

/** The error of a verb that is not there. @param given the words before the first flag */
export function unknownVerb(given: readonly string[], verbs: readonly Verb[]): UsageError {
  const [first = '', second] = given
  const pair = second === undefined ? first : `${first} ${second}`
  const later = NOT_BUILT_VERBS.find((name) => name === first || name === pair)
  if (later !== undefined) return notBuilt(`outrider ${later}`)
  const inGroup = verbs.filter((verb) => verb.name.startsWith(`${first} `))
  const known = (inGroup.length > 0 ? inGroup : verbs).map((verb) => verb.name)
  const written = inGroup.length > 0 ? pair : first
  const names = [...new Set(known.flatMap((name) => [name, name.split(' ')[0] ?? name]))]
  const nearest = findNearest(written, inGroup.length > 0 ? known : names)
  return new UsageError(`no verb "${written}"`, {
    code: 'unknown-verb',
    mend:
      nearest === undefined
        ? `verbs: ${known.join(', ')}`
        : `did you mean outrider ${nearest}? Verbs: ${known.join(', ')}`,
  })
}

/** What the argument parser says of a verb's flags, in our words. */
export function wrongFlag(error: CommanderError, verb: Verb): UsageError {
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? ''
  const help = `outrider ${verb.name} --help says what it takes`
  switch (error.code) {
    case 'commander.unknownOption': {
      const flag = quoted.split('=')[0] ?? quoted
      if (verb.notBuilt.includes(flag)) return notBuilt(flag)
      if (COMMON_NOT_BUILT.includes(flag)) return notBuilt(`${flag} for outrider ${verb.name}`)
      const known = [...verb.flags, ...COMMON_FLAGS].map((spec) => spec.split(' ')[0] ?? spec)
      const nearest = findNearest(flag, [...known, '--help'])
      const mend = nearest === undefined ? help : `did you mean ${nearest}? ${help}`
      return new UsageError(`no flag ${flag} for outrider ${verb.name}`, {
        code: 'unknown-flag',
        mend,
      })
    }
    case 'commander.optionMissingArgument':
      return new UsageError(`${quoted} needs a value`, { code: 'bad-flag', mend: help })
    case 'commander.missingArgument':
      return new UsageError(`outrider ${verb.name} needs ${argsOf(verb)}`, {
        code: 'missing-argument',
        mend: help,
      })
    case 'commander.excessArguments':
      return new UsageError(`outrider ${verb.name} was given more than it takes`, {
        code: 'too-many-arguments',
        mend:
          verb.args.length === 0
            ? `it takes flags only; ${help}`
            : `it takes ${argsOf(verb)}; ${help}`,
      })
    default:
      return new UsageError(error.message.replace(/^error: /, ''), {
        code: 'bad-flag',
        mend: help,
      })
  }
}

function argsOf(verb: Verb): string {
  return verb.args.join(' ').replaceAll(/[<>]/g, '')
}
