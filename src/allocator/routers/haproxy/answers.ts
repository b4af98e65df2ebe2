/** What HAProxy 2.x prints in answer to the commands we use, read defensively. */

export interface ProcessInfo {
  readonly version: string
  /** Changes with every start and reload. */
  readonly incarnation: string
}

/** Of `show info`; undefined if this is no such answer. */
export function findProcessInfo(text: string): ProcessInfo | undefined {
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1]?.trim()
  const [name, version, pid] = [field('Name'), field('Version'), field('Pid')]
  if (name !== 'HAProxy' || version === undefined || pid === undefined) return undefined
  return { version, incarnation: `pid:${pid}@${field('Start_time_sec') ?? ''}` }
}

export interface LoadedMap {
  readonly file: string
  /** HAProxy's own words, which name the file and the line that use it. */
  readonly usedBy: string
}

/** Of `show map`: the maps that some rule of the running configuration uses. */
export function loadedMaps(text: string): LoadedMap[] {
  return [...text.matchAll(/^-?\d+ \((\S+)\) (.*)$/gm)].map(([, file = '', description = '']) => ({
    file,
    usedBy: /used by map at (file .*? line \d+)/.exec(description)?.[1] ?? 'a rule',
  }))
}

export type MapEntry =
  | { readonly kind: 'found'; readonly value: string; readonly type: string }
  | { readonly kind: 'no-key' | 'no-map' | 'garbage' }

/** Of `get map FILE KEY`. */
export function mapEntryOf(text: string): MapEntry {
  if (text.startsWith('Unknown map identifier')) return { kind: 'no-map' }
  if (/\bfound=no\b/.test(text)) return { kind: 'no-key' }
  const value = /\bvalue="([^"]*)"/.exec(text)?.[1]
  if (!/\bfound=yes\b/.test(text) || value === undefined) return { kind: 'garbage' }
  // The last type is that of the value, the first that of the key.
  return { kind: 'found', value, type: [...text.matchAll(/\btype="(\w+)"/g)].at(-1)?.[1] ?? '' }
}

export interface BackendStat {
  readonly isUp: boolean
  readonly status: string
  readonly requests: number
  readonly serverErrors: number
}

/** Of `show stat NAME 2 -1`, which has one row; undefined where there is no such backend. */
export function findBackendStat(text: string, backend: string): BackendStat | undefined {
  const [header = '', ...rows] = text.split('\n')
  const names = header.replace(/^# /, '').split(',')
  const row = rows
    .map((line) => line.split(','))
    .find(([name, server]) => name === backend && server === 'BACKEND')
  if (row === undefined) return undefined
  const cell = (name: string): string => row[names.indexOf(name)] ?? ''
  const [requests, serverErrors] = [cell('req_tot'), cell('hrsp_5xx')].map(Number)
  if (!Number.isSafeInteger(requests) || !Number.isSafeInteger(serverErrors)) return undefined
  const status = cell('status')
  return {
    isUp: status.startsWith('UP'),
    status,
    requests: requests ?? 0,
    serverErrors: serverErrors ?? 0,
  }
}
