/** The place of these tests: two arms, a real HAProxy before them, live users, and a database. */

import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readJournal, type JournalLine } from '../../../profiles-db/journal.ts'
import { openDatabase, type Database } from '../../../profiles-db/open.ts'
import { openRollouts } from '../../../profiles-db/rollouts.ts'
import type { Config } from '../../../src/core/contract/config.ts'
import type { PolicyRequest } from '../../../src/core/contract/policy.ts'
import type { Profile } from '../../../src/core/contract/profile.ts'
import type { RolloutBody, RolloutDocument } from '../../../src/core/contract/rollout.ts'
import {
  loadConfig,
  openOutrider,
  type Outrider,
  type ProbeOverrides,
} from '../../../src/outrider.ts'
import { startHaproxy, type Haproxy, type HaproxyOptions } from '../../support/haproxy.ts'
import { startLiveTraffic, type LiveTraffic } from '../../support/live-traffic.ts'
import { startProgram, type Program } from '../../support/processes.ts'
import { askHaproxy, serveArm, type MoodyArm } from './support-arms.ts'
import type { ControllerSpec } from './controller-process.ts'

export interface World {
  readonly folder: string
  readonly baseline: MoodyArm
  readonly canary: MoodyArm
  readonly haproxy: Haproxy
  readonly live: LiveTraffic
  readonly config: Config
  /** Looks and speaks, never controls. */
  readonly observer: Outrider
  /** For looking into the journal; nothing is written by it. */
  readonly books: Database
  /** What HAProxy itself says; undefined while it says nothing. */
  weightBp(): Promise<number | undefined>
  /** As somebody else would. */
  setWeightBp(weightBp: number): Promise<void>
  /** A controller in its own process. */
  startController(request?: RolloutBody): Program
  /** HAProxy serves on, but nobody reaches its socket by its name. */
  hideSocket(): void
  showSocket(): void
  isSocketHidden(): boolean
  /** SIGKILL; its map is lost with it. */
  killHaproxy(): Promise<void>
  /** The rollout that is not over. */
  openRollout(): string | undefined
  /** The newest rollout, as everybody sees it. */
  document(): RolloutDocument
  journal(id: string): JournalLine[]
  close(): Promise<void>
}

export interface WorldOptions {
  readonly edit?: HaproxyOptions['edit']
  /** Changes what the configuration says of the router. */
  readonly router?: (settings: Haproxy['settings']) => Haproxy['settings']
  /** More of the configuration. */
  readonly config?: Readonly<Record<string, unknown>>
  readonly timeoutMs?: number
  readonly rate?: number
}

/** So that many weights happen in a short time. */
export const QUICK: PolicyRequest = {
  kind: 'linear',
  startBp: 500,
  upBp: 1500,
  downBp: 1000,
  intervalSeconds: 1,
  holdTicks: 1,
  clearTicks: 2,
  gate: { need: 'none' },
  promoteOn: 'manual',
  giveUpAfterSeconds: 600,
  rate: 10,
}

/** The climb begins without a warm-up, or each restart would cost ten seconds. */
export const OVERRIDES: ProbeOverrides = { warmup: 0, seed: 1 }

export function requestOf(name: string, policy: PolicyRequest = QUICK): RolloutBody {
  return { name, target: 'site', router: 'edge', policy }
}

