/** `outrider init`: from one hint to a configuration that works. */

import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { existsSync } from 'node:fs'
import { StoreError, UsageError, messageOf } from '../../core/errors.ts'
import type { Started } from '../../outrider.ts'
import { formatCount, NARROW_SPACE } from '../../report/numbers.ts'
import { plainText } from '../../report/text.ts'
import { EXIT } from '../exit.ts'
import { COMMON_HELP } from '../help.ts'
import { listenForInterrupt } from '../interrupt.ts'
import { refuseServerVariable } from '../remote/address.ts'
import { withOutrider } from '../settings.ts'
import { printLine } from '../terminal.ts'
import type { Verb, VerbInput } from '../verb.ts'

const help = `Usage: outrider init SOURCE [options]

Makes a configuration that works from one hint, which may be the address of a
running service (its OpenAPI document is looked for where frameworks put it,
else its links are followed: GET only, 40 pages at most), an OpenAPI 3 or
Swagger 2.0 document, a HAR, a trace (OTLP JSON) or an access log. Writes
outrider.yaml, actions.yaml and profiles.ndjson, and puts these users into the
database.

  --baseline URL         the trusted version            (the address of SOURCE)
  --canary URL           the new version                (to be filled in later)
  --name N               what the target is called                        (app)
  --out DIR              where to write                     (the current folder)
  --k N                  of a log, keep what so many people did              (5)
  --force                write over files that are there
${COMMON_HELP}
Example  outrider init http://127.0.0.1:8080 --canary http://127.0.0.1:8081
`

export const init: Verb = {
  name: 'init',
  summary: 'a configuration from an address, OpenAPI, a HAR or a log',
  args: ['<SOURCE>'],
  flags: ['--baseline <URL>', '--canary <URL>', '--name <N>', '--out <DIR>', '--k <N>', '--force'],
  notBuilt: [],
  help,
  run: runInit,
}

const DEFAULT_K = 5
const FILES = ['outrider.yaml', 'actions.yaml', 'profiles.ndjson'] as const

async function runInit(input: VerbInput): Promise<number> {
  refuseServerVariable(input, 'init')
  const { args, flags, cwd, terminal } = input
  const source = args[0] ?? ''
  const folder = resolve(cwd, flags.text('--out') ?? '.')
  const target = targetOf(input, source)
  if (!flags.has('--force')) refuseOverwriting(folder)
  const interrupt = listenForInterrupt(terminal, 'Ending; nothing is written')
  const ending = new AbortController()
  interrupt.onFirst(() => ending.abort())
  try {
    const { makeStart } = await import('../../outrider.ts')
    const started = await makeStart({
      source,
      file: resolve(cwd, source),
      k: flags.number('--k', { min: 2, max: 1000, integer: true }) ?? DEFAULT_K,
      seed: flags.number('--seed', { min: 0, integer: true }) ?? 1,
      signal: ending.signal,
      onRead: (path) => printLine(terminal, `looking at ${path}`),
    })
    if (interrupt.asked()) return EXIT.interrupted
    await writeAll(folder, started, target, source)
    await storeUsers(input, folder, started)
    tell(input, folder, started, target)
    return EXIT.healthy
  } catch (thrown) {
    if (interrupt.asked()) return EXIT.interrupted
    throw thrown
  } finally {
    interrupt.dispose()
  }
}

interface Target {
  readonly name: string
  readonly baseline: string
  readonly canary: string
  /** Which of them stand in for addresses that nobody gave. */
  readonly missing: readonly ('baseline' | 'canary')[]
}

const STAND_IN = 'http://127.0.0.1:8080'

function targetOf({ flags }: VerbInput, source: string): Target {
  const given = flags.url('--baseline')
  const own = URL.canParse(source) && /^https?:/i.test(source) ? new URL(source).origin : undefined
  const baseline = given ?? own
  const canary = flags.url('--canary')
  const name = flags.text('--name') ?? 'app'
  if (!/^[A-Za-z0-9_.-]{1,100}$/.test(name)) {
    throw new UsageError(`Cannot read --name: "${name}" is no name of a target`, {
      code: 'bad-flag',
      where: '--name',
      mend: 'use letters, digits, "_", "." and "-"',
    })
  }
  const missing = [
    ...(baseline === undefined ? (['baseline'] as const) : []),
    ...(canary === undefined ? (['canary'] as const) : []),
  ]
  return { name, baseline: baseline ?? STAND_IN, canary: canary ?? baseline ?? STAND_IN, missing }
}

