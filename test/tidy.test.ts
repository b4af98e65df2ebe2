/** The house in order: who may import whom, who owns which package, sizes, words. */

import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, extname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PROJECT } from './support/processes.ts'

/** A room is the longest of these prefixes; it may import itself and what stands beside it. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'src/core': [],
  'src/analysis': ['src/core'],
  'src/report': ['src/core'],
  'src/actions': ['src/core'],
  'profiles-db': ['src/core'],
  'src/profiles': ['src/core', 'profiles-db', 'src/actions'],
  'src/generator': ['src/core', 'src/actions'],
  'src/allocator': ['src/core', 'profiles-db'],
  'src/probe': [
    'src/core',
    'profiles-db',
    'src/actions',
    'src/profiles',
    'src/generator',
    'src/analysis',
  ],
  'src/outrider.ts': [
    'src/core',
    'profiles-db',
    'src/actions',
    'src/profiles',
    'src/generator',
    'src/analysis',
    'src/allocator',
    'src/probe',
  ],
  server: ['src/core', 'src/report', 'src/outrider.ts'],
  'src/demo': ['src/core', 'server', 'src/outrider.ts'],
  'src/cli': ['src/core', 'src/report', 'src/demo', 'server', 'src/outrider.ts'],
  // Public exports, no code: it may name what any room makes.
  'src/index.ts': [
    'src/core',
    'profiles-db',
    'src/actions',
    'src/profiles',
    'src/generator',
    'src/analysis',
    'src/allocator',
    'src/probe',
    'src/report',
    'src/outrider.ts',
    'server',
  ],
}

/** Only this room imports the package. */
const OWNER: Readonly<Record<string, string>> = {
  zod: 'src/core',
  yaml: 'src/core',
  leven: 'src/core',
  'json-p3': 'src/actions',
  'node-html-parser': 'src/actions',
  'openapi-sampler': 'src/actions',
  'better-sqlite3': 'profiles-db',
  '@faker-js/faker': 'src/profiles',
  bowser: 'src/profiles',
  'crawler-user-agents': 'src/profiles',
  undici: 'src/generator',
  'tough-cookie': 'src/generator',
  autocannon: 'src/generator',
  hono: 'server',
  '@hono/node-server': 'server',
  'chart.js': 'server',
  commander: 'src/cli',
  'node:sqlite': 'src/demo',
}

/** Rooms without I/O; a folder inside a room, or the one file of a room that may. */
const PURE = [
  'src/core',
  'src/analysis',
  'src/report',
  'src/actions',
  'src/profiles/synthesise',
  'src/profiles/fit',
  'src/profiles/distance',
]
const MAY_READ_FILES = ['src/actions/load.ts', 'src/profiles/synthesise/population.ts']
const DOES_IO =
  /^node:(fs|net|http|https|http2|tls|dns|dgram|child_process|worker_threads|cluster|timers|perf_hooks|os|process|readline|sqlite|inspector)(\/|$)/

const FILE_LINES = 400
const TEST_LINES = 600
const FOLDER_FILES = 15

const NOT_OURS = new Set(['node_modules', 'dist', 'coverage', '.git', '.outrider'])
const VENDORED = new Set(['server/dashboard/chart.umd.min.js'])
const CODE = new Set(['.ts', '.js', '.mjs'])
const TEXT = new Set([
  ...CODE,
  '.md',
  '.yaml',
  '.yml',
  '.json',
  '.css',
  '.html',
  '.sql',
  '.txt',
  '',
])

/** The brackets keep this file from having what it forbids. */
const FORBIDDEN_WORDS = /\b(TOD[O]|FIXM[E]|XX[X]|HAC[K])\b/
const FORBIDDEN_NAMES = new Set(['types', 'utils', 'helpers', 'constants'])

const files = filesBelow('')
const code = files.filter((file) => CODE.has(extname(file)) && !VENDORED.has(file))
const rooms = code.filter((file) => roomOf(file) !== undefined && !isDashboard(file))

