/**
 * From one hint (an address, an OpenAPI document, a HAR, a trace, a log) to everything that a probe
 * needs: an ontology, users, a configuration.
 */

import { open } from 'node:fs/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { importOpenApi } from '../../actions/openapi/import.ts'
import type { Profile } from '../../core/contract/profile.ts'
import { UsageError } from '../../core/errors.ts'
import { fileReason } from '../../core/file-reason.ts'
import { createRandom } from '../../core/random.ts'
import { importRecording, importRequests, type Imported } from '../../profiles/derive/import.ts'
import { lineLimitOf } from '../../profiles/derive/read/formats.ts'
import { readLines } from '../../profiles/derive/read/lines.ts'
import type { LoggedRequest } from '../../profiles/derive/read/request.ts'
import { fitPopulation } from '../../profiles/fit/fit.ts'
import { parseProfiles } from '../../profiles/read.ts'
import { synthesise } from '../../profiles/synthesise/population.ts'
import { explore, walksOf } from './explore.ts'
import { guessKind, type SourceKind } from './guess.ts'

export interface Started {
  readonly kind: SourceKind | 'pages'
  /** The ontology as YAML. */
  readonly actions: string
  readonly profiles: readonly Profile[]
  /** How many actions, and what somebody should know, in sentences. */
  readonly actionCount: number
  readonly remarks: readonly string[]
}

export interface StartOptions {
  /** An http(s) address or a file. */
  readonly source: string
  /** The path of the file. */
  readonly file: string
  /** Keep only what so many people did, for logs and traces. */
  readonly k: number
  readonly seed: number
  readonly signal: AbortSignal
  readonly onRead?: (target: string) => void
}

/**
 * @throws UsageError with code `unknown-source`, or those of the import; TargetError if the address
 *   cannot be looked at
 */
