import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { findInvestigation, listInvestigations } from '../../profiles-db/investigations.ts'
import { openDatabase } from '../../profiles-db/open.ts'
import { parseOntology } from '../../src/actions/load.ts'
import { defaultConfig } from '../../src/core/contract/config.ts'
import type { Investigation } from '../../src/core/contract/investigation.ts'
import type { DeviceType, Profile } from '../../src/core/contract/profile.ts'
import type { Report } from '../../src/core/contract/report.ts'
import { systemClock } from '../../src/generator/system-clock.ts'
import { startProbe } from '../../src/probe/start.ts'
import { createProfileStore } from '../../src/profiles/store.ts'
import { bodyOf, serveHttp, type ArmServer, type Listener } from '../generator/arm-server.ts'

const servers: ArmServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function start(listener: Listener): Promise<string> {
  const server = await serveHttp(listener)
  servers.push(server)
  return server.url
}

const SECRET = 'QX-7Zp/4'
const ONTOLOGY = `
version: 1
actions:
  view: { request: { path: "/products/{{data.sku}}" } }
  pay:
    shared_state: ok
    request:
      method: POST
      path: /pay
      headers: { authorization: "Bearer {{secret.SHOP}}", x-note: "it's {{arm}}" }
      json: { sku: "{{data.sku}}", key: "{{secret.SHOP}}" }
`

/** Why the line cannot be tried, or undefined where curl is. */
const missing = isThere('curl') ? undefined : '(curl is not on this machine)'

function isThere(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function profileOf(id: number, device: DeviceType): Profile {
  return {
    user_id: `u${id}`,
    behavioral_patterns: [
      { timestamp: 0, action: 'view', data: { sku: 'S1' } },
      { timestamp: 1, action: 'pay', data: { sku: 'S1' } },
    ],
    resource_intensity: { cpu_ms: 0, memory_mb: 0, network_kb: 0, period_s: 0 },
    geo_location: id % 2 === 0 ? 'US' : 'DE',
    device_type: device,
    labels: [],
    source: 'synthetic',
  }
}

/** A whole probe of two servers, and what it left behind. */
async function probe(
  baseline: string,
  canary: string,
): Promise<{ report: Report; investigations: Investigation[] }> {
  const database = openDatabase(':memory:')
  const devices = ['mobile', 'desktop', 'mobile', 'tablet'] as const
  const profiles = devices.map((device, index) => profileOf(index, device))
  const running = await startProbe(
    {
      config: defaultConfig,
      baseFolder: '.',
      database,
      store: createProfileStore(database),
      clock: systemClock,
      environment: { OUTRIDER_SECRET_SHOP: SECRET },
    },
    {
      target: { kind: 'addresses', baseline, canary },
      ontology: parseOntology(ONTOLOGY, 'test.yaml'),
      profiles: { kind: 'given', profiles },
      overrides: { phases: ['load'], warmup: 3, duration: 60, rate: 40, allowMutations: true },
    },
  )
  const report = await running.done
  const page = listInvestigations(database, { limit: 50, run: running.id })
  const investigations = page.investigations.flatMap(
    ({ id }) => findInvestigation(database, id) ?? [],
  )
  database.close()
  return { report, investigations }
}

/** Longer than a busy machine makes the generator late. */
const ANSWER_MS = 300

const paid: Listener = (request, response) => {
  request.resume()
  response.setHeader('content-type', 'application/json')
  setTimeout(() => response.end('{"state":"paid","price":9.5}'), ANSWER_MS)
}

describe('a probe that finds something', () => {
  it('names the device on which alone the canary is slow', async () => {
    const slowOnMobile: Listener = (request, response) => {
      const isMobile = /Android|iPhone/.test(request.headers['user-agent'] ?? '')
      if (!isMobile || request.url !== '/pay') return paid(request, response)
      request.resume()
      response.setHeader('content-type', 'application/json')
      return setTimeout(() => response.end('{"state":"paid","price":0}'), 1.7 * ANSWER_MS)
    }
    const { report, investigations } = await probe(await start(paid), await start(slowOnMobile))
    expect(report.verdict, report.summary).toBe('regressed')
    expect(report.findings[0]?.segment).toEqual({ device: 'mobile' })
    const found = investigations.find(({ finding }) => finding.action === 'pay')
    expect(found?.title).toContain('pay is ')
    expect(found?.segments[0]).toMatchObject({ segment: { device: 'mobile' } })
    expect(found?.segments[0]?.effect.estimate).toBeGreaterThan(1.3)
    if (found?.finding.metric === 'latency_typical') {
      expect(found.finding.segment).toEqual({ device: 'mobile' })
      expect(found.title).toMatch(/, only on mobile$/)
    }
    expect(found?.exchanges[0]?.diff).toContainEqual(
      expect.objectContaining({ path: '$.price', baseline: 9.5, canary: 0 }),
    )
  })

  it('keeps an exchange that failed, without the secrets in it', async () => {
    const { report, investigations } = await probe(await start(paid), await start(failing([])))
    expect(report.verdict, report.summary).toBe('regressed')
    const [found] = investigations.filter(({ finding }) => finding.metric === 'errors')
    const [exchange] = found?.exchanges ?? []
    expect(exchange?.request).toEqual({ method: 'POST', path: '/pay' })
    expect(exchange?.baseline).toMatchObject({ status: 200, outcome: 'ok' })
    expect(exchange?.canary).toMatchObject({ status: 500, outcome: 'http_error' })
    expect(exchange?.canary.body).toContain('no such card')
    expect(exchange?.diff[0]).toMatchObject({ path: 'status', baseline: 200, canary: 500 })
    expect(found?.reproduce).toContain('$OUTRIDER_SECRET_SHOP')
    const kept = JSON.stringify(investigations)
    for (const secret of [SECRET, encodeURIComponent(SECRET), 'hunter', 'crumbs']) {
      expect(kept).not.toContain(secret)
    }
  })

  it.skipIf(missing !== undefined)(
    `gives a line that sends the same request to the canary again ${missing ?? ''}`,
    async () => {
      const asked: string[] = []
      const { investigations } = await probe(await start(paid), await start(failing(asked)))
      const line = investigations.find(({ reproduce }) => reproduce !== undefined)?.reproduce ?? ''
      const sent = asked.at(-1)
      asked.length = 0
      while (asked.length === 0) {
        await promisify(execFile)('bash', ['--norc', '-c', line], {
          env: { PATH: process.env['PATH'], OUTRIDER_SECRET_SHOP: SECRET },
        })
      }
      expect(asked).toEqual([sent])
      expect(sent).toBe(
        `POST /pay Bearer ${SECRET} it's canary {"sku":"S1","key":"${SECRET}"} application/json`,
      )
    },
  )
})

/** Refuses each third payment, having written it down, and answers with more than it should. */
function failing(asked: string[]): Listener {
  let payments = 0
  return async (request, response) => {
    if (request.url !== '/pay') return paid(request, response)
    payments += 1
    if (payments % 3 !== 0) return paid(request, response)
    const body = await bodyOf(request)
    const { authorization, 'x-note': note, 'content-type': type } = request.headers
    asked.push(`${request.method} ${request.url} ${authorization} ${String(note)} ${body} ${type}`)
    response.writeHead(500, { 'content-type': 'application/json', 'set-cookie': 'sid=crumbs' })
    const trace = { at: 'pay', key: SECRET, password: 'hunter2', auth: { of: 'hunter3' } }
    return response.end(JSON.stringify({ error: 'no such card', trace }))
  }
}
