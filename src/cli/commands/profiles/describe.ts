/** `outrider profiles describe`: what users are like, and how close synthetic ones are to real ones. */

import type { Criteria } from '../../../core/contract/criteria.ts'
import type { Profile } from '../../../core/contract/profile.ts'
import { UsageError } from '../../../core/errors.ts'
import type { Closeness, Description, Outrider } from '../../../outrider.ts'
import { NARROW_SPACE, formatCount } from '../../../report/numbers.ts'
import { plainText } from '../../../report/text.ts'
import { EXIT } from '../../exit.ts'
import { COMMON_HELP } from '../../help.ts'
import { renderCloseness } from '../../profiles/closeness.ts'
import { renderDescription } from '../../profiles/description.ts'
import { refuseServerVariable } from '../../remote/address.ts'
import { withOutrider } from '../../settings.ts'
import type { Terminal } from '../../terminal.ts'
import type { Verb, VerbInput } from '../../verb.ts'

const help = `Usage: outrider profiles describe [options]

Says what the users of the database are like: what they do, how long, where and
on what. Where there are derived and synthetic ones, it says how close they are:
each distance beside the one between two random halves of the derived users.

  --criteria JSON        which users, as for profiles list
  --population NAME|FILE describe users synthesised from it instead, and compare
                         them with the derived users of the database
  --count N              how many of these                            (2000)
${COMMON_HELP}
Example  outrider profiles describe --population shop
`

export const profilesDescribe: Verb = {
  name: 'profiles describe',
  summary: 'what users are like, and how close synthetic ones are to real ones',
  args: [],
  flags: ['--criteria <JSON>', '--population <NAME|FILE>', '--count <N>'],
  notBuilt: [],
  help,
  run: runDescribe,
}

const DEFAULT_COUNT = 2000
/** More users than these do not change what is said of them. */
const MOST_DESCRIBED = 20_000

interface Described {
  /** All of them; described are as many, or a random part. */
  readonly all: number
  readonly description: Description
  readonly closeness?: Closeness
}

async function runDescribe(input: VerbInput): Promise<number> {
  refuseServerVariable(input, 'profiles describe')
  const { flags, cwd, terminal } = input
  const { loadPopulation, parseCriteria } = await import('../../../outrider.ts')
  const criteria = parseCriteria(flags.text('--criteria') ?? '{}', '--criteria')
  const count = flags.number('--count', { min: 1, max: MOST_DESCRIBED, integer: true })
  const name = flags.text('--population')
  if (name === undefined && count !== undefined) throw countAlone()
  const population = name === undefined ? undefined : await loadPopulation(name, cwd)
  return withOutrider(input, async (outrider, { config }) => {
    const { seed } = config.probe
    const described =
      population === undefined
        ? await describeStored(outrider, criteria, seed)
        : await describeMade(outrider, criteria, seed, async () => {
            const { synthesise } = await import('../../../outrider.ts')
            return synthesise(population, count ?? DEFAULT_COUNT, seed)
          })
    print(described, flags.has('--json'), terminal)
    return EXIT.healthy
  })
}

async function describeStored(
  { profiles }: Outrider,
  criteria: Criteria,
  seed: number,
): Promise<Described> {
  const all = profiles.count(criteria)
  if (all === 0) {
    throw new UsageError(
      `Cannot describe users: the database has none for ${JSON.stringify(criteria)}`,
      {
        code: 'no-profiles',
        where: '--criteria',
        mend: 'make some: outrider profiles synthesize --population shop, or import a log',
      },
    )
  }
  const { describeProfiles } = await import('../../../outrider.ts')
  const description = describeProfiles(profiles.draw(criteria, MOST_DESCRIBED, seed))
  if (criteria.source !== undefined) return { all, description }
  const ofSource = (source: 'derived' | 'synthetic'): Profile[] =>
    profiles.draw({ ...criteria, source }, MOST_DESCRIBED, seed)
  const [derived, synthetic] = [ofSource('derived'), ofSource('synthetic')]
  return { all, description, ...(await compare(derived, synthetic, seed)) }
}

async function describeMade(
  { profiles }: Outrider,
  criteria: Criteria,
  seed: number,
  make: () => Promise<Profile[]>,
): Promise<Described> {
  const { describeProfiles } = await import('../../../outrider.ts')
  const made = await make()
  const derived = profiles.draw({ ...criteria, source: 'derived' }, MOST_DESCRIBED, seed)
  const compared = await compare(derived, made, seed)
  return { all: made.length, description: describeProfiles(made), ...compared }
}

async function compare(
  derived: readonly Profile[],
  synthetic: readonly Profile[],
  seed: number,
): Promise<{ closeness?: Closeness }> {
  if (derived.length === 0 || synthetic.length === 0) return {}
  const { compareSessions, sessionOf } = await import('../../../outrider.ts')
  return { closeness: compareSessions(derived.map(sessionOf), synthetic.map(sessionOf), seed) }
}

function print(
  { all, description, closeness }: Described,
  isJson: boolean,
  terminal: Terminal,
): void {
  if (isJson) {
    terminal.out(
      `${JSON.stringify({ schema: 'outrider.description/1', profiles: all, ...description, closeness })}\n`,
    )
    return
  }
  const style = terminal.outStyle
  const part =
    all > description.users
      ? [`  a random ${formatCount(description.users)} of ${formatCount(all)} users:`]
      : []
  const lines = [
    ...part.map((line) => plainText(line, style)),
    ...renderDescription(description, style),
    ...(closeness === undefined ? [] : ['', ...renderCloseness(closeness, style)]),
  ]
  terminal.out(`${lines.join('\n')}\n`.replaceAll(NARROW_SPACE, ' '))
}

function countAlone(): UsageError {
  return new UsageError('Cannot describe users: --count goes with --population', {
    code: 'conflicting-flags',
    where: '--count',
    mend: 'name a population, or leave --count out: users of the database are all described',
  })
}
