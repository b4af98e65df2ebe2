import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PROJECT } from '../../../support/processes.ts'
import { readText } from './reading.ts'

const file = join(PROJECT, 'test/profiles/derive/fixtures/traces.otlp.jsonl')
const text = readFileSync(file, 'utf8')
const T0 = 1_772_355_600_000

describe('OpenTelemetry spans', () => {
  it.each([
    ['{', 'is not JSON'],
    ['{}', 'has no resourceSpans'],
    ['{"resourceSpans":[{"scopeSpans":[{"spans":[{"spanId":"a","kind":3}]}]}]}', 'no SERVER span'],
    [`${text.split('\n')[0]}\n{"resourceSpans"\n{}`, 'access.log:2 is not JSON'],
  ])('%# are refused', async (broken, why) => {
    await expect(readText(broken, { format: 'otlp' })).rejects.toMatchObject({
      code: 'bad-log',
      message: expect.stringContaining(why),
    })
  })
  it('are the requests that came from outside, by old and new names of attributes', async () => {
    const { requests, entries, malformed } = await readText(text, { format: 'otlp' })
    expect([entries, malformed]).toEqual([6, 1])
    const inner = requests.filter(({ leftOut }) => leftOut === 'innerSpans')
    expect(inner.map(({ target }) => target)).toEqual(['/stock/p-1?full=1', '/stock'])
    expect(requests.filter(({ leftOut }) => leftOut === undefined)).toMatchObject([
      {
        user: 'anna@example.com',
        address: '203.0.113.7',
        geo: 'DE',
        userAgent: expect.stringContaining('iPhone'),
        timeMs: T0 + 10_000,
        method: 'GET',
        target: '/products/p-1?ref=mail&utm=x',
        status: 200,
      },
      { target: '/', timeMs: T0 + 25_000 },
      { user: 'trace aaaabbbbccccddddeeeeffff00001111', target: '/products/p-1?x=1', geo: 'ZZ' },
    ])
  })
  it('are those of the service that is named', async () => {
    const { requests } = await readText(text, { format: 'otlp', service: 'stock' })
    const own = requests.filter(({ leftOut }) => leftOut === undefined)
    expect(own.map(({ target }) => target)).toEqual(['/stock/p-1?full=1', '/stock'])
    await expect(readText(text, { format: 'otlp', service: 'stok' })).rejects.toMatchObject({
      code: 'unknown-service',
      mend: 'it has those of stock, shop',
    })
  })
  it('may stand in one document over many lines, and in a list of documents', async () => {
    const documents = text
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
    const whole = await readText(text, { format: 'otlp' })
    for (const indent of [0, 2]) {
      const other = await readText(JSON.stringify(documents, undefined, indent), { format: 'otlp' })
      expect(other).toEqual(whole)
    }
  })
  it('may end in a line that is still being written', async () => {
    const { malformed, entries } = await readText(`${text}{"resourceSpans":[{"res`, {
      format: 'otlp',
    })
    expect([entries, malformed]).toEqual([7, 2])
  })
})
