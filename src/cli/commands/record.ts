/** `outrider record`: a proxy before an application that learns actions and users from what passes. */

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { UsageError } from '../../core/errors.ts'
import { fileReason } from '../../core/file-reason.ts'
import type { Recorder } from '../../outrider.ts'
import { EXIT } from '../exit.ts'
import { COMMON_HELP } from '../help.ts'
import { listenForInterrupt, type Interrupt } from '../interrupt.ts'
import { writeOut, type RecordFiles } from '../record/files.ts'
import { outcomeJson, outcomeText } from '../record/outcome-text.ts'
import { recover, refuseUnfinished, unfinishedOf } from '../record/unfinished.ts'
import { refuseServerVariable } from '../remote/address.ts'
import { printLine, type Terminal } from '../terminal.ts'
import type { Verb, VerbInput } from '../verb.ts'

const help = `Usage: outrider record --target URL [options]

Stands before an application as a reverse proxy, passes everything on, and at
the end (Ctrl-C or --duration) writes an ontology proposed from what passed and
anonymous users. Bodies, cookies and addresses are never written. What would be
written so far is kept beside the ontology, in case the end never comes.

Where
  --target URL           the application: scheme, host and port
  --listen HOST:PORT     where clients come to        (127.0.0.1:8081)
  --allow-remote         also listen where other machines can come to
  --host NAME            Host header and TLS name for the application
  --ca F                 PEM file of the authority of its certificate
  --insecure             take any certificate
  --duration 10m         end by itself
What is kept
  --k N                  only what so many people did; 1 = my own clicks  (5)
  --client-cookie NAME   tells people apart who share an address
  --keep-query a,b       query fields whose values are kept
  --keep-body a,b        fields of forms and JSON whose values are kept
  --keep-header a,b      request headers whose values are kept
                         ("all" of a query or body keeps all but secrets)
  --keep-bots            also programs; on for --k 1
What comes out
  --actions-out F        the ontology        (recorded-actions.yaml)
  --profiles-out F       the users           (recorded-profiles.ndjson)
  --force                overwrite these files
  --recover              write what was kept of a recording that did not end
${COMMON_HELP}
Exit  0 written  2 wrong use, or nothing was left to write
Example  outrider record --target http://127.0.0.1:8080 --k 1 --keep-body all
`

export const record: Verb = {
  name: 'record',
  summary: 'a proxy that learns actions and users from real traffic',
  args: [],
  flags: [
    '--target <U>',
    '--listen <A>',
    '--allow-remote',
    '--host <NAME>',
    '--ca <F>',
    '--insecure',
    '--duration <D>',
    '--k <N>',
    '--client-cookie <NAME>',
    '--keep-query <N>',
    '--keep-body <N>',
    '--keep-header <N>',
    '--keep-bots',
    '--actions-out <F>',
    '--profiles-out <F>',
    '--force',
    '--recover',
  ],
  notBuilt: [],
  help,
  run: runRecord,
}

const DEFAULT_K = 5
const DEFAULT_LISTEN = '127.0.0.1:8081'

async function runRecord(input: VerbInput): Promise<number> {
  refuseServerVariable(input, 'record')
  const { flags, terminal } = input
  const files = readFiles(input)
  if (flags.has('--recover')) return recover(input, files)
  await refuseUnfinished(files)
  const k = flags.number('--k', { min: 1, max: 1000, integer: true }) ?? DEFAULT_K
  const seconds = flags.seconds('--duration')
  const kept = {
    keepHeaders: flags.list('--keep-header') ?? [],
    keepQuery: flags.list('--keep-query') ?? [],
    keepBody: flags.list('--keep-body') ?? [],
  }
  const { target, recorder } = await start(input, kept.keepHeaders)
  const options = {
    ...kept,
    k,
    keepBots: flags.has('--keep-bots') || k === 1,
    seed: flags.number('--seed', { min: 0, integer: true }) ?? 1,
    target,
  }
  const interrupt = listenForInterrupt(terminal, 'Writing what was recorded')
  const { outcomeOf, profilesText, removeUnfinished, startKeeper } =
    await import('../../outrider.ts')
  const keeper = startKeeper({
    recorder,
    file: files.unfinished,
    outcome: options,
    failed: (why) =>
      terminal.err(`a crash would lose the recording: ${files.shownUnfinished}: ${why}\n`),
  })
  try {
    printLine(terminal, `recording ${target} at ${recorder.url}; Ctrl-C ends it and writes`)
    await until(interrupt, seconds, recorder, terminal, k)
    const { tunnels, beyondLimit } = recorder.counts()
    const requests = await recorder.stop()
    await keeper.end()
    const outcome = await outcomeOf(requests, options)
    await writeOut(files.actions, outcome.yaml, files.force)
    await writeOut(files.profiles, profilesText(outcome.profiles), files.force)
    await removeUnfinished(files.unfinished)
    const shown = { actions: files.shownActions, profiles: files.shownProfiles }
    const around = { ...shown, tunnels, beyondLimit }
    terminal.out(
      flags.has('--json')
        ? `${outcomeJson(outcome, around)}\n`
        : outcomeText(outcome, around, terminal.outStyle),
    )
    return EXIT.healthy
  } finally {
    await keeper.end()
    interrupt.dispose()
  }
}

