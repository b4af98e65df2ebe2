/** `outrider profiles import`: our own profiles, or what was recorded, into the database. */

import { stat } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Profile } from '../../../core/contract/profile.ts'
import { OutriderError, UsageError } from '../../../core/errors.ts'
import type { FittedUsers, Imported, Ontology, Outrider } from '../../../outrider.ts'
import { NARROW_SPACE, formatCount } from '../../../report/numbers.ts'
import { EXIT } from '../../exit.ts'
import type { Flags } from '../../flags.ts'
import { COMMON_HELP } from '../../help.ts'
import { withNewFiles, type NewFile } from '../../import/files.ts'
import {
  readFormat,
  readImportFlags,
  type ImportFlags,
  type RecordedFormat,
} from '../../import/flags.ts'
import { createImportShow, type ImportShow } from '../../import/progress.ts'
import { renderImport } from '../../import/render.ts'
import { listenForInterrupt } from '../../interrupt.ts'
import { renderCloseness } from '../../profiles/closeness.ts'
import { refuseServerVariable } from '../../remote/address.ts'
import { defined, readText } from '../../run-flags.ts'
import { withOutrider } from '../../settings.ts'
import type { Verb, VerbInput } from '../../verb.ts'

const help = `Usage: outrider profiles import FILE --format F [options]

Reads users into the database: profiles (our own NDJSON, all or nothing), or
what was recorded (also .gz and .zst). A recording is cut into sessions, mapped
to actions by the routes of an ontology, and made anonymous; then a population
is fitted to it, and the users that are stored are synthesised from that.

  --format F             profiles; combined or common (access logs); json (a
                         log of JSON lines); har (an HTTP archive); otlp
                         (OpenTelemetry spans as JSON)
  --actions F            the ontology whose routes name the actions
  --actions-out F        propose an ontology from the requests and write it
  --k N                  keep only what at least so many people did     (5)
                         1: a HAR of your own clicks, kept as it is
  --count N              how many users to synthesise  (one for each session)
  --population-out F     write the fitted population
  --recorded             store the anonymous sessions themselves
  --keep-query a,b       keep the values of these query fields
  --keep-body a,b        keep the values of these fields of bodies (har)
  --keep-bots  --keep-assets
  --fields time=ts,path=req.url,client=ip,duration=took:ms    (json)
                         where fields stand: time, method, path, query, status,
                         client, agent, user, country, duration
  --origin URL           the site               (har; that of most requests)
  --service NAME         the service people reach     (otlp; the outermost)
${COMMON_HELP}
Example  outrider profiles import access.log --format combined --actions a.yaml
`

export const profilesImport: Verb = {
  name: 'profiles import',
  summary: 'users from a file, a log, a HAR or a trace',
  args: ['<FILE>'],
  flags: [
    '--format <F>',
    '--actions <F>',
    '--actions-out <F>',
    '--k <N>',
    '--count <N>',
    '--population-out <F>',
    '--recorded',
    '--keep-query <NAMES>',
    '--keep-body <NAMES>',
    '--keep-bots',
    '--keep-assets',
    '--fields <MAP>',
    '--origin <URL>',
    '--service <NAME>',
  ],
  notBuilt: [],
  help,
  run: runImport,
}

async function runImport(input: VerbInput): Promise<number> {
  refuseServerVariable(input, 'profiles import')
  const { args, flags, terminal } = input
  const format = readFormat(flags)
  const wanted = readImportFlags(flags, format)
  const shown = args[0] ?? ''
  return withOutrider(input, async (outrider, { config }) => {
    if (format === 'profiles') return importProfiles(outrider, input, shown)
    const { seed } = config.probe
    const source = { format, shown, seed, hasOntology: config.ontology !== undefined }
    try {
      return await importRecorded(outrider, input, wanted, source)
    } catch (thrown) {
      if (!(thrown instanceof OutriderError) || thrown.code !== 'interrupted') throw thrown
      terminal.err(`${thrown.message}\n`)
      return EXIT.interrupted
    }
  })
}

