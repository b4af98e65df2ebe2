import { afterEach, describe, expect, it } from 'vitest'
import { ontologyOf, profileOf, recordTraffic, serveHttp, type ArmServer } from '../arm-server.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

const STALL_MS = 600
const PROFILES = [profileOf('u1', ['home', {}, 0], ['home', {}, 0.02], ['home', {}, 0.04])]

async function serveStalled(): Promise<ArmServer> {
  let count = 0
  const server = await serveHttp((_, response) => {
    count += 1
    setTimeout(() => response.end('ok'), count === 1 ? STALL_MS : 0)
  })
  open.push(server)
  return server
}

/** How late the second step was sent, whose user waited for the stalled first one. */
async function latenessOf(slo: string, arms: number): Promise<number> {
  const servers = await Promise.all(Array.from({ length: arms }, serveStalled))
  const { traffic, steps, until } = recordTraffic({
    arms: servers.map(({ url }, index) => ({ arm: index === 0 ? 'baseline' : 'canary', url })),
    ontology: ontologyOf(`version: 1\nactions:\n  home: { request: { path: / }${slo} }\n`),
    profiles: PROFILES,
  })
  open.push(traffic)
  traffic.start({ kind: 'recorded', concurrency: 1, rate: 1_000, timeScale: 1 })
  await until(() => steps.length >= 2)
  await traffic.stop()
  const exchange = steps[1]?.exchanges[0]
  return (exchange?.latencyMs ?? 0) - (exchange?.serviceMs ?? 0)
}

describe('a wait of the step before', () => {
  const SLO = ', slo: { p95_ms: 100 }'

  it('counts for the next step from the moment at which the answer was expected', async () => {
    const lateMs = await latenessOf(SLO, 1)
    expect(lateMs).toBeGreaterThan(STALL_MS - 100 - 5)
    expect(await latenessOf(', expect: { max_ms: 100 }', 1)).toBeGreaterThan(STALL_MS - 100 - 5)
  })
  it('does not count twice where nobody says what was expected, or where a twin may be to blame', async () => {
    for (const [slo, arms] of [
      ['', 1],
      [SLO, 2],
    ] as const) {
      expect(await latenessOf(slo, arms)).toBeLessThan(STALL_MS / 2)
    }
  })
})
