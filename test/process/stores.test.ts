import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { reportSchema, type Report } from '../../src/core/contract/report.ts'
import { serveHttp, type ArmServer } from '../generator/arm-server.ts'
import { temporaryFolder } from '../support/folders.ts'
import { runOutrider } from '../support/processes.ts'

const servers: ArmServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

/** Stores notes under ids of its own, lists the twenty first of them, and says what never changes. */
async function startNotes(founded: number): Promise<string> {
  const notes = new Map<string, string>()
  const server = await serveHttp(({ method, url }, response) => {
    if (method === 'POST') notes.set(randomUUID(), new Date().toISOString())
    const first = [...notes].toSorted(([one], [two]) => (one < two ? -1 : 1)).slice(0, 20)
    const list = first.map(([note, written]) => ({ note, written }))
    const answers: Readonly<Record<string, unknown>> = {
      '/notes': { title: 'Notes', list, most: first.at(-1)?.[0] ?? 'none' },
      '/about': { name: 'Notes', founded },
    }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(answers[url ?? ''] ?? {}))
  })
  servers.push(server)
  return server.url
}

const ACTIONS = `version: 1
actions:
  list: { request: { path: /notes } }
  about: { request: { path: /about } }
  add: { shared_state: ok, request: { method: POST, path: /notes, json: { text: fine } } }
`

async function probe(foundedInCanary: number): Promise<Report> {
  const cwd = temporaryFolder()
  writeFileSync(join(cwd, 'actions.yaml'), ACTIONS)
  const entries = ['list', 'add', 'list', 'about'].map((action, at) => ({
    timestamp: at / 20,
    action,
  }))
  const user = { user_id: 'u1', behavioral_patterns: entries }
  writeFileSync(join(cwd, 'users.ndjson'), `${JSON.stringify(user)}\n`)
  const [baseline, canary] = [await startNotes(2019), await startNotes(foundedInCanary)]
  const flags =
    `--baseline ${baseline} --canary ${canary} --actions actions.yaml --profiles users.ndjson ` +
    '--allow-mutations --phases load --warmup 2s --duration 20s --rate 20 --concurrency 4 ' +
    '--seed 1 --json'
  const { stdout } = await runOutrider(['probe', ...flags.split(' ')], { cwd })
  return reportSchema.parse(JSON.parse(stdout))
}

function answersIn({ findings }: Report): string[] {
  return findings.filter(({ metric }) => metric === 'responses').map(({ action }) => action)
}

describe('two equal applications that store what twins write', () => {
  it('are not told apart by their stores', async () => {
    const report = await probe(2019)
    expect(report.arms.baseline?.repeats).toBeGreaterThan(50)
    expect(answersIn(report), report.summary).toEqual([])
  })
  it('are told apart by an answer that no write touches', async () => {
    const report = await probe(2020)
    expect(answersIn(report), report.summary).toContain('about')
  })
})
