/** `outrider profiles list`: the database's users, as a table or as NDJSON. */

import type { Profile } from '../../core/contract/profile.ts'
import { clip, padEnd, padStart, widthOf } from '../../report/columns.ts'
import { NARROW_SPACE, formatCount } from '../../report/numbers.ts'
import { plainText, type TextStyle } from '../../report/text.ts'
import { EXIT } from '../exit.ts'
import { COMMON_HELP } from '../help.ts'
import { withOutrider } from '../settings.ts'
import type { Verb, VerbInput } from '../verb.ts'

const help = `Usage: outrider profiles list [--criteria JSON]

Lists the users of the database: a table on a terminal, NDJSON elsewhere (and
with --json), so that the output can be edited and imported again.

  --criteria JSON        which ones, such as {"geo_location":"US"}; fields:
                         user_id, geo_location, device_type, label, action,
                         source, resource_intensity.cpu_ms and the like
${COMMON_HELP}
Example  outrider profiles list --criteria '{"device_type":"mobile"}'
`

export const profilesList: Verb = {
  name: 'profiles list',
  summary: 'the users of the database',
  args: [],
  flags: ['--criteria <JSON>'],
  notBuilt: [],
  help,
  run: runList,
}

/** More rows than a person reads; the rest is counted. */
const TABLE_ROWS = 50

async function runList(input: VerbInput): Promise<number> {
  const { flags, terminal } = input
  const { parseCriteria } = await import('../../outrider.ts')
  const criteria = parseCriteria(flags.text('--criteria') ?? '{}', '--criteria')
  return withOutrider(input, async ({ profiles }) => {
    if (terminal.outIsTty && !flags.has('--json')) {
      const total = profiles.count(criteria)
      const page = profiles.page(criteria, { limit: TABLE_ROWS })
      terminal.out(renderTable(page.profiles, total, terminal.outStyle))
      return EXIT.healthy
    }
    for (const profile of profiles.stream(criteria)) {
      if (terminal.outClosed()) break
      terminal.out(`${JSON.stringify(profile)}\n`)
      await terminal.outReady()
    }
    return EXIT.healthy
  })
}

function renderTable(profiles: readonly Profile[], total: number, style: TextStyle): string {
  const rows = profiles.map((profile) => [
    clip(plainText(profile.user_id, style), 30),
    profile.geo_location,
    profile.device_type,
    formatCount(profile.behavioral_patterns.length),
    clip(plainText(profile.labels.join(', '), style), 22),
  ])
  const more = total - profiles.length
  const rest = more > 0 ? `, ${formatCount(more)} more than shown` : ''
  const sentence = `${formatCount(total)} ${total === 1 ? 'user' : 'users'}${rest}`
  const lines = [
    ...renderColumns([['user', 'geo', 'device', 'steps', 'labels'], ...rows]),
    sentence,
  ]
  return `${lines.join('\n')}\n`.replaceAll(NARROW_SPACE, ' ')
}

const STEPS_COLUMN = 3

/** Steps to the right, the rest to the left, each column as wide as its content. */
function renderColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, index) =>
    Math.max(...rows.map((row) => widthOf(row[index] ?? ''))),
  )
  return rows.map((row) => {
    const cells = row.map((cell, index) =>
      (index === STEPS_COLUMN ? padStart : padEnd)(cell, widths[index] ?? 0),
    )
    return `  ${cells.join('  ')}`.trimEnd()
  })
}