function refuseOverwriting(folder: string): void {
  const there = FILES.filter((file) => existsSync(join(folder, file)))
  if (there.length === 0) return
  throw new UsageError(`Cannot begin in ${folder}: ${there.join(' and ')} would be overwritten`, {
    code: 'file-exists',
    where: join(folder, there[0] ?? ''),
    mend: 'name another folder with --out, or write over them with --force',
  })
}

async function writeAll(
  folder: string,
  { actions, profiles }: Started,
  target: Target,
  source: string,
): Promise<void> {
  const lines = profiles.map((profile) => JSON.stringify(profile))
  const texts: Readonly<Record<(typeof FILES)[number], string>> = {
    'outrider.yaml': configurationOf(target, source),
    'actions.yaml': actions,
    'profiles.ndjson': lines.length === 0 ? '' : `${lines.join('\n')}\n`,
  }
  try {
    await mkdir(folder, { recursive: true })
    for (const file of FILES) await writeFile(join(folder, file), texts[file])
  } catch (thrown) {
    throw new StoreError(`Cannot write into ${folder}: ${messageOf(thrown)}`, {
      code: 'not-written',
      where: folder,
      mend: 'name a folder that you may write to, with --out',
      cause: thrown,
    })
  }
}

function configurationOf({ name, baseline, canary, missing }: Target, source: string): string {
  const remark = (arm: 'baseline' | 'canary', words: string): string =>
    missing.includes(arm) ? `    # <- ${words}` : ''
  return `# Made by outrider init from ${basename(source)}.
version: 1
ontology: actions.yaml
targets:
  ${name}:
    baseline: ${JSON.stringify(baseline)}${remark('baseline', 'the address of the trusted version')}
    canary: ${JSON.stringify(canary)}${remark('canary', 'the address of the new version')}
`
}

/** Into the database of the new configuration; users of the same names are replaced. */
async function storeUsers(input: VerbInput, folder: string, { profiles }: Started): Promise<void> {
  const file = join(folder, 'outrider.yaml')
  const flags = { ...input.flags, text: textWith(input, file) }
  await withOutrider({ ...input, flags }, async (outrider) => {
    for (const profile of profiles) outrider.profiles.put(profile)
  })
}

/** Where --config is not given, the configuration that was just written. */
function textWith({ flags }: VerbInput, file: string): VerbInput['flags']['text'] {
  return (flag) => flags.text(flag) ?? (flag === '--config' ? file : undefined)
}

function tell(input: VerbInput, folder: string, started: Started, target: Target): void {
  const { terminal, flags, cwd } = input
  const { kind, actionCount, profiles, remarks } = started
  if (flags.has('--json')) {
    const users = profiles.length
    const files = FILES.map((file) => join(folder, file))
    terminal.out(
      `${JSON.stringify({ kind, actions: actionCount, profiles: users, files, remarks })}\n`,
    )
    return
  }
  const made = `${counted(actionCount, 'action')} and ${counted(profiles.length, 'user')}`
  const inside = folder === resolve(cwd) ? '' : `cd ${folder} && `
  const next = [
    `outrider actions check actions.yaml --try --target ${target.baseline}`,
    ...(profiles.length === 0
      ? ['outrider profiles import users.ndjson --format profiles   (users are still missing)']
      : []),
    `outrider probe --target ${target.name}`,
  ]
  const lines = [
    `${made}, from ${KINDS[kind]}: ${FILES.join(', ')}`,
    ...remarks.map((remark) => `  ${remark}`),
    ...target.missing.map((arm) => `  fill in the address of the ${arm} in outrider.yaml`),
    '',
    'Next:',
    ...next.map((command) => `  ${inside}${command}`),
  ]
  const text = lines.map((line) => plainText(line, terminal.outStyle)).join('\n')
  terminal.out(`${text.replaceAll(NARROW_SPACE, ' ')}\n`)
}

function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

const KINDS: Readonly<Record<Started['kind'], string>> = {
  openapi: 'an OpenAPI document',
  pages: 'the pages that it links to',
  har: 'a HAR',
  otlp: 'traces',
  json: 'an access log',
  combined: 'an access log',
  common: 'an access log',
}
