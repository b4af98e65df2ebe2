/** `outrider profiles import`: our own profiles or an access log, into the database. */

import { resolve } from 'node:path'
import { UsageError } from '../../core/errors.ts'
import { suggest } from '../../core/suggest.ts'
import type { ImportReport, Ontology, Outrider } from '../../outrider.ts'
import { NARROW_SPACE, formatCount } from '../../report/numbers.ts'
import { plainText } from '../../report/text.ts'
import { EXIT } from '../exit.ts'
import { notBuilt, type Flags } from '../flags.ts'
import { COMMON_HELP } from '../help.ts'
import { refuseServerVariable } from '../remote/address.ts'
import { readText } from '../run-flags.ts'
import { withOutrider } from '../settings.ts'
import type { Verb, VerbInput } from '../verb.ts'

const help = `Usage: outrider profiles import FILE --format profiles|combined|common [options]

Reads users into the database: profiles (our own NDJSON, all or nothing), or an
access log (also .gz), which is cut into sessions, mapped to actions by the
routes of the ontology, and made anonymous before anything is stored.

  --format F             profiles; combined or common (access logs)
  --actions F            the ontology whose routes name the actions
  --k N                  keep only what at least so many clients did     (5)
${COMMON_HELP}
Example  outrider profiles import access.log --format combined --actions a.yaml
`

export const profilesImport: Verb = {
  name: 'profiles import',
  summary: 'users from a file or from an access log',
  args: ['<FILE>'],
  flags: ['--format <F>', '--actions <F>', '--k <N>'],
  notBuilt: [],
  help,
  run: runImport,
}

const FORMATS = ['profiles', 'combined', 'common'] as const
type Format = (typeof FORMATS)[number]
const LATER_FORMATS = ['json', 'har', 'otlp']
const DEFAULT_K = 5

async function runImport(input: VerbInput): Promise<number> {
  refuseServerVariable(input, 'profiles import')
  const { args, flags, cwd, terminal } = input
  const format = readFormat(flags)
  const shown = args[0] ?? ''
  const file = resolve(cwd, shown)
  return withOutrider(input, async (outrider, { config }) => {
    const isJson = flags.has('--json')
    if (format === 'profiles') {
      const { parseProfiles } = await import('../../outrider.ts')
      const text = await readText(file, shown, 'profiles')
      const measured = outrider.profiles.measuredCosts()
      const profiles = parseProfiles(text, shown, await findOntology(flags), measured)
      const inserted = outrider.profiles.insert(profiles)
      terminal.out(
        isJson
          ? `${JSON.stringify({ profiles: inserted })}\n`
          : plain(`${formatCount(inserted)} profiles imported\n`),
      )
      return EXIT.healthy
    }
    const report = await importLog(outrider, input, {
      format,
      file,
      shown,
      seed: config.probe.seed,
    })
    terminal.out(
      isJson ? `${JSON.stringify(report)}\n` : plain(renderImport(report, terminal.outStyle)),
    )
    return EXIT.healthy
  })
}

async function importLog(
  outrider: Outrider,
  { flags }: VerbInput,
  log: { format: Exclude<Format, 'profiles'>; file: string; shown: string; seed: number },
): Promise<ImportReport> {
  const { importAccessLog, readLogLines } = await import('../../outrider.ts')
  const k = flags.number('--k', { min: 2, max: 1000, integer: true }) ?? DEFAULT_K
  const ontology = (await findOntology(flags)) ?? (await outrider.ontology())
  const { format, file, shown, seed } = log
  const lines = readLogLines(file, shown)
  const measured = outrider.profiles.measuredCosts()
  const result = await importAccessLog(lines, {
    format,
    ontology,
    file: shown,
    k,
    seed,
    measured,
  })
  outrider.profiles.insert(result.profiles)
  return result.report
}

async function findOntology(flags: Flags): Promise<Ontology | undefined> {
  const { loadOntology } = await import('../../outrider.ts')
  const file = flags.text('--actions')
  return file === undefined ? undefined : loadOntology(file)
}

function readFormat(flags: Flags): Format {
  const text = flags.text('--format')
  const format = FORMATS.find((candidate) => candidate === text)
  if (format !== undefined) return format
  if (text !== undefined && LATER_FORMATS.includes(text)) throw notBuilt(`--format ${text}`)
  throw new UsageError(
    text === undefined
      ? 'Cannot import: --format is missing'
      : `Cannot import: "${text}" is no format`,
    {
      code: text === undefined ? 'missing-flag' : 'bad-flag',
      where: '--format',
      mend: text === undefined ? `one of ${FORMATS.join(', ')}` : suggest(text, [...FORMATS]),
    },
  )
}

function renderImport(report: ImportReport, style: Parameters<typeof plainText>[1]): string {
  const { lines, requests, skippedLines, clients, sessions, profiles, removed } = report
  const facts: [string, number][] = [
    ['lines', lines],
    ['lines left out', skippedLines],
    ['requests', requests],
    ['clients', clients],
    ['sessions', sessions],
    ...Object.entries(removed)
      .filter(([, count]) => count > 0)
      .map(([what, count]): [string, number] => [`removed: ${words(what)}`, count]),
  ]
  const width = Math.max(...facts.map(([what]) => what.length))
  const rows = facts.map(
    ([what, count]) => `  ${plainText(what, style).padEnd(width)}  ${formatCount(count)}`,
  )
  return `${[...rows, `${formatCount(profiles)} profiles imported`].join('\n')}\n`
}

/** `rareValues` → `rare values`. */
function words(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

function plain(text: string): string {
  return text.replaceAll(NARROW_SPACE, ' ')
}
