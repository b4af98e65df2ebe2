/**
 * The configuration: outrider.yaml, then what `OUTRIDER_*` variables say over it, then the
 * defaults for the rest. A wrong value is named with its line, or with its variable.
 */

import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { configSchema, NOT_BUILT_KEYS, type Config } from '../core/contract/config.ts'
import { UsageError } from '../core/errors.ts'
import { fileReason } from '../core/file-reason.ts'
import { parseWith } from '../core/parse.ts'
import { suggest } from '../core/suggest.ts'
import { parseYaml } from '../core/yaml.ts'

export interface LoadedConfig {
  readonly config: Config
  /** Folder that relative paths of the configuration are seen from. */
  readonly baseFolder: string
  /** Left out where there is no file and the defaults hold. */
  readonly file?: string
}

export interface ConfigRequest {
  /** What --config names; left out = `OUTRIDER_CONFIG`, then outrider.yaml if it is there. */
  readonly file?: string
  readonly cwd: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

const DEFAULT_FILE = 'outrider.yaml'
/** The ontology that is taken without being named, if it lies beside the configuration. */
const DEFAULT_ONTOLOGY = 'actions.yaml'
const MOST_BYTES = 10_000_000

type Document = Record<string, unknown>
type Path = readonly PropertyKey[]
type Locate = (path: Path) => string

interface Variable {
  readonly name: string
  readonly path: readonly string[]
  readonly value: unknown
}

/**
 * The merged configuration.
 * @throws UsageError `no-config`, `bad-yaml`, `bad-config`, `bad-environment` or `not-built`, with
 *   `file:line` or the variable as the place
 */
export async function loadConfig(request: ConfigRequest): Promise<LoadedConfig> {
  const { cwd, environment } = request
  const file = findFile(request)
  const baseFolder = file === undefined ? resolve(cwd) : dirname(file)
  const source =
    file === undefined
      ? { value: { version: 1 }, locate: () => DEFAULT_FILE }
      : parseYaml(await readConfig(file), shownName(request))
  const variables = variablesOf(environment, cwd)
  const locate = locateWith(variables, source.locate)
  refuseNotBuilt(source.value, locate)
  const document = variables.reduce<unknown>(
    (merged, { path, value }) => withValue(merged, path, value),
    source.value,
  )
  const config = parseWith(configSchema, document, {
    what: 'configuration',
    code: 'bad-config',
    locate,
  })
  return {
    config: withDefaultOntology(config, baseFolder),
    baseFolder,
    ...(file === undefined ? {} : { file }),
  }
}

function findFile({ file, cwd, environment }: ConfigRequest): string | undefined {
  const named = file ?? (environment['OUTRIDER_CONFIG'] || undefined)
  if (named !== undefined) return resolve(cwd, named)
  const usual = join(cwd, DEFAULT_FILE)
  return existsSync(usual) ? resolve(usual) : undefined
}

/** The name as the person wrote it, so that `file:line` can be opened from where they are. */
function shownName({ file, environment }: ConfigRequest): string {
  return file ?? (environment['OUTRIDER_CONFIG'] || DEFAULT_FILE)
}

async function readConfig(file: string): Promise<string> {
  try {
    const { size } = await stat(file)
    if (size > MOST_BYTES) throw new Error(`it is larger than ${MOST_BYTES} bytes`)
    return await readFile(file, 'utf8')
  } catch (thrown) {
    throw new UsageError(`Cannot read configuration: "${file}": ${fileReason(thrown)}`, {
      code: 'no-config',
      where: file,
      mend: 'name a file that is there with --config, or leave it out for the defaults',
      cause: thrown,
    })
  }
}

const SECTIONS = ['probe', 'analysis', 'server'] as const
type Section = (typeof SECTIONS)[number]

/** Variables that are not keys of the configuration. */
const OTHER_VARIABLES: ReadonlySet<string> = new Set([
  'OUTRIDER_CONFIG',
  'OUTRIDER_DEBUG',
  'OUTRIDER_SERVER',
])
/** What Kubernetes sets for a service whose name begins with "outrider". */
const SERVICE_VARIABLE = /_(?:SERVICE_(?:HOST|PORT)|PORT)(?:_|$)/

/**
 * `OUTRIDER_DB`, `OUTRIDER_ONTOLOGY` and `OUTRIDER_<SECTION>_<KEY>`. Values are written as in the
 * file; an unknown key of a known section is an error, because a typo would be silent otherwise.
 */
function variablesOf(environment: ConfigRequest['environment'], cwd: string): Variable[] {
  return Object.entries(environment).flatMap(([name, text]) => {
    if (!name.startsWith('OUTRIDER_') || text === undefined || text === '') return []
    if (OTHER_VARIABLES.has(name) || name.startsWith('OUTRIDER_SECRET_')) return []
    if (name === 'OUTRIDER_DB') return [{ name, path: ['db'], value: databasePath(cwd, text) }]
    if (name === 'OUTRIDER_ONTOLOGY')
      return [{ name, path: ['ontology'], value: resolve(cwd, text) }]
    const section = SECTIONS.find((key) => name.startsWith(`OUTRIDER_${key.toUpperCase()}_`))
    if (section === undefined || SERVICE_VARIABLE.test(name)) return []
    const key = name.slice(`OUTRIDER_${section}_`.length).toLowerCase()
    const known = keysOf(section)
    if (!known.includes(key)) throw unknownVariable(name, section, key)
    const value = name === 'OUTRIDER_SERVER_LISTEN' ? text : parseYaml(text, name).value
    return [{ name, path: [section, key], value }]
  })
}

function databasePath(cwd: string, path: string): string {
  return path === ':memory:' ? path : resolve(cwd, path)
}

function keysOf(section: Section): string[] {
  return Object.keys(configSchema.shape[section].unwrap().shape)
}

function unknownVariable(name: string, section: Section, key: string): UsageError {
  const laterKey = NOT_BUILT_KEYS.includes(`${section}.${key}`)
  const known = keysOf(section)
  return new UsageError(
    laterKey
      ? `${name} is not built in this version`
      : `Cannot read environment: ${name} is not a known variable`,
    {
      code: laterKey ? 'not-built' : 'bad-environment',
      where: name,
      mend: laterKey
        ? 'unset it'
        : suggest(
            name,
            known.map((other) => `OUTRIDER_${section}_${other}`.toUpperCase()),
          ),
    },
  )
}

function withValue(document: unknown, path: readonly string[], value: unknown): unknown {
  const [first, ...rest] = path
  if (first === undefined) return value
  const map: Document = isMap(document) ? document : {}
  return { ...map, [first]: withValue(map[first], rest, value) }
}

function locateWith(variables: readonly Variable[], inFile: Locate): Locate {
  return (path) => {
    const variable = variables.find((candidate) =>
      candidate.path.every((key, index) => path[index] === key),
    )
    return variable === undefined ? inFile(path) : variable.name
  }
}

/** A key that later versions bring is refused by name: it must never seem to have worked. */
function refuseNotBuilt(document: unknown, locate: Locate): void {
  for (const key of NOT_BUILT_KEYS) {
    const [keys = '', value] = key.split('=')
    const path = findPath(document, keys.split('.'), value)
    if (path === undefined) continue
    const where = locate(path)
    const name = path.map(String).join('.') + (value === undefined ? '' : `: ${value}`)
    throw new UsageError(`"${name}" in ${where} is not built in this version`, {
      code: 'not-built',
      where,
      mend: 'take it out; the rest works without it',
    })
  }
}

/** Where this key stands in the document (with this value, if one is named); `*` is any key. */
function findPath(document: unknown, keys: readonly string[], value?: string): Path | undefined {
  const [first, ...rest] = keys
  if (first === undefined) return value === undefined || document === value ? [] : undefined
  if (!isMap(document)) return undefined
  const candidates = first === '*' ? Object.keys(document) : [first]
  for (const key of candidates) {
    if (!Object.hasOwn(document, key)) continue
    const below = findPath(document[key], rest, value)
    if (below !== undefined) return [key, ...below]
  }
  return undefined
}

function withDefaultOntology(config: Config, baseFolder: string): Config {
  if (config.ontology !== undefined || !existsSync(join(baseFolder, DEFAULT_ONTOLOGY)))
    return config
  return { ...config, ontology: DEFAULT_ONTOLOGY }
}

function isMap(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