const CONTROLLER = new URL('./controller-process.ts', import.meta.url).pathname
const LIVE = { rate: 50, users: 40, paths: ['/', '/search?q=a'] } as const
const JOURNAL_LINES = 100_000

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const [baseline, canary] = await Promise.all([serveArm('baseline'), serveArm('canary')])
  const haproxy = await startHaproxy({
    baselinePort: baseline.port,
    canaryPort: canary.port,
    ...(options.edit === undefined ? {} : { edit: options.edit }),
  })
  const { folder, settings } = haproxy
  writeConfig(folder, { baseline, canary, settings }, options)
  const { config } = await loadConfig({ cwd: folder, environment: {} })
  const observer = openOutrider({ config, baseFolder: folder, environment: {} })
  observer.profiles.insert(profilesOf(20))
  const books = openDatabase(join(folder, config.db))
  const live = startLiveTraffic({ url: haproxy.url, ...LIVE, rate: options.rate ?? LIVE.rate })
  const programs: Program[] = []
  const hidden = `${settings.socket}.hidden`
  let socket = settings.socket
  let isClosed = false
  return {
    folder,
    baseline,
    canary,
    haproxy,
    live,
    config,
    observer,
    books,
    async weightBp() {
      const text = await askHaproxy(socket, `get map ${settings.map} ${settings.key}`).catch(
        () => '',
      )
      const value = /\bvalue="(\d+)"/.exec(text)?.[1]
      return value === undefined ? undefined : Number(value)
    },
    async setWeightBp(weightBp) {
      await askHaproxy(socket, `set map ${settings.map} ${settings.key} ${weightBp}`)
    },
    startController(request) {
      const spec: ControllerSpec = {
        folder,
        overrides: OVERRIDES,
        ...(request === undefined ? {} : { request }),
      }
      const program = startProgram(process.execPath, [CONTROLLER, JSON.stringify(spec)])
      programs.push(program)
      return program
    },
    hideSocket() {
      renameSync(settings.socket, hidden)
      socket = hidden
    },
    showSocket() {
      if (socket === hidden) renameSync(hidden, settings.socket)
      socket = settings.socket
    },
    isSocketHidden: () => socket === hidden,
    async killHaproxy() {
      const pid = Number(/^Pid: (\d+)$/m.exec(await askHaproxy(socket, 'show info'))?.[1])
      if (!(pid > 1)) throw new Error('HAProxy does not say its pid')
      process.kill(pid, 'SIGKILL')
    },
    openRollout: () => openRollouts(books)[0]?.id,
    document() {
      const [last] = observer.rollouts.list({ limit: 1 }).rollouts
      const document = last === undefined ? undefined : observer.rollouts.find(last.id)
      if (document === undefined) throw new Error('There is no rollout yet')
      return document
    },
    journal: (id) => readJournal(books, id, 0, JOURNAL_LINES),
    async close() {
      if (isClosed) return
      isClosed = true
      for (const program of programs) if (program.isRunning()) program.signal('SIGKILL')
      await Promise.all(programs.map((program) => program.ended))
      // The arms first: requests that hang would be waited for.
      await Promise.all([baseline.close(), canary.close()])
      await live.stop()
      await observer.close()
      books.close()
      await haproxy.stop()
    },
  }
}

function writeConfig(
  folder: string,
  parts: Pick<World, 'baseline' | 'canary'> & { readonly settings: Haproxy['settings'] },
  options: WorldOptions,
): void {
  const { baseline, canary, settings } = parts
  const config = {
    version: 1,
    db: 'outrider.db',
    ontology: 'site.yaml',
    targets: { site: { baseline: baseline.url, canary: canary.url } },
    routers: { edge: options.router?.(settings) ?? settings },
    ...options.config,
  }
  // JSON is YAML too.
  writeFileSync(join(folder, 'outrider.yaml'), JSON.stringify(config))
  const ontology = {
    version: 1,
    defaults: { timeout_ms: options.timeoutMs ?? 10_000 },
    actions: {
      home: { kind: 'navigate', request: { path: '/' } },
      search: { kind: 'search', request: { path: '/search', query: { q: 'a' } } },
    },
  }
  writeFileSync(join(folder, 'site.yaml'), JSON.stringify(ontology))
}

function profilesOf(count: number): Profile[] {
  return Array.from({ length: count }, (_, index) => ({
    user_id: `u${index}`,
    behavioral_patterns: [
      { timestamp: 0, action: 'home', data: {} },
      { timestamp: 1, action: 'search', data: {} },
    ],
    resource_intensity: { cpu_ms: 1, memory_mb: 0, network_kb: 1, period_s: 2 },
    geo_location: 'ZZ',
    device_type: 'other',
    labels: [],
    source: 'synthetic',
  }))
}

/** Resolves with what `look` finds, asked again and again; undefined after the limit. */
export async function findSoon<Value>(
  look: () => Value | undefined | Promise<Value | undefined>,
  limitMs: number,
  everyMs = 20,
): Promise<Value | undefined> {
  const until = performance.now() + limitMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() >= until) return undefined
    await pause(everyMs)
  }
}

/** The same, and what was waited for has to come. */
export async function mustFind<Value>(
  what: string,
  look: () => Value | undefined | Promise<Value | undefined>,
  limitMs = 30_000,
): Promise<Value> {
  const found = await findSoon(look, limitMs)
  if (found === undefined) throw new Error(`${what} did not come in ${limitMs} ms`)
  return found
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
