import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { configSchema } from '../../../src/core/contract/config.ts'
import type { RolloutDocument } from '../../../src/core/contract/rollout.ts'
import { openOutrider, type Outrider } from '../../../src/outrider.ts'
import { startHaproxy, type Haproxy } from '../../support/haproxy.ts'
import { startLiveTraffic, type LiveTraffic } from '../../support/live-traffic.ts'
import { startNginx } from '../../support/nginx.ts'
import { skipReason } from '../../support/parts.ts'
import { PROJECT } from '../../support/processes.ts'
import { readRealLog, type RealLog } from '../../support/real-log.ts'
import { askHaproxy } from './support-arms.ts'

const reason = skipReason('haproxy', 'nginx', 'nginx-echo')
const DATA = join(PROJECT, 'examples/data')

/** Seconds where a usual rollout has minutes, and a gate that asks for less. */
const POLICY = {
  kind: 'stages',
  stages: [
    { weight: '5%', for: '3s' },
    { weight: '25%', for: '3s' },
    { weight: '50%', for: '3s' },
    { weight: '100%', for: '2s' },
  ],
  interval: '1s',
  promote_on: 'healthy',
  gate: { need: 'healthy', max: '90s' },
  alpha: 0.05,
  give_up_after: '150s',
  rate: 50,
  on_promoted: { exec: ['true'] },
} as const
/** Without a gate evidence has to gather while users are there: some twenty seconds. */
const UNGUARDED = {
  gate: { need: 'none' },
  stages: [{ weight: '5%', for: '90s' }, { weight: '100%' }],
} as const
const OVERRIDES = {
  seed: 1,
  rate: 100,
  warmup: 5,
  minDurationSeconds: 15,
  healthyMargins: { latency_typical: 0.25, latency_tail_share: 0.1, errors: 0.05 },
} as const

interface Place {
  readonly outrider: Outrider
  readonly haproxy: Haproxy
  readonly live: LiveTraffic
}

describe.skipIf(reason !== undefined)(
  `rollouts of nginx behind HAProxy, with the users of a real log ${reason ?? ''}`,
  () => {
    let log: RealLog
    const closing: (() => Promise<void>)[] = []
    beforeAll(async () => {
      log = await readRealLog()
    })
    afterEach(async () => {
      for (const close of closing.splice(0).toReversed()) await close()
    })

    async function open(options: { delayedPath?: string; policy?: object }): Promise<Place> {
      const { delayedPath, policy } = options
      const delays = delayedPath === undefined ? [] : [{ path: delayedPath, seconds: 0.03 }]
      const [baseline, canary] = [await startNginx({}), await startNginx({ delays })]
      closing.push(() => baseline.stop())
      closing.push(() => canary.stop())
      const ports = { baselinePort: baseline.port, canaryPort: canary.port }
      const haproxy = await startHaproxy({ ...ports, edit: markArms })
      closing.push(() => haproxy.stop())
      // So few that latencies of the twins can be compared although the arms are not equally busy.
      const live = startLiveTraffic({ url: haproxy.url, rate: 12, users: 40, paths: pathsOfLog() })
      closing.push(() => live.stop())
      const config = configSchema.parse({
        version: 1,
        db: 'outrider.db',
        ontology: join(DATA, 'content-site.yaml'),
        targets: { site: { baseline: baseline.url, canary: canary.url } },
        routers: { edge: haproxy.settings },
        policy: { ...POLICY, ...policy },
      })
      const outrider = openOutrider({
        config,
        baseFolder: haproxy.folder,
        environment: { PATH: process.env['PATH'] },
        twins: { profiles: { kind: 'given', profiles: log.profiles }, overrides: OVERRIDES },
      })
      closing.push(() => outrider.close())
      return { outrider, haproxy, live }
    }

    it('stops the canary that answers one path late before anyone meets it', async () => {
      const place = await open({ delayedPath: '/' })
      const { document, seconds } = await rollOut(place)
      tell(document, seconds, place)
      expect(document).toMatchObject({
        state: 'rolled_back',
        weightBp: 0,
        reason: { code: 'gate-regressed', message: expect.stringContaining('home') },
      })
      expect(place.live.counts().answered.canary).toBe(0)
      expect(place.live.counts().lost).toEqual([])
    })

    it('takes that canary back where it is met without a gate, and names the path', async () => {
      const place = await open({ delayedPath: '/', policy: UNGUARDED })
      const { document, seconds } = await rollOut(place)
      tell(document, seconds, place)
      expect(document).toMatchObject({ state: 'rolled_back', weightBp: 0 })
      expect(named(place)).toEqual(['home'])
      expect(document.reason).toMatchObject({
        code: 'alarm',
        message: expect.stringContaining('home'),
      })
      expect(highestBp(document)).toBe(500)
      expect(place.live.counts().lost).toEqual([])
    })

    it('promotes the canary that is the same, stage by stage, and gives the weight back', async () => {
      const place = await open({})
      const { document, seconds } = await rollOut(place)
      tell(document, seconds, place)
      expect(document, document.sentence).toMatchObject({ state: 'promoted', weightBp: 0 })
      const weights = document.history.filter(({ kind }) => kind === 'weight')
      expect(weights.map(({ toBp }) => toBp)).toEqual([500, 2500, 5000, 10_000, 0])
      expect(weights.every(({ verified }) => verified === true)).toBe(true)
      expect(named(place)).toEqual([])
      const { answered, lost } = place.live.counts()
      expect(answered.canary).toBeGreaterThan(0)
      expect(lost).toEqual([])
    })
  },
)

async function rollOut({ outrider, haproxy }: Place): Promise<{
  readonly document: RolloutDocument
  readonly seconds: number
}> {
  const fromMs = performance.now()
  const request = { name: 'next', target: 'site', router: 'edge' }
  const { id } = await outrider.rollouts.start(request, 'test')
  const document = await outrider.rollouts.settled(id)
  const { socket, map, key } = haproxy.settings
  expect(await askHaproxy(socket, `get map ${map} ${key}`)).toContain('value="0"')
  return { document, seconds: (performance.now() - fromMs) / 1000 }
}

function named({ outrider }: Place): string[] {
  const { runs } = outrider.runs({ limit: 1 })
  const findings = runs[0]?.report?.findings ?? []
  return [...new Set(findings.map(({ action }) => action))]
}

function highestBp({ history }: RolloutDocument): number {
  return Math.max(0, ...history.map(({ toBp = 0 }) => toBp))
}

function tell(document: RolloutDocument, seconds: number, { live }: Place): void {
  const { sent, answered, lost } = live.counts()
  process.stdout.write(
    `${document.sentence} (${seconds.toFixed(0)} s; live: ${sent} sent, ${answered.canary} to the ` +
      `canary, ${lost.length} lost)\n`,
  )
}

/** nginx says nothing of itself, so HAProxy says which of them it was. */
function markArms(config: string): string {
  return config.replace(
    /^backend be_(baseline|canary)$/gm,
    (section, arm) => `${section}\n  http-response set-header x-arm ${arm}`,
  )
}

function pathsOfLog(): string[] {
  const text = gunzipSync(readFileSync(join(DATA, 'apache_access_10k.log.gz'))).toString('utf8')
  return [...text.matchAll(/"GET (\/[\w/.-]*) /g)].slice(0, 2000).map(([, path = '/']) => path)
}
