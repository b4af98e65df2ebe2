/** `outrider profiles synthesize`: users of a population, into the database. */

import { UsageError } from '../../../core/errors.ts'
import { NARROW_SPACE, formatCount } from '../../../report/numbers.ts'
import { plainText } from '../../../report/text.ts'
import { EXIT } from '../../exit.ts'
import { COMMON_HELP } from '../../help.ts'
import { refuseServerVariable } from '../../remote/address.ts'
import { withOutrider } from '../../settings.ts'
import type { Verb, VerbInput } from '../../verb.ts'

const help = `Usage: outrider profiles synthesize --population NAME|FILE --count N

Draws users of a population into the database. The same seed draws the same
users. A file (with a slash, or ending in .yaml) may be one that was fitted to
an import, or written by hand.

  --population NAME|FILE shop, api or content, or a population file
  --count N              how many                                (1000)
${COMMON_HELP}
Example  outrider profiles synthesize --population shop --count 1000
`

export const profilesSynthesize: Verb = {
  name: 'profiles synthesize',
  summary: 'draw users of a population',
  args: [],
  flags: ['--population <NAME|FILE>', '--count <N>'],
  notBuilt: [],
  help,
  run: runSynthesize,
}

const DEFAULT_COUNT = 1000
/** They are made one by one; a database of as many takes the disk it takes. */
const MOST_PROFILES = 100_000_000

async function runSynthesize(input: VerbInput): Promise<number> {
  refuseServerVariable(input, 'profiles synthesize')
  const { flags, cwd, terminal } = input
  const name = flags.text('--population')
  if (name === undefined) {
    throw new UsageError('Cannot synthesize profiles: --population is missing', {
      code: 'missing-flag',
      where: '--population',
      mend: 'name one: --population shop, api, content, or a file',
    })
  }
  const count = flags.number('--count', { min: 1, max: MOST_PROFILES, integer: true })
  const { loadPopulation, synthesiseUsers } = await import('../../../outrider.ts')
  const population = await loadPopulation(name, cwd)
  return withOutrider(input, async (outrider, { config }) => {
    const measured = outrider.profiles.measuredCosts()
    const { seed } = config.probe
    const users = synthesiseUsers(population, count ?? DEFAULT_COUNT, seed, measured)
    const inserted = outrider.profiles.insert(users)
    const total = outrider.profiles.count({})
    terminal.out(
      flags.has('--json')
        ? `${JSON.stringify({ population: name, profiles: inserted, total })}\n`
        : `${formatCount(inserted)} users of ${plainText(name, terminal.outStyle)} added, ${formatCount(total)} in the database\n`.replaceAll(
            NARROW_SPACE,
            ' ',
          ),
    )
    return EXIT.healthy
  })
}
