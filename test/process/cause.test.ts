import { afterEach, describe, expect, it } from 'vitest'
import { reportSchema, type Finding, type Report } from '../../src/core/contract/report.ts'
import { temporaryFolder } from '../support/folders.ts'
import { runOutrider, startProgram, type Program } from '../support/processes.ts'

const servers: Program[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()))
})

/** Keeps its only thread busy for as long as an answer takes; whoever comes meanwhile waits. */
const BUSY_SERVER = `
  const busyMs = JSON.parse(process.argv[1])
  const server = require('node:http').createServer((request, response) => {
    const end = performance.now() + (busyMs[request.url] ?? 2)
    while (performance.now() < end);
    response.end('{"fine":true}')
  })
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1', () => console.log('listening on ' + server.address().port))
`

/** A real process; paths that are not named take 2 ms. */
async function start(busyMs: Readonly<Record<string, number>>): Promise<string> {
  const args = ['-e', BUSY_SERVER, JSON.stringify(busyMs)]
  const server = startProgram(process.execPath, args)
  servers.push(server)
  const [, port] = await server.saw(/listening on (\d+)/)
  return `http://127.0.0.1:${port}`
}

const PATHS = '/cart,/checkout,/home,/search'

/** A machine that does other work makes the prober late, and then nothing is judged. */
const MOST_TRIES = 3

/** Shorter than a minute, so there is no quiet phase that could tell the cause. */
async function probe(canaryMs: Readonly<Record<string, number>>, users: number): Promise<Report> {
  const [baseline, canary] = await Promise.all([start({}), start(canaryMs)])
  const flags =
    `--paths ${PATHS} --duration 25s --warmup 4s --rate 30 --concurrency ${users} ` +
    '--timeout 2s --seed 1 --json'
  const args = ['probe', '--baseline', baseline, '--canary', canary, ...flags.split(' ')]
  for (let tries = 1; ; tries += 1) {
    const { stdout } = await runOutrider(args, { cwd: temporaryFolder() })
    const report = reportSchema.parse(JSON.parse(stdout))
    const isLate = report.reasons.some(({ code }) => code === 'generator-bottleneck')
    if (report.verdict !== 'invalid' || !isLate || tries === MOST_TRIES) return report
  }
}

function actionsOf(findings: readonly Finding[], role: Finding['role']): string[] {
  const actions = findings.filter((finding) => finding.role === role).map(({ action }) => action)
  return [...new Set(actions)].toSorted()
}

describe('a slow action in a process with one thread', () => {
  it.each([1, 4, 16])('is the only cause, with %i users at once', async (users) => {
    const { verdict, summary, findings, reasons } = await probe({ '/checkout': 30 }, users)
    const told = JSON.stringify({ summary, findings, reasons }, undefined, 1)
    expect(verdict, told).toBe('regressed')
    expect(actionsOf(findings, 'cause'), told).toEqual(['checkout'])
    expect(findings[0]?.action, told).toBe('checkout')
    expect(summary, told).toMatch(/^checkout is /)
    const others = findings.filter(({ action }) => action !== 'checkout')
    for (const { role, action } of others) {
      const isOpen = reasons.some(
        ({ code, message }) => code === 'not-separable' && message.startsWith(action),
      )
      expect(role === 'victim' || isOpen, told).toBe(true)
    }
  })

  it('is never passed on to its neighbours where two are slow', async () => {
    const { findings, summary } = await probe({ '/checkout': 40, '/search': 25 }, 4)
    const causes = actionsOf(findings, 'cause')
    expect(causes.length, summary).toBeGreaterThan(0)
    expect(['checkout', 'search']).toEqual(expect.arrayContaining(causes))
  })
})