export async function makeStart(options: StartOptions): Promise<Started> {
  const { source, signal, onRead, seed } = options
  if (/^https?:\/\//i.test(source)) {
    const found = await explore({
      url: source,
      signal,
      ...(onRead === undefined ? {} : { onRead }),
    })
    if (found.kind === 'openapi') return ofOpenApi(found.text, found.path)
    const walks = walksOf(found.pages, createRandom(seed, 'init'))
    const wanted = {
      format: 'har',
      file: source,
      proposedFile: 'actions.yaml',
      seed,
      k: 1,
    } as const
    const counts = { entries: walks.length, malformed: 0 }
    // What a link says is nobody's secret, and the walks are made up: nobody was seen.
    const keepQuery = [...new Set(found.pages.flatMap(({ target }) => queryNames(target)))]
    const own = { ...wanted, keepBots: true, keepQuery }
    const imported = await importRequests(oneBatch(walks), own, counts)
    const started = ofImport('pages', imported, imported.profiles())
    return { ...started, actions: started.actions.replaceAll(/^ *# seen .*\n/gm, '') }
  }
  const kind = guessKind(await beginningOf(options.file, source))
  if (kind === undefined) throw unknownSource(source)
  if (kind === 'openapi') return ofOpenApi(await textOf(options.file, source), source)
  const limit = lineLimitOf(kind)
  const lines = readLines(options.file, source, {
    signal,
    ...(limit === undefined ? {} : { lineLimit: limit }),
  })
  const shared = { format: kind, file: source, proposedFile: 'actions.yaml', seed }
  // What one person recorded of the own clicks may be kept; what a log has is of others.
  if (kind === 'har') {
    const imported = await importRecording(lines, { ...shared, k: 1 })
    return ofImport(kind, imported, imported.profiles())
  }
  const imported = await importRecording(lines, { ...shared, k: options.k })
  const { ontology, sessions, name } = imported
  const fitted = fitPopulation(sessions, { ontology, k: options.k, seed, name })
  const users = synthesise(fitted.population, Math.min(MOST_USERS, sessions.length), seed)
  return ofImport(kind, imported, users)
}

const MOST_USERS = 1000

function queryNames(target: string): string[] {
  return [...new URL(target, 'http://localhost').searchParams.keys()]
}

async function* oneBatch(requests: LoggedRequest[]): AsyncGenerator<LoggedRequest[]> {
  yield requests
}

function ofOpenApi(text: string, file: string): Started {
  const made = importOpenApi(text, file)
  const { summary } = made
  const lines = made.profiles.map((profile) => JSON.stringify(profile)).join('\n')
  const needy = summary.needData.length
  return {
    kind: 'openapi',
    actions: made.text,
    profiles: lines === '' ? [] : parseProfiles(lines, file, made.ontology),
    actionCount: summary.actions,
    remarks: [
      ...(needy === 0
        ? []
        : [
            `${needy} ${needy === 1 ? 'action needs' : 'actions need'} data that the document has no value for`,
          ]),
      ...summary.secrets.map(({ name, holds }) => `OUTRIDER_SECRET_${name} has to hold ${holds}`),
      ...(summary.unasked.length === 0
        ? []
        : [
            `most operations ask for no proof; if the service wants one, add it to defaults.headers`,
          ]),
      ...(summary.leftOut.length === 0
        ? []
        : [
            `${summary.leftOut.length} operation${summary.leftOut.length === 1 ? '' : 's'} left out`,
          ]),
    ],
  }
}

function ofImport(
  kind: Started['kind'],
  { proposal, ontology }: Imported,
  profiles: readonly Profile[],
): Started {
  return {
    kind,
    actions: proposal?.yaml ?? '',
    profiles,
    actionCount: ontology.actions.size,
    remarks: proposal?.remarks ?? [],
  }
}

const BEGINNING_BYTES = 65_536

/** What a file begins with, unpacked if it is compressed. */
async function beginningOf(file: string, shown: string): Promise<string> {
  try {
    const handle = await open(file)
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(BEGINNING_BYTES), 0)
      return await unpacked(buffer.subarray(0, bytesRead))
    } finally {
      await handle.close()
    }
  } catch (thrown) {
    throw noFile(shown, thrown)
  }
}

/** The end of a compressed beginning is missing, which is no fault. */
async function unpacked(bytes: Buffer): Promise<string> {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b
  const isZstd = bytes.readUIntBE(0, Math.min(4, bytes.length)) === 0x28b52ffd
  if (!isGzip && !isZstd) return bytes.toString('utf8')
  const stream = isGzip ? createGunzip() : createZstdDecompress()
  const chunks: Buffer[] = []
  return new Promise((resolve) => {
    const end = (): void => resolve(Buffer.concat(chunks).toString('utf8'))
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      if (chunks.reduce((sum, { length }) => sum + length, 0) < BEGINNING_BYTES) return
      stream.destroy()
      end()
    })
    stream.on('error', end)
    stream.on('end', end)
    stream.end(bytes)
  })
}

async function textOf(file: string, shown: string): Promise<string> {
  const handle = await open(file).catch((thrown: unknown) => {
    throw noFile(shown, thrown)
  })
  try {
    return await handle.readFile('utf8')
  } catch (thrown) {
    throw noFile(shown, thrown)
  } finally {
    await handle.close()
  }
}

function noFile(shown: string, thrown: unknown): UsageError {
  return new UsageError(`Cannot begin with "${shown}": ${fileReason(thrown)}`, {
    code: 'no-file',
    where: shown,
    mend: 'name a file that can be read, or an address like http://127.0.0.1:8080',
    cause: thrown,
  })
}

function unknownSource(shown: string): UsageError {
  return new UsageError(`Cannot begin with "${shown}": it is none of the kinds that are known`, {
    code: 'unknown-source',
    where: shown,
    mend: 'hand over an address, an OpenAPI document, a HAR, OTLP JSON or an access log',
  })
}