async function importProfiles(
  outrider: Outrider,
  { flags, cwd, terminal }: VerbInput,
  shown: string,
): Promise<number> {
  const { parseProfiles } = await import('../../../outrider.ts')
  const text = await readText(resolve(cwd, shown), shown, 'profiles')
  const measured = outrider.profiles.measuredCosts()
  const profiles = parseProfiles(text, shown, await loadActions(flags), measured)
  const inserted = outrider.profiles.insert(profiles)
  terminal.out(
    flags.has('--json')
      ? `${JSON.stringify({ profiles: inserted })}\n`
      : plain(`${formatCount(inserted)} profiles imported\n`),
  )
  return EXIT.healthy
}

/** How far it is, for whom it may concern; and whether somebody wants it to end. */
interface Watched {
  readonly signal: AbortSignal
  readonly show: ImportShow
}

const SILENT: ImportShow = { show() {}, end() {} }

interface Source {
  readonly format: RecordedFormat
  /** The file as it was named. */
  readonly shown: string
  readonly seed: number
  /** The configuration names an ontology. */
  readonly hasOntology: boolean
}

/** Nothing is stored before everything is made, and then all of it or nothing. */
async function importRecorded(
  outrider: Outrider,
  input: VerbInput,
  wanted: ImportFlags,
  source: Source,
): Promise<number> {
  const { terminal, cwd } = input
  const interrupt = listenForInterrupt(terminal, 'Ending; nothing is stored')
  interrupt.onFirst(() => {})
  const isQuiet = input.flags.has('--json') && !terminal.errIsTty
  const show = isQuiet ? SILENT : createImportShow(terminal, source.shown)
  interrupt.signal.addEventListener('abort', () => show.end())
  try {
    const ontology = await ontologyFor(outrider, input.flags, wanted, source)
    const { signal } = interrupt
    const imported = await readRecording(input, wanted, source, { ontology, signal, show })
    const measured = outrider.profiles.measuredCosts()
    const fitted = wanted.isRecorded
      ? undefined
      : await fit(imported, input, wanted, { source, measured, signal, show })
    show.end()
    const profiles = fitted?.profiles ?? imported.profiles(measured)
    const files = newFiles(imported, fitted, wanted)
    // What was pressed while the model was made is heard only now.
    await setImmediate()
    if (interrupt.asked()) throw interrupted(source.shown)
    interrupt.dispose()
    // One transaction, which nothing interrupts: whoever is late is told so, and gets the result.
    const late = listenForInterrupt(terminal, 'Too late: it is being stored')
    late.onFirst(() => {})
    try {
      await withNewFiles(files, cwd, () => outrider.profiles.insert(profiles))
      print(input, { imported, fitted, profiles, files })
    } finally {
      late.dispose()
    }
    return EXIT.healthy
  } finally {
    show.end()
    interrupt.dispose()
  }
}

async function ontologyFor(
  outrider: Outrider,
  flags: Flags,
  { actionsOut }: ImportFlags,
  { hasOntology, shown }: Source,
): Promise<Ontology | undefined> {
  const named = await loadActions(flags)
  if (named !== undefined || actionsOut !== undefined) return named
  if (hasOntology) return outrider.ontology()
  throw new UsageError(`Cannot import file "${shown}": no ontology says what its requests are`, {
    code: 'no-ontology',
    where: '--actions',
    mend: 'name one with --actions F, or have one proposed: --actions-out proposed-actions.yaml',
  })
}

async function readRecording(
  { cwd }: VerbInput,
  wanted: ImportFlags,
  { format, shown, seed }: Source,
  { ontology, signal, show }: Watched & { readonly ontology: Ontology | undefined },
): Promise<Imported> {
  const { importRecording, lineLimitOf, parseFieldMap, readLines } =
    await import('../../../outrider.ts')
  const { fields, origin, service, actionsOut, ...options } = wanted
  const map = fields === undefined ? undefined : parseFieldMap(fields)
  const file = resolve(cwd, shown)
  const totalBytes = await stat(file).then(
    ({ size }) => size,
    () => 0,
  )
  const lines = readLines(file, shown, {
    signal,
    onRead: (bytes) => show.show({ bytes, totalBytes }),
    ...defined({ lineLimit: lineLimitOf(format) }),
  })
  return importRecording(lines, {
    ...defined({ ontology, fields: map, origin, service, proposedFile: actionsOut }),
    format,
    file: shown,
    seed,
    k: options.k,
    keepQuery: options.keepQuery,
    keepBody: options.keepBody,
    keepBots: options.keepBots,
    keepAssets: options.keepAssets,
  })
}

