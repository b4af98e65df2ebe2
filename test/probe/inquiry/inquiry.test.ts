import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { investigationSchema } from '../../../src/core/contract/investigation.ts'
import type { Finding } from '../../../src/core/contract/report.ts'
import { createInquiries, type Inquiries } from '../../../src/probe/inquiry/inquiry.ts'
import type { Example, ExampleSide } from '../../../src/probe/shard/examples.ts'
import type { Recollection } from '../../../src/probe/shard/memory.ts'
import { noRows, RowRing, Words } from '../../../src/probe/shard/rows.ts'

const finding: Finding = {
  action: 'checkout',
  metric: 'latency_typical',
  verdict: 'regressed',
  margin: 0.1,
  lnEvidence: 14,
  lnThreshold: 6,
  detectedAt: 14,
  onset: 0,
  phase: 'quiet',
  episode: 0,
  transient: false,
  rule: 'evidence',
}
const nothing = { segments: [], pairs: 0, exchanges: [] }

function bodyOf(text: string): ExampleSide['body'] {
  const kept = new Uint8Array(Buffer.from(text))
  return { kept, bytes: kept.length }
}

function sideOf(body: string, more: Partial<ExampleSide> = {}): ExampleSide {
  return { outcome: 'ok', status: 200, latencyMs: 10, headers: [], body: bodyOf(body), ...more }
}

function exampleOf(more: Partial<Example> = {}): Example {
  return {
    kind: 'slow',
    action: 'checkout',
    pair: 's1.1',
    at: 3,
    ratio: 2,
    request: { method: 'GET', path: '/pay', headers: [], cut: false },
    baseline: sideOf('{"price":9}'),
    canary: sideOf('{"price":0}'),
    ...more,
  }
}

/** Inquiries whose worker answers at once. */
function answering(known: Partial<Recollection>, secrets: Record<string, string> = {}): Inquiries {
  const inquiries = createInquiries(
    ({ id }) => inquiries.answer({ kind: 'inquiry', id, rows: noRows(), examples: [], ...known }),
    { secrets, canaryUrl: 'http://canary:8080/base', originSeconds: () => 10 },
  )
  return inquiries
}

function rowsOfDevices(): Recollection['rows'] {
  const ring = new RowRing(new Words(), 3000)
  for (let index = 0; index < 800; index += 1) {
    const device = index % 2 === 0 ? 'mobile' : 'desktop'
    const isLate = index >= 400
    const noise = 1 + ((index * 7919) % 100) / 1000
    ring.add({
      pair: `s${index}.1`,
      at: index / 20,
      baselineMs: 10 * noise,
      canaryMs: device === 'mobile' && isLate ? 20 * noise : 10 * noise,
      baseline: 'ok',
      canary: 'ok',
      segment: { device },
      block: 1,
    })
  }
  return ring.columns()
}

afterEach(() => {
  vi.useRealTimers()
})

