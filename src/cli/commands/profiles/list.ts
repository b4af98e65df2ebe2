/** `outrider profiles list`: the database's users, as a table or as NDJSON. */

import type { Profile } from '../../../core/contract/profile.ts'
import { clip, padEnd, padStart, widthOf } from '../../../report/columns.ts'
import { NARROW_SPACE, formatCount } from '../../../report/numbers.ts'
import { plainText } from '../../../report/text.ts'
import { EXIT } from '../../exit.ts'
import { COMMON_HELP } from '../../help.ts'
import { LOCAL_FLAGS, findServer, refuseLocalFlags } from '../../remote/address.ts'
import { createClient } from '../../remote/client.ts'
import { firstProfiles, streamProfiles } from '../../remote/profiles.ts'
import { withOutrider } from '../../settings.ts'
import type { Terminal } from '../../terminal.ts'
import type { Verb, VerbInput } from '../../verb.ts'

const help = `Usage: outrider profiles list [options]

Lists the users of the database: a table on a terminal, NDJSON elsewhere (and
with --json), so that the output can be edited and imported again.

  --criteria JSON        which ones, such as {"geo_location":"US"}; fields:
                         user_id, geo_location, device_type, label, action,
                         source, resource_intensity.cpu_ms and the like
  --server URL           the users of outrider serve there
${COMMON_HELP}
Example  outrider profiles list --criteria '{"device_type":"mobile"}'
`

export const profilesList: Verb = {
  name: 'profiles list',
  summary: 'the users of the database',
  args: [],
  flags: ['--criteria <JSON>', '--server <URL>'],
  notBuilt: [],
  help,
  run: runList,
}

/** More rows than a person reads; the rest is counted. */
const TABLE_ROWS = 50

async function runList(input: VerbInput): Promise<number> {
  const { flags, terminal } = input
  const { parseCriteria } = await import('../../../outrider.ts')
  const criteria = parseCriteria(flags.text('--criteria') ?? '{}', '--criteria')
  const asTable = terminal.outIsTty && !flags.has('--json')
  const server = findServer(input)
  if (server !== undefined) {
    refuseLocalFlags(input, server, LOCAL_FLAGS)
    const client = createClient(server)
    if (!asTable) return await printLines(streamProfiles(client, criteria), terminal)
    const { profiles, nextCursor } = await firstProfiles(client, criteria, TABLE_ROWS)
    const more = nextCursor === undefined ? '' : ', and more than shown'
    printTable(profiles, `${usersOf(profiles.length)}${more}`, terminal)
    return EXIT.healthy
  }
  return withOutrider(input, async ({ profiles }) => {
    if (!asTable) return await printLines(profiles.stream(criteria), terminal)
    const total = profiles.count(criteria)
    const page = profiles.page(criteria, { limit: TABLE_ROWS })
    const more = total - page.profiles.length
    const rest = more > 0 ? `, ${formatCount(more)} more than shown` : ''
    printTable(page.profiles, `${usersOf(total)}${rest}`, terminal)
    return EXIT.healthy
  })
}

async function printLines(
  profiles: Iterable<unknown> | AsyncIterable<unknown>,
  terminal: Terminal,
): Promise<number> {
  for await (const profile of profiles) {
    if (terminal.outClosed()) break
    terminal.out(`${JSON.stringify(profile)}\n`)
    await terminal.outReady()
  }
  return EXIT.healthy
}

function usersOf(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'user' : 'users'}`
}

type Listed = Pick<Profile, 'user_id' | 'geo_location' | 'device_type' | 'labels'> & {
  readonly behavioral_patterns: readonly unknown[]
}

function printTable(profiles: readonly Listed[], sentence: string, terminal: Terminal): void {
  const style = terminal.outStyle
  const rows = profiles.map((profile) => [
    clip(plainText(profile.user_id, style), 30),
    profile.geo_location,
    profile.device_type,
    formatCount(profile.behavioral_patterns.length),
    clip(plainText(profile.labels.join(', '), style), 22),
  ])
  const lines = [
    ...renderColumns([['user', 'geo', 'device', 'steps', 'labels'], ...rows]),
    sentence,
  ]
  terminal.out(`${lines.join('\n')}\n`.replaceAll(NARROW_SPACE, ' '))
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
