/** What targets compress is read by checks and captures; what cannot be is an outcome. */

import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Exchange } from '../../../src/generator/traffic.ts'
import {
  exchangeOf,
  ontologyOf,
  profileOf,
  recordTraffic,
  serveHttp,
  type Listener,
} from '../arm-server.ts'
import { opened } from './asking.ts'

const ONTOLOGY = ontologyOf(`
version: 1
actions:
  read:
    kind: view
    request: { method: GET, path: /cart }
    expect: { json: { $.total: 42 } }
    capture: { id: { json: $.id } }
  use: { kind: view, request: { method: GET, path: "/order/{{captured.id}}" } }
`)
const BODY = JSON.stringify({ id: 'c7', total: 42, note: 'x'.repeat(2_000) })

interface Seen {
  readonly exchanges: Exchange[]
  readonly paths: (string | undefined)[]
  readonly accepted: (string | undefined)[]
}

/** One user who reads a cart and uses what stands in it. */
async function play(listener: Listener): Promise<Seen> {
  const paths: (string | undefined)[] = []
  const accepted: (string | undefined)[] = []
  const { url } = await opened(
    serveHttp((request, response) => {
      paths.push(request.url)
      accepted.push([request.headers['accept-encoding']].flat()[0])
      return listener(request, response)
    }),
  )
  const { traffic, steps, until } = recordTraffic({
    arms: [{ arm: 'baseline', url }],
    ontology: ONTOLOGY,
    profiles: [profileOf('u1', ['read'], ['use'])],
  })
  traffic.start({ kind: 'closed', concurrency: 1 })
  await until(() => steps.length >= 2)
  await traffic.stop()
  await traffic.close()
  const exchanges = steps.slice(0, 2).map((step) => exchangeOf(step.exchanges, 'baseline'))
  return { exchanges, paths: paths.slice(0, 2), accepted }
}

const ENCODINGS = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
}

describe('a compressed answer', () => {
  for (const [encoding, compress] of Object.entries(ENCODINGS)) {
    it(`is asked for and read: ${encoding}`, async () => {
      const packed = compress(BODY)
      const { exchanges, paths, accepted } = await play((_, response) => {
        response.setHeader('content-encoding', encoding)
        response.end(packed)
      })
      expect(exchanges.map(({ outcome }) => outcome)).toEqual(['ok', 'ok'])
      expect(exchanges[0]?.bytes).toBe(packed.length)
      expect(paths).toEqual(['/cart', '/order/c7'])
      expect(accepted[0]).toBe('gzip, deflate, br, zstd')
    })
  }
  it('that holds far more than it weighs is not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000))
    const { exchanges } = await play((_, response) => {
      response.setHeader('content-encoding', 'gzip')
      response.end(bomb)
    })
    expect(exchanges[0]).toMatchObject({ outcome: 'assertion_failed', bytes: bomb.length })
    expect(exchanges[0]?.reason).toContain('the body cannot be unpacked (gzip): it is damaged,')
  })
  it('that is broken is no answer to a check', async () => {
    for (const body of [gzipSync(BODY).subarray(0, 30), Buffer.from('not gzip at all')]) {
      const { exchanges } = await play((_, response) => {
        response.setHeader('content-encoding', 'gzip')
        response.end(body)
      })
      expect(exchanges[0]).toMatchObject({ outcome: 'assertion_failed' })
      expect(exchanges[1]).toMatchObject({ outcome: 'blocked' })
    }
  })
})
