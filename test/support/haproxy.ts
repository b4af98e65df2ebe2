/** A real HAProxy with the configuration that examples/haproxy tells people to copy. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HaproxySettings } from '../../src/core/contract/routers.ts'
import { createFolder } from './folders.ts'
import { findPart } from './parts.ts'
import { startOnFreePort } from './ports.ts'
import { PROJECT, startProgram, type Program } from './processes.ts'

export interface HaproxyOptions {
  readonly baselinePort: number
  readonly canaryPort: number
  /** Changes the text of the configuration before it is used. */
  readonly edit?: (config: string) => string
}

export interface Haproxy {
  /** Where users are served. */
  readonly url: string
  readonly folder: string
  readonly settings: HaproxySettings
  /** Ends it and starts it anew: the map is read from its file again. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Needs the part `haproxy`. */
export function startHaproxy(options: HaproxyOptions): Promise<Haproxy> {
  return startOnFreePort((port) => startOnce(options, port))
}

async function startOnce(options: HaproxyOptions, port: number): Promise<Haproxy> {
  const binary = findPart('haproxy')
  if (binary === undefined) throw new Error('Cannot start HAProxy: it is not on this machine')
  const folder = createFolder()
  const socket = join(folder.path, 'admin.sock')
  const map = join(folder.path, 'weights.map')
  const config = join(folder.path, 'haproxy.cfg')
  writeFileSync(map, 'canary 0\n')
  const { edit = (text: string): string => text } = options
  writeFileSync(config, edit(configOf(options, { port, socket, map })))
  const url = `http://127.0.0.1:${port}`
  const start = async (): Promise<Program> => {
    const program = startProgram(binary, ['-db', '-f', config])
    await isUp(url, program)
    return program
  }
  let program: Program
  try {
    program = await start()
  } catch (error) {
    folder.remove()
    throw error
  }
  const backends = { baseline: 'be_baseline', canary: 'be_canary' }
  return {
    url,
    folder: folder.path,
    settings: { kind: 'haproxy', socket, mode: 'map', map, key: 'canary', backends },
    restart: async () => {
      await program.stop()
      program = await start()
    },
    stop: async () => {
      await program.stop()
      folder.remove()
    },
  }
}

function configOf(
  { baselinePort, canaryPort }: HaproxyOptions,
  { port, socket, map }: { port: number; socket: string; map: string },
): string {
  return readFileSync(join(PROJECT, 'examples/haproxy/haproxy.cfg'), 'utf8')
    .replaceAll('/run/haproxy/admin.sock', socket)
    .replaceAll('/etc/haproxy/weights.map', map)
    .replace('bind :8000', `bind 127.0.0.1:${port}`)
    .replace('10.0.0.5:8080', `127.0.0.1:${baselinePort}`)
    .replace('10.0.0.6:8080', `127.0.0.1:${canaryPort}`)
}

/** HAProxy prints nothing when it is up, so it is asked until it answers or ends. */
async function isUp(url: string, program: Program): Promise<void> {
  for (let attempt = 0; attempt < 100 && program.isRunning(); attempt += 1) {
    try {
      await (await fetch(url)).text()
      return
    } catch {
      await new Promise((resolve) => {
        setTimeout(resolve, 20)
      })
    }
  }
  await program.stop()
  throw new Error(`HAProxy did not answer at ${url}: ${program.stderr()}`)
}
