/**
 * HAProxy by its Runtime API, in map mode: one number in a map is the weight.
 *
 * Idea: haproxy.cfg hashes each user to a bucket of 0 to 9999 and sends those below the number in
 * the map to the canary's backend. One value changes at once, in steps of 0.01 %, without a reload
 * and without a lost request; a user who is on the canary stays there while the number grows.
 * Server weights were left: the balancing algorithm bends them, cookies outlive them, and two of
 * them are no single change.
 * Limits: HAProxy keeps the map in memory only. After a restart it begins with the file, so the file
 * should say 0; the incarnation tells that it happened. Connections that were upgraded (WebSocket)
 * stay where they are until they close.
 */

import type { HaproxySettings } from '../../core/contract/routers.ts'
import { OutriderError, RouterError } from '../../core/errors.ts'
import { suggest } from '../../core/suggest.ts'
import { isWeightBp } from '../../core/weight.ts'
import {
  findBackendStat,
  findProcessInfo,
  loadedMaps,
  mapEntryOf,
  type BackendStat,
  type ProcessInfo,
} from './haproxy/answers.ts'
import { readMapFile } from './haproxy/map-file.ts'
import { createRuntime, type Ask } from './haproxy/runtime.ts'
import { effectiveWeight, type Finding, type RouterAdapter } from './router.ts'

const SHOWN_ANSWER = 200