async function fit(
  imported: Imported,
  { cwd, flags }: VerbInput,
  { count, actionsOut, populationOut }: ImportFlags,
  {
    source,
    measured,
    signal,
    show,
  }: Watched & {
    readonly source: Source
    readonly measured: ReturnType<Outrider['profiles']['measuredCosts']>
  },
): Promise<FittedUsers> {
  const { fitUsers, inTurns } = await import('../../../outrider.ts')
  const actions = actionsOut ?? flags.text('--actions')
  const reference =
    actions === undefined || populationOut === undefined
      ? undefined
      : relative(dirname(resolve(cwd, populationOut)), resolve(cwd, actions))
  const { seed, shown } = source
  const work = fitUsers(imported, { seed, measured, ...defined({ count, reference }) })
  const fitted = await inTurns(work, {
    isStopped: () => signal.aborted,
    onShare: (share) => show.show({ share }),
  })
  if (fitted === undefined) throw interrupted(shown)
  return fitted
}

function newFiles(
  { proposal }: Imported,
  fitted: FittedUsers | undefined,
  { actionsOut, populationOut }: ImportFlags,
): NewFile[] {
  const actions =
    proposal === undefined || actionsOut === undefined
      ? []
      : [{ shown: actionsOut, flag: '--actions-out', text: proposal.yaml }]
  const population =
    fitted === undefined || populationOut === undefined
      ? []
      : [{ shown: populationOut, flag: '--population-out', text: fitted.fitted.yaml }]
  return [...actions, ...population]
}

interface Result {
  readonly imported: Imported
  readonly fitted: FittedUsers | undefined
  readonly profiles: readonly Profile[]
  readonly files: readonly NewFile[]
}

function print(
  { flags, terminal }: VerbInput,
  { imported, fitted, profiles, files }: Result,
): void {
  const { report, proposal } = imported
  const remarks = proposal?.remarks ?? []
  if (flags.has('--json')) {
    const document = {
      ...report,
      stored: fitted === undefined ? 'recorded' : 'synthesised',
      users: profiles.length,
      files: files.map(({ shown }) => shown),
      remarks,
      ...(fitted === undefined
        ? {}
        : { notInModel: fitted.fitted.removed, closeness: fitted.closeness }),
    }
    terminal.out(`${JSON.stringify(document)}\n`)
    return
  }
  const style = terminal.outStyle
  const lines = [
    renderImport(report, style),
    ...remarks.map((remark) => `${remark}\n`),
    ...(fitted === undefined ? [] : [`${renderCloseness(fitted.closeness, style).join('\n')}\n`]),
    ...files.map(({ shown }) => `${shown} is written\n`),
    `${lastLine(report.k, fitted, profiles.length)}\n`,
  ]
  terminal.out(plain(lines.join('')))
}

function lastLine(k: number, fitted: FittedUsers | undefined, users: number): string {
  const count = formatCount(users)
  if (fitted !== undefined) return `${count} synthesised users imported`
  const own = k === 1 ? ', as one person did them: k is 1' : ''
  return `${count} recorded session${users === 1 ? '' : 's'} imported${own}`
}

function interrupted(shown: string): OutriderError {
  return new OutriderError(`Interrupted: nothing of "${shown}" was imported`, {
    code: 'interrupted',
  })
}

async function loadActions(flags: Flags): Promise<Ontology | undefined> {
  const file = flags.text('--actions')
  if (file === undefined) return undefined
  const { loadOntology } = await import('../../../outrider.ts')
  return loadOntology(file)
}

function plain(text: string): string {
  return text.replaceAll(NARROW_SPACE, ' ')
}
