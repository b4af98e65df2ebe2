/** A real Prometheus that scrapes what a test names, every 500 ms, with a folder of its own. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createFolder } from './folders.ts'
import { findPart } from './parts.ts'
import { startOnFreePort } from './ports.ts'
import { startProgram, type Program } from './processes.ts'

export interface Prometheus {
  /** Without a path. */
  readonly url: string
  stop(): Promise<void>
}

/**
 * Needs the part `prometheus`.
 * @param targets `host:port` of what shows metrics under /metrics
 */
export function startPrometheus(targets: readonly string[]): Promise<Prometheus> {
  return startOnFreePort((port) => startOnce(targets, port))
}

async function startOnce(targets: readonly string[], port: number): Promise<Prometheus> {
  const binary = findPart('prometheus')
  if (binary === undefined) throw new Error('Cannot start Prometheus: it is not on this machine')
  const folder = createFolder()
  const config = join(folder.path, 'prometheus.yml')
  const scrape = { job_name: 'arms', static_configs: [{ targets: [...targets] }] }
  // JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({
      global: { scrape_interval: '500ms', scrape_timeout: '500ms' },
      scrape_configs: [scrape],
    }),
  )
  const program = startProgram(binary, [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder.path, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=warn',
  ])
  const stop = async (): Promise<void> => {
    await program.stop()
    folder.remove()
  }
  const url = `http://127.0.0.1:${port}`
  try {
    await isReady(url, program)
  } catch (error) {
    await stop()
    throw error
  }
  return { url, stop }
}

/** It says when it is up only in a log that changes; its own address for that does not. */
async function isReady(url: string, program: Program): Promise<void> {
  for (let attempt = 0; attempt < 500 && program.isRunning(); attempt += 1) {
    try {
      const { ok } = await fetch(`${url}/-/ready`)
      if (ok) return
    } catch {
      // Not yet.
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
  }
  throw new Error(`Prometheus was not ready at ${url}: ${program.stderr()}`)
}
