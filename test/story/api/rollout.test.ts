import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rolloutSchema, type RolloutDocument } from '../../../src/core/contract/rollout.ts'
import { startShop, type Shop } from '../../../src/demo/shop.ts'
import { createFolder } from '../../support/folders.ts'
import { findFreePort } from '../../support/ports.ts'
import { PROJECT, runOutrider, startOutrider, type Program } from '../../support/processes.ts'
import { readEvents } from './event-reader.ts'

const shops: Shop[] = []
const fronts: string[] = []
let folder = ''
let server: Program
let url = ''

const CLIMB = {
  kind: 'stages',
  // Each tick needs a pair of each action.
  rate: 50,
  intervalSeconds: 2,
  gate: { need: 'none' },
  promoteOn: 'manual',
  stages: [
    { weightBp: 1000, forSeconds: 1 },
    { weightBp: 5000, forSeconds: 1 },
    { weightBp: 10_000, forSeconds: 1 },
  ],
}

async function serve(): Promise<void> {
  server = startOutrider(['serve'], { cwd: folder })
  url = (await server.saw(/Listening on (\S+)/))[1] ?? ''
}

beforeAll(async () => {
  shops.push(
    ...(await Promise.all(['1.4.1', '1.4.3', '1.4.1', '1.4.3'].map((version) => open(version)))),
  )
  folder = createFolder().path
  const ports = [await findFreePort(), await findFreePort()]
  fronts.push(...ports.map((port) => `http://127.0.0.1:${port}`))
  const [baseline, canary, otherBaseline, otherCanary] = shops.map((shop) => shop.url)
  writeFileSync(
    join(folder, 'outrider.yaml'),
    `version: 1
ontology: ${join(PROJECT, 'profiles-db/actions/shop.yaml')}
targets:
  shop: { baseline: "${baseline}", canary: "${canary}" }
  other: { baseline: "${otherBaseline}", canary: "${otherCanary}" }
routers:
  edge: { kind: embedded, listen: "127.0.0.1:${ports[0]}", target: shop }
  side: { kind: embedded, listen: "127.0.0.1:${ports[1]}", target: other }
probe: { warmup: 2s }
policy: { on_promoted: { exec: ["${process.execPath}", "-e", "0"] } }
server: { listen: "127.0.0.1:0" }
`,
  )
  const made = await runOutrider(
    ['profiles', 'synthesize', '--population', 'shop', '--count', '200'],
    { cwd: folder },
  )
  expect(made.code, made.stderr).toBe(0)
  await serve()
})

afterAll(async () => {
  await server.stop()
  for (const shop of shops) await shop.stop()
})

async function open(version: string): Promise<Shop> {
  return await startShop(version === '1.4.1' ? '1.4.1' : '1.4.3')
}

async function post(path: string, body: unknown, key?: string): Promise<Response> {
  const headers = {
    'content-type': 'application/json',
    ...(key === undefined ? {} : { 'idempotency-key': key }),
  }
  return await fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body), headers })
}

async function start(target: string, router: string, policy: unknown): Promise<RolloutDocument> {
  const response = await post('/rollouts', { name: `${target} 1.4.3`, target, router, policy })
  expect(response.status).toBe(202)
  return rolloutSchema.parse(await response.json())
}

/** A person's word that the last weight is well. */
async function promoteAtTheEnd(id: string): Promise<void> {
  await readEvents(
    `${url}/rollouts/${id}/events`,
    undefined,
    ({ data }) => codeOf(data) === 'awaiting-person',
  )
  expect((await post(`/rollouts/${id}/promote`, { reason: 'looks well' })).status).toBe(202)
}

function codeOf({ reason }: Record<string, unknown>): unknown {
  return typeof reason === 'object' && reason !== null ? Reflect.get(reason, 'code') : undefined
}

async function read(id: string): Promise<RolloutDocument> {
  return rolloutSchema.parse(await (await fetch(`${url}/rollouts/${id}`)).json())
}

/** One request after the other; the statuses of those that failed. */
async function beCustomer(address: string, signal: AbortSignal): Promise<number[]> {
  const lost: number[] = []
  while (!signal.aborted) {
    const { status, body } = await fetch(address)
    await body?.cancel()
    if (status >= 500) lost.push(status)
  }
  return lost
}

