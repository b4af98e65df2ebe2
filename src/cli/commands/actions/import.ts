/** `outrider actions import`: an ontology that works, from an OpenAPI document. */

import { existsSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { HTTP_METHODS, type HttpMethod } from '../../../core/contract/ontology.ts'
import { StoreError, UsageError } from '../../../core/errors.ts'
import { fileReason } from '../../../core/file-reason.ts'
import { suggest } from '../../../core/suggest.ts'
import type { ImportSummary, OpenApiImport } from '../../../outrider.ts'
import { EXIT } from '../../exit.ts'
import type { Flags } from '../../flags.ts'
import { COMMON_HELP } from '../../help.ts'
import { readText } from '../../run-flags.ts'
import { printLine } from '../../terminal.ts'
import type { Verb, VerbInput } from '../../verb.ts'

const help = `Usage: outrider actions import FILE|URL|- [options]

Writes an ontology from an OpenAPI 3 or Swagger 2.0 document (YAML or JSON; -
reads stdin; at the URL of a service its document is looked for by GET), to
stdout or to a file. Each operation becomes an action: its request from the
document's examples and schemas, its expected statuses, captures for later
steps, its route for logs. What was left out is named on stderr, with why.

  --out F                write the ontology here instead of to stdout
  --profiles-out F       also write sample users (NDJSON) who walk the actions
                         that change nothing
  --force                write over files that are there
  --base PATH            stands before each path, like /v1
                                            (what the document's server says)
  --only GET,HEAD        take only these methods
${COMMON_HELP}
Example  outrider actions import openapi.yaml --out actions.yaml
`

export const actionsImport: Verb = {
  name: 'actions import',
  summary: 'an ontology from an OpenAPI document',
  args: ['<FILE>'],
  flags: ['--out <F>', '--profiles-out <F>', '--force', '--base <PATH>', '--only <METHODS>'],
  notBuilt: [],
  help,
  run: runImport,
}

const SHOWN = 12

async function runImport(input: VerbInput): Promise<number> {
  const { args, flags, terminal, cwd } = input
  const shown = args[0] ?? ''
  const wanted = { ...baseOf(flags), ...onlyOf(flags) }
  const out = flags.text('--out')
  const profilesOut = flags.text('--profiles-out')
  const files = [out, profilesOut].filter((file) => file !== undefined)
  if (!flags.has('--force')) for (const file of files) refuseOverwriting(resolve(cwd, file), file)
  const { importOpenApi } = await import('../../../outrider.ts')
  const text = await readDocument(input, shown)
  const made = importOpenApi(text, shown === '-' ? 'stdin' : shown, wanted)
  if (out !== undefined) await write(resolve(cwd, out), out, made.text, flags)
  if (profilesOut !== undefined && made.profiles.length > 0) {
    const lines = made.profiles.map((profile) => `${JSON.stringify(profile)}\n`).join('')
    await write(resolve(cwd, profilesOut), profilesOut, lines, flags)
  }
  if (flags.has('--json')) {
    const ontology = out === undefined ? { ontology: made.text } : {}
    terminal.out(`${JSON.stringify({ ...made.summary, ...ontology })}\n`)
  } else if (out === undefined) terminal.out(made.text)
  for (const line of linesOf(made, { out, profilesOut })) printLine(terminal, line)
  return EXIT.healthy
}

async function readDocument({ cwd, terminal }: VerbInput, shown: string): Promise<string> {
  if (shown === '-') return await readStdin()
  if (!/^https?:\/\//i.test(shown)) return await readText(resolve(cwd, shown), shown, 'document')
  const { fetchOpenApi } = await import('../../../outrider.ts')
  const { signal } = new AbortController()
  const { path, text } = await fetchOpenApi({ url: shown, signal })
  printLine(terminal, `read ${path}`)
  return text
}

function baseOf(flags: Flags): { base?: string } {
  const base = flags.text('--base')
  if (base === undefined) return {}
  const isPath = /^\/(?!\/)[^\s?#{}]*$/.test(base) && base.length < 500
  if (isPath) return { base: base.replace(/\/+$/, '') }
  throw new UsageError(`Cannot read --base: "${base}" is not a path`, {
    code: 'bad-flag',
    where: '--base',
    mend: 'write it like /v1, or / for none',
  })
}

function onlyOf(flags: Flags): { only?: HttpMethod[] } {
  const list = flags.list('--only')
  if (list === undefined) return {}
  const only = list.map((written) => {
    const method = HTTP_METHODS.find((known) => known === written.toUpperCase())
    if (method !== undefined) return method
    throw new UsageError(`Cannot read --only: "${written}" is not a method`, {
      code: 'bad-flag',
      where: '--only',
      mend: suggest(written.toUpperCase(), HTTP_METHODS),
    })
  })
  return { only }
}

/** As much as the reader of documents takes, and a bit, so that it says what is wrong. */
const MOST_STDIN = 33 * 2 ** 20

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of process.stdin) {
    const buffer = Buffer.from(chunk)
    bytes += buffer.length
    chunks.push(buffer)
    if (bytes > MOST_STDIN) break
  }
  return Buffer.concat(chunks).toString('utf8')
}

function refuseOverwriting(file: string, shown: string): void {
  if (!existsSync(file)) return
  throw new UsageError(`Cannot write "${shown}": it is there already`, {
    code: 'file-exists',
    where: shown,
    mend: 'name another file, or write over it with --force',
  })
}

/** Whole or not at all: first beside it, then in its place. */
async function write(file: string, shown: string, text: string, flags: Flags): Promise<void> {
  const beside = `${file}.${process.pid}.part`
  try {
    if (!flags.has('--force')) return await writeFile(file, text, { flag: 'wx' })
    await writeFile(beside, text)
    await rename(beside, file)
  } catch (thrown) {
    await rm(beside, { force: true })
    throw new StoreError(`Cannot write "${shown}": ${fileReason(thrown)}`, {
      code: 'not-written',
      where: shown,
      mend: 'name a file that can be written',
      cause: thrown,
    })
  }
}

function linesOf(
  { summary, profiles }: OpenApiImport,
  files: { readonly out: string | undefined; readonly profilesOut: string | undefined },
): string[] {
  const where = files.out === undefined ? '' : `, in ${files.out}`
  const lines = [`${count(summary.actions, 'action')} from ${summary.title}${where}`]
  if (summary.mutating.length > 0) {
    lines.push(`change data, and run only with --allow-mutations: ${listed(summary.mutating)}`)
  }
  lines.push(...needLines(summary))
  if (summary.captures > 0) {
    lines.push(`${count(summary.captures, 'capture')} for later steps of a session`)
  }
  for (const { name, holds } of summary.secrets) lines.push(`set OUTRIDER_SECRET_${name}: ${holds}`)
  if (summary.unasked.length > 0) {
    lines.push(
      `most operations ask for no proof, though the document defines ${listed(summary.unasked)}:` +
        ' if the service wants one, write it into defaults.headers',
    )
  }
  const left = Map.groupBy(summary.leftOut, ({ why }) => why)
  for (const [why, operations] of left) {
    lines.push(`left out, ${why}: ${listed(operations.map(({ operation }) => operation))}`)
  }
  const notes = Map.groupBy(summary.notes, ({ note }) => note)
  for (const [note, actions] of notes) {
    lines.push(`${note}: ${listed(actions.map(({ action }) => action))}`)
  }
  if (files.profilesOut !== undefined) {
    lines.push(
      profiles.length === 0
        ? `${files.profilesOut} is not written: each action changes data or needs data`
        : `${count(profiles.length, 'sample user')}, in ${files.profilesOut}`,
    )
  }
  return lines
}

/** By the name of the value: in most services a few identifiers stand in all paths. */
function needLines({ needData }: ImportSummary): string[] {
  if (needData.length === 0) return []
  const names = Map.groupBy(
    needData.flatMap(({ data }) => data),
    (name) => name,
  )
  const sorted = [...names].toSorted(([, one], [, other]) => other.length - one.length)
  const shown = sorted.map(([name, uses]) => `${name} (${uses.length})`)
  const verb = needData.length === 1 ? 'needs' : 'need'
  return [
    `${count(needData.length, 'action')} ${verb} data the document does not have: ${listed(shown)}`,
  ]
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).join(', ')
  return names.length > SHOWN ? `${shown} and ${names.length - SHOWN} more` : shown
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