/** Looked at before anything is recorded: an hour of clicks must not end at a file that is there. */
function readFiles({ flags, cwd }: VerbInput): RecordFiles {
  const shownActions = flags.text('--actions-out') ?? 'recorded-actions.yaml'
  const shownProfiles = flags.text('--profiles-out') ?? 'recorded-profiles.ndjson'
  const force = flags.has('--force')
  const actions = resolve(cwd, shownActions)
  const profiles = resolve(cwd, shownProfiles)
  for (const [flag, file, shown] of [
    ['--actions-out', actions, shownActions],
    ['--profiles-out', profiles, shownProfiles],
  ] as const) {
    if (!existsSync(resolve(file, '..'))) throw badFile(flag, shown, 'its folder is not there')
    if (existsSync(file) && !force) throw badFile(flag, shown, 'it is there already')
  }
  if (actions === profiles) throw badFile('--profiles-out', shownProfiles, 'it is the ontology')
  const [unfinished, shownUnfinished] = [unfinishedOf(actions), unfinishedOf(shownActions)]
  return {
    actions,
    profiles,
    unfinished,
    shownActions,
    shownProfiles,
    shownUnfinished,
    force,
  }
}

function badFile(flag: string, shown: string, why: string): UsageError {
  return new UsageError(`Cannot record into "${shown}": ${why}`, {
    code: 'file-exists',
    where: flag,
    mend: `name another file with ${flag}, or add --force to overwrite`,
  })
}

async function start(
  { flags, cwd }: VerbInput,
  keepHeaders: readonly string[],
): Promise<{ target: string; recorder: Recorder }> {
  const target = flags.url('--target')
  if (target === undefined) {
    throw new UsageError('Cannot record: --target is missing', {
      code: 'no-target',
      where: '--target',
      mend: 'give the application: --target http://127.0.0.1:8080',
    })
  }
  const host = flags.text('--host')
  const ca = flags.text('--ca')
  const clientCookie = flags.text('--client-cookie')
  const { startRecorder, systemClock } = await import('../../outrider.ts')
  const recorder = await startRecorder({
    target: {
      url: target,
      ...(host === undefined ? {} : { host }),
      ...(ca === undefined ? {} : { ca: await readCertificate(resolve(cwd, ca), ca) }),
      ...(flags.has('--insecure') ? { insecure: true } : {}),
    },
    listen: flags.text('--listen') ?? DEFAULT_LISTEN,
    wallMs: () => systemClock.wallMs(),
    keepHeaders,
    ...(flags.has('--allow-remote') ? { allowRemote: true } : {}),
    ...(clientCookie === undefined ? {} : { clientCookie }),
  })
  return { target, recorder }
}

async function readCertificate(file: string, shown: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (thrown) {
    throw new UsageError(`Cannot read certificate "${shown}": ${fileReason(thrown)}`, {
      code: 'no-file',
      where: '--ca',
      mend: 'name a PEM file that can be read',
      cause: thrown,
    })
  }
}

const TTY_EVERY_MS = 1000
const LINE_EVERY_MS = 10_000

/** Resolves at Ctrl-C or when the time is over; tells meanwhile what has passed. */
async function until(
  interrupt: Interrupt,
  seconds: number | undefined,
  recorder: Recorder,
  terminal: Terminal,
  k: number,
): Promise<void> {
  const tell = (): void => {
    const { requests, failed, people, sessions, actions } = recorder.counts()
    const parts = [
      counted(requests, 'request'),
      `${failed} failed`,
      `${counted(people, 'person', 'people')}${people < k ? ` (${k} needed)` : ''}`,
      counted(sessions, 'session'),
      `about ${counted(actions, 'action')}`,
    ]
    const line = parts.join(', ')
    terminal.err(terminal.errIsTty ? `\r\u001B[2K${line}\r` : `${line}\n`)
  }
  const ticker = setInterval(tell, terminal.errIsTty ? TTY_EVERY_MS : LINE_EVERY_MS)
  let timer: NodeJS.Timeout | undefined
  try {
    await new Promise<void>((end) => {
      interrupt.onFirst(end)
      if (seconds !== undefined) timer = setTimeout(end, seconds * 1000)
    })
  } finally {
    clearInterval(ticker)
    clearTimeout(timer)
  }
  tell()
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