/** @param name as the configuration calls the router, for messages */
export function createHaproxyAdapter(name: string, settings: HaproxySettings): RouterAdapter {
  const parts: Parts = { name, settings, ask: createRuntime(settings.socket) }
  const { ask } = parts
  return {
    kind: 'haproxy',
    capabilities: {
      stepBp: 1,
      isMonotone: true,
      countsUsers: false,
      measuresLatency: false,
      survivesRestart: false,
      isInProcess: false,
    },
    open: () => Promise.resolve(),
    url: () => undefined,
    preflight: () => preflight(parts),
    async readState() {
      const [info, configuredBp, baseline, canary] = await Promise.all([
        readInfo(parts),
        readWeight(parts),
        readBackend(parts, 'baseline'),
        readBackend(parts, 'canary'),
      ])
      const effectiveBp = effectiveWeight(configuredBp, {
        baseline: baseline.isUp,
        canary: canary.isUp,
      })
      return {
        configuredBp,
        incarnation: info.incarnation,
        ...(effectiveBp === undefined ? {} : { effectiveBp }),
      }
    },
    async write(weightBp) {
      const answer = await ask(`set map ${settings.map} ${settings.key} ${weightBp}`)
      // No text is what success looks like, and also what a value that was not taken looks like.
      if (answer !== '') throw rejected(parts, answer)
    },
    async counts() {
      const [{ incarnation }, baseline, canary] = await Promise.all([
        readInfo(parts),
        readBackend(parts, 'baseline'),
        readBackend(parts, 'canary'),
      ])
      return { baseline: countsOf(baseline), canary: countsOf(canary), incarnation }
    },
    // The map decides anew at every request: at 0 nobody is left.
    evict: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}

interface Parts {
  readonly name: string
  readonly settings: HaproxySettings
  readonly ask: Ask
}

async function readInfo({ settings, ask }: Parts): Promise<ProcessInfo> {
  const info = findProcessInfo(await ask('show info'))
  if (info !== undefined) return info
  throw new RouterError(
    `Cannot read HAProxy at ${settings.socket}: it answers like something else`,
    {
      code: 'not-haproxy',
      where: settings.socket,
      mend: 'compare the address with "stats socket" in haproxy.cfg',
    },
  )
}

async function readWeight(parts: Parts): Promise<number> {
  const { settings, ask } = parts
  const { map, key } = settings
  const text = await ask(`get map ${map} ${key}`)
  const entry = mapEntryOf(text)
  switch (entry.kind) {
    case 'found': {
      const weightBp = entry.value === '' ? NaN : Number(entry.value)
      if (isWeightBp(weightBp)) return weightBp
      throw new RouterError(
        `Cannot read the weight of "${key}" in ${map}: it is "${entry.value}"`,
        {
          code: 'map-value-wrong',
          where: map,
          mend: 'write a whole number from 0 to 10000 (hundredths of a per cent) for it',
        },
      )
    }
    case 'no-map':
      throw await mapNotLoaded(parts)
    case 'no-key':
      throw new RouterError(`Cannot read the weight: the map ${map} has no key "${key}"`, {
        code: 'map-key-missing',
        where: map,
        mend: `put the line "${key} 0" into ${map} and reload HAProxy`,
      })
    case 'garbage':
      throw new RouterError(`Cannot read the weight: HAProxy says "${clip(text)}"`, {
        code: 'not-haproxy',
        where: settings.socket,
        mend: 'compare the address with "stats socket" in haproxy.cfg',
      })
  }
}

/** A map that no rule uses is not loaded at all: setting it would move nobody. */
async function mapNotLoaded({ settings, ask }: Parts): Promise<RouterError> {
  const files = loadedMaps(await ask('show map')).map(({ file }) => file)
  const there = files.length === 0 ? 'it uses no map' : suggest(settings.map, files)
  return new RouterError(`Cannot use the map ${settings.map}: no rule of the HAProxy uses it`, {
    code: 'map-not-loaded',
    where: settings.map,
    mend: `use it in the frontend as examples/haproxy/haproxy.cfg does, spelt the same; ${there}`,
  })
}

async function readBackend(parts: Parts, arm: 'baseline' | 'canary'): Promise<BackendStat> {
  const { settings, ask } = parts
  const backend = settings.backends[arm]
  const stat = findBackendStat(await ask(`show stat ${backend} 2 -1`), backend)
  if (stat !== undefined) return stat
  const known = (await ask('show backend'))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  throw new RouterError(`Cannot find the ${arm} in HAProxy: it has no backend "${backend}"`, {
    code: 'unknown-backend',
    where: `routers.${parts.name}.backends.${arm}`,
    mend: suggest(backend, known),
  })
}

function countsOf({ requests, serverErrors }: BackendStat): {
  requests: number
  serverErrors: number
} {
  return { requests, serverErrors }
}

async function preflight(parts: Parts): Promise<Finding[]> {
  const { settings, ask } = parts
  const process = await found(async () => {
    const { version } = await readInfo(parts)
    return [ok('router-answers', `HAProxy ${version} answers at ${settings.socket}`)]
  })
  // Whatever else would be asked would fail for the same reason.
  if (process.some(({ level }) => level === 'error')) return process
  const map = await found(() => lookAtMap(parts))
  const isLoaded = map.every(({ code }) => code !== 'map-not-loaded')
  const file = isLoaded ? await lookAtFile(settings) : []
  const baseline = await found(() => lookAtBackend(parts, 'baseline'))
  const canary = await found(() => lookAtBackend(parts, 'canary'))
  return [...process, ...map, ...file, ...baseline, ...canary]

  async function lookAtMap(same: Parts): Promise<Finding[]> {
    const used = loadedMaps(await ask('show map')).find(({ file }) => file === settings.map)
    if (used === undefined) throw await mapNotLoaded(same)
    const weightBp = await readWeight(same)
    const message = `map ${settings.map}, used by ${used.usedBy}: ${settings.key} is ${weightBp}`
    return [ok('map-loaded', message)]
  }
}

/** After a restart HAProxy begins with this file. Often it is on another machine: then nothing. */
async function lookAtFile({ map, key }: HaproxySettings): Promise<Finding[]> {
  const value = await readMapFile(map, key)
  if (value === undefined || value === '0') return []
  return [
    {
      level: 'warning',
      code: 'map-file-weight',
      message: `the file ${map} says "${key} ${value}", and a restarted HAProxy begins with that`,
      mend: `write "${key} 0" into it`,
    },
  ]
}

async function lookAtBackend(parts: Parts, arm: 'baseline' | 'canary'): Promise<Finding[]> {
  const { isUp, status } = await readBackend(parts, arm)
  const backend = parts.settings.backends[arm]
  if (isUp) return [ok('backend-up', `${arm} ${backend} is ${status}`)]
  return [
    {
      level: 'warning',
      code: `${arm}-down`,
      message: `${arm} ${backend} is ${status}: no server of it takes requests`,
      mend: 'start it before the weight is raised',
    },
  ]
}

function ok(code: string, message: string): Finding {
  return { level: 'ok', code, message }
}

/** The findings, or the error of the search as one of them. */
async function found(look: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await look()
  } catch (thrown) {
    if (!(thrown instanceof OutriderError)) throw thrown
    const { code, message, mend } = thrown
    return [{ level: 'error', code, message, ...(mend === undefined ? {} : { mend }) }]
  }
}

function rejected({ name, settings }: Parts, answer: string): RouterError {
  return new RouterError(
    `Cannot set the weight of router "${name}": HAProxy says "${clip(answer)}"`,
    {
      code: 'router-rejected',
      where: settings.socket,
      mend: `outrider router check ${name} says more`,
    },
  )
}

function clip(text: string): string {
  return text.slice(0, SHOWN_ANSWER)
}