describe('a pipeline that rolls out over HTTP', () => {
  it('promotes one target while another one, side by side, is taken back', async () => {
    const [good, bad] = await Promise.all([
      start('shop', 'edge', CLIMB),
      start('other', 'side', { ...CLIMB, intervalSeconds: 5 }),
    ])
    const twice = await post('/rollouts', { name: 'again', target: 'shop', router: 'edge' })
    expect(twice.status).toBe(409)

    const customers = new AbortController()
    const lost = beCustomer(`${fronts[0]}/`, customers.signal)
    await readEvents(
      `${url}/rollouts/${bad.id}/events`,
      undefined,
      ({ event, data }) => event === 'weight' && data['verified'] === true,
    )
    // A hard failure: the canary of the other target is gone.
    await shops[3]?.stop()
    await promoteAtTheEnd(good.id)
    const events = await readEvents(
      `${url}/rollouts/${good.id}/events`,
      undefined,
      ({ event }) => event === 'end',
    )
    customers.abort()
    expect(await lost).toEqual([])
    const weights = events
      .filter(({ event, data }) => event === 'weight' && data['verified'] === true)
      .map(({ data }) => data['toBp'])
    expect(weights).toEqual([1000, 5000, 10_000, 0])
    const promoted = await read(good.id)
    expect(promoted).toMatchObject({ state: 'promoted', weightBp: 0, verdict: 'healthy' })
    await readEvents(`${url}/rollouts/${bad.id}/events`, undefined, ({ event }) => event === 'end')
    const back = await read(bad.id)
    expect(back).toMatchObject({ state: 'rolled_back', reason: { code: 'critical' } })
  })

  it('goes on after the server was killed, with each event once', async () => {
    const { id } = await start('shop', 'edge', { ...CLIMB, intervalSeconds: 4 })
    const before = await readEvents(
      `${url}/rollouts/${id}/events`,
      undefined,
      ({ event, data }) => event === 'weight' && data['verified'] === true,
    )
    server.signal('SIGKILL')
    await server.ended
    await serve()
    const last = before.filter(({ id: seq }) => Number.isFinite(seq)).at(-1)?.id ?? 0
    await expect.poll(async () => (await read(id)).controlled).toBe(true)
    await promoteAtTheEnd(id)
    const after = await readEvents(
      `${url}/rollouts/${id}/events`,
      last,
      ({ event }) => event === 'end',
    )
    const seqs = after.flatMap(({ id: seq }) => (Number.isFinite(seq) ? [seq] : []))
    expect(seqs.every((seq) => seq > last)).toBe(true)
    expect(new Set(seqs).size).toBe(seqs.length)
    expect((await read(id)).state).toBe('promoted')
    const audit = (await (await fetch(`${url}/audit`)).json()) as { entries: { what: string }[] }
    expect(audit.entries.map(({ what }) => what)).toContain('POST /rollouts')
  })

  it('is heard when a person pauses, resumes and aborts, with the reason kept', async () => {
    const { id } = await start('shop', 'edge', { ...CLIMB, intervalSeconds: 30 })
    await readEvents(
      `${url}/rollouts/${id}/events`,
      undefined,
      ({ event, data }) => event === 'weight' && data['verified'] === true,
    )
    const say = async (act: string, state: string): Promise<void> => {
      const key = `${act}-once`
      expect((await post(`/rollouts/${id}/${act}`, { reason: 'freeze' }, key)).status).toBe(202)
      await expect.poll(async () => (await read(id)).state).toBe(state)
      // The same request once more is the same answer and no second word.
      expect((await post(`/rollouts/${id}/${act}`, { reason: 'freeze' }, key)).status).toBe(202)
    }
    await say('pause', 'paused')
    expect((await post(`/rollouts/${id}/promote`, {})).status).toBe(409)
    await say('resume', 'ramping')
    await say('abort', 'aborted')
    expect((await read(id)).sentence).toContain('"freeze"')
    const words = (await read(id)).history.filter(({ reason }) => reason.code.startsWith('person'))
    expect(words.map(({ reason }) => reason.code)).toContain('person-abort')
  })
})