describe('createInquiries()', () => {
  it('gives what is known, which is nothing, when the worker is gone or silent', async () => {
    vi.useFakeTimers()
    const source = { secrets: {}, canaryUrl: 'http://canary', originSeconds: () => 0 }
    const silent = createInquiries(() => undefined, source)
    const waiting = silent.inquire(finding)
    await vi.advanceTimersByTimeAsync(2000)
    expect(await waiting).toEqual(nothing)
    const left = silent.inquire(finding)
    silent.close()
    expect(await left).toEqual(nothing)
    expect(await silent.inquire(finding)).toEqual(nothing)
    const broken = createInquiries(() => {
      throw new Error('no thread')
    }, source)
    expect(await broken.inquire(finding)).toEqual(nothing)
    broken.answer({ kind: 'inquiry', id: 99, rows: noRows(), examples: [] })
    broken.close()
  })
  it('counts segments on the pairs since the onset, and names the one that explains', async () => {
    const known = { rows: rowsOfDevices() }
    const found = await answering(known).inquire({ ...finding, onset: 10 })
    expect(found.pairs).toBe(400)
    expect(found.segments[0]).toMatchObject({ segment: { device: 'mobile' }, pairs: 200 })
    expect(found.segments[0]?.effect.estimate).toBeCloseTo(2, 2)
    expect(found.finding?.segment).toEqual({ device: 'mobile' })
  })
  it('counts all pairs where too few came since the onset', async () => {
    const found = await answering({ rows: rowsOfDevices() }).inquire({ ...finding, onset: 29 })
    expect(found.pairs).toBe(800)
  })
  it('shows exchanges redacted, the most telling first, with their differences', async () => {
    const canary = sideOf('{"price":0,"token":"hush","note":"QX-1"}', {
      outcome: 'http_error',
      status: 500,
      reason: 'status 500 is not 2xx',
      headers: [
        ['set-cookie', 'sid=hush'],
        ['x-trace', 'QX-1'],
      ],
    })
    const baseline = sideOf('{"price":9,"token":"psst","note":"a"}')
    const failed = exampleOf({ kind: 'failed', pair: 's9.9', at: 9, ratio: 1, baseline, canary })
    const examples = [exampleOf(), failed]
    const { exchanges } = await answering({ examples }, { SHOP: 'QX-1' }).inquire({
      ...finding,
      metric: 'errors',
    })
    expect(exchanges.map(({ pair }) => pair)).toEqual(['s9.9', 's1.1'])
    expect(exchanges[0]?.canary).toEqual({
      outcome: 'http_error',
      status: 500,
      latencyMs: 10,
      reason: 'status 500 is not 2xx',
      headers: { 'set-cookie': '[redacted]', 'x-trace': '{{secret.SHOP}}' },
      body: '{"price":0,"token":"[redacted]","note":"{{secret.SHOP}}"}',
    })
    expect(exchanges[0]?.diff).toEqual([
      { path: 'status', baseline: 200, canary: 500 },
      { path: '$.price', baseline: 9, canary: 0 },
      { path: '$.note', baseline: 'a', canary: '{{secret.SHOP}}' },
    ])
  })
  it('says of five examples in how many a path differs', async () => {
    const same = exampleOf({ canary: sideOf('{"price":9}') })
    const examples = [exampleOf(), exampleOf(), same, same, exampleOf()]
    const { exchanges } = await answering({ examples }).inquire(finding)
    const [first] = exchanges
    expect(first?.diff).toEqual([{ path: '$.price', baseline: 9, canary: 0, canaryShare: 0.6 }])
  })
  it('reads compressed bodies, and counts what is no text', async () => {
    const zipped = gzipSync('{"price":1}')
    const canary = sideOf('', {
      headers: [['content-encoding', 'gzip']],
      body: { kept: new Uint8Array(zipped), bytes: zipped.length },
    })
    const baseline = sideOf('', { body: { bytes: 70_000 } })
    const known = { examples: [exampleOf({ baseline, canary })] }
    const { exchanges } = await answering(known).inquire(finding)
    expect(exchanges[0]?.canary.body).toBe('{"price":1}')
    expect(exchanges[0]?.baseline.body).toBe('binary, 70000 bytes')
  })
  it('shows how to send the first of them to the canary again', async () => {
    const { reproduce } = await answering({ examples: [exampleOf()] }).inquire(finding)
    expect(reproduce).toBe("curl -sS 'http://canary:8080/pay'")
  })
  it('gives what the record of an investigation takes', async () => {
    const hostile = exampleOf({
      canary: sideOf(`{"a":${'['.repeat(1500)}1${']'.repeat(1500)},"__proto__":{"b":1}}`, {
        headers: [['__proto__', '\u0000\u001b[31m']],
        reason: '\ud800',
      }),
    })
    const inquiry = await answering({ rows: rowsOfDevices(), examples: [hostile] }).inquire(finding)
    const record = { id: 'i1', run: 'p1', at: '', title: '', finding, onset: 0, ...inquiry }
    const stored: unknown = JSON.parse(JSON.stringify(record))
    expect(investigationSchema.parse(stored)).toMatchObject({ id: 'i1' })
  })
})