describe('tidy', () => {
  it('finds the files it checks', () => {
    expect(rooms).toContain('src/core/arm.ts')
    expect(rooms).toContain('src/outrider.ts')
    expect(importsOf('src/core/units.ts')).toEqual(['src/core/errors.ts'])
    expect(importsOf('src/core/yaml.ts')).toContain('yaml')
  })
  it('each file of src, server and profiles-db belongs to a room', () => {
    const homeless = code.filter(
      (file) => /^(src|server|profiles-db)\//.test(file) && roomOf(file) === undefined,
    )
    expect(homeless).toEqual([])
  })
  it('imports go only up the table', () => {
    const wrong = rooms.flatMap((file) => {
      const room = roomOf(file) ?? ''
      const allowed = [room, ...(MAY_IMPORT[room] ?? [])]
      return importsOf(file)
        .filter((target) => !isPackage(target) && !allowed.includes(roomOf(target) ?? target))
        .map((target) => `${file} -> ${target}`)
    })
    expect(wrong).toEqual([])
  })
  it('a package is imported only by the room that owns it', () => {
    const wrong = rooms.flatMap((file) =>
      importsOf(file)
        .filter(isPackage)
        .map(packageOf)
        .filter((name) => !name.startsWith('node:') || name in OWNER)
        .filter((name) => name !== 'outrider' && OWNER[name] !== roomOf(file))
        .map((name) => `${file} -> ${name}`),
    )
    expect(wrong).toEqual([])
  })
  it('pure rooms import nothing that does I/O', () => {
    const wrong = rooms
      .filter((file) => PURE.some((room) => file.startsWith(`${room}/`)))
      .filter((file) => !MAY_READ_FILES.includes(file))
      .flatMap((file) =>
        importsOf(file)
          .filter((target) => DOES_IO.test(target))
          .map((target) => `${file} -> ${target}`),
      )
    expect(wrong).toEqual([])
  })
  it('the dashboard imports only its own files', () => {
    const modules = code.filter((file) => isDashboard(file) && !file.endsWith('.d.ts'))
    const wrong = modules.flatMap((file) =>
      importsOf(file)
        .filter((target) => !target.startsWith('server/dashboard/'))
        .map((target) => `${file} -> ${target}`),
    )
    expect(wrong).toEqual([])
  })
  it('files, tests and folders keep their size', () => {
    const long = code
      .map((file) => ({ file, lines: textOf(file).trimEnd().split('\n').length }))
      .filter(({ file, lines }) => lines > (file.startsWith('test/') ? TEST_LINES : FILE_LINES))
      .map(({ file, lines }) => `${file}: ${lines} lines`)
    const folders = Map.groupBy(code, (file) => dirname(file))
    const full = [...folders]
      .filter(([, inside]) => inside.length > FOLDER_FILES)
      .map(([folder, inside]) => `${folder}: ${inside.length} files`)
    expect([...long, ...full]).toEqual([])
  })
  it('nothing is put off, and no file is a drawer for everything', () => {
    const putOff = files
      .filter((file) => TEXT.has(extname(file)) && !VENDORED.has(file))
      .filter((file) => file !== 'package-lock.json')
      .filter((file) => FORBIDDEN_WORDS.test(textOf(file)))
    const drawers = code.filter((file) => FORBIDDEN_NAMES.has(basename(file, extname(file))))
    expect([...putOff, ...drawers]).toEqual([])
  })
  it('exports have names', () => {
    const nameless = code
      .filter((file) => file !== 'vitest.config.ts')
      .filter((file) => /^export default\b/m.test(textOf(file)))
    expect(nameless).toEqual([])
  })
  it('a module opens with a sentence that says what it is', () => {
    const silent = [...rooms, ...code.filter(isDashboard)].filter(
      (file) => !/^(#!.*\n)?(\/\/ @ts-check\s+)?\/\*\*/.test(textOf(file)),
    )
    expect(silent).toEqual([])
  })
  it('tests stand where the rooms stand', () => {
    const places = new Set(rooms.map((file) => dirname(file).replace(/^src(\/|$)/, '')))
    const own = /^(support|process|story|vectors|world|contract|bench)(\/|$)/
    const astray = code
      .filter((file) => file.startsWith('test/') && dirname(file) !== 'test')
      .map((file) => relative('test', dirname(file)))
      .filter((place) => !own.test(place) && !places.has(place) && place !== 'server/dashboard')
    expect([...new Set(astray)]).toEqual([])
  })
  it('the lock file installs anywhere: no compiler, no registry of its own', () => {
    const lock: unknown = JSON.parse(textOf('package-lock.json'))
    const packages = fieldOf(lock, 'packages')
    // Without this line npm runs node-gyp for a package that brings its binaries. `npm install`
    // drops it: put "gypfile": false back into the entry of node_modules/better-sqlite3.
    expect(fieldOf(fieldOf(packages, 'node_modules/better-sqlite3'), 'gypfile')).toBe(false)
    expect(textOf('package-lock.json')).not.toContain('"resolved"')
  })
})

function filesBelow(folder: string): string[] {
  return readdirSync(join(PROJECT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : filesBelow(path)
    return entry.isFile() ? [path] : []
  })
}

function textOf(file: string): string {
  return readFileSync(join(PROJECT, file), 'utf8')
}

function roomOf(file: string): string | undefined {
  return Object.keys(MAY_IMPORT)
    .filter((room) => file === room || file.startsWith(`${room}/`))
    .toSorted((one, other) => other.length - one.length)[0]
}

function isDashboard(file: string): boolean {
  return file.startsWith('server/dashboard/')
}

/** What a file imports: `node:fs`, a package, or a path from the project's root. */
function importsOf(file: string): string[] {
  const text = textOf(file).replace(/\/\*[^]*?\*\//g, '')
  const pattern =
    /(?:^|[;}\s])(?:import|export)\s+(?:type\s+)?(?:[\w$*\s{},]+?\s+from\s+)?['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"\n]+)['"]/g
  return [...text.matchAll(pattern)].map((match) => {
    const target = match[1] ?? match[2] ?? ''
    return target.startsWith('.') ? join(dirname(file), target) : target
  })
}

function isPackage(target: string): boolean {
  return target.startsWith('node:') || !/^(src|server|profiles-db|test|bench)\//.test(target)
}

function packageOf(target: string): string {
  const parts = target.split('/')
  return target.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? target)
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
