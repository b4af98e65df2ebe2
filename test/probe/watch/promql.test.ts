import { describe, expect, it, onTestFinished } from 'vitest'
import type { Meter, MeterFault, Said } from '../../../src/probe/watch/meter.ts'
import { createPromqlMeter } from '../../../src/probe/watch/promql.ts'
import { never, serve, type Served } from './served.ts'

type Answer = { readonly status?: number; readonly body: unknown }

/** A server that answers each query by its text, and a joined one with all of its parts. */
function serveQueries(answers: Readonly<Record<string, Answer>>): Promise<Served> {
  return serve((request, response) => {
    const query = new URL(request.url ?? '', 'http://a').searchParams.get('query') ?? ''
    const { status = 200, body } = query.includes('label_replace')
      ? { body: joined(query, answers) }
      : (answers[query] ?? { body: vector([]) })
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body))
  })
}

/** As `label_replace((cpu), …) or label_replace((memory), …)` is answered. */
function joined(query: string, answers: Readonly<Record<string, Answer>>): unknown {
  const part = /(vector)?\(\n(\w+)\n\), "(outrider_asked)", "(\w+)", "", ""/g
  const parts = [...query.matchAll(part)].map(([, scalar, name = '', label = '', asked = '']) => {
    const body = answers[name]?.body ?? vector([])
    const { data } = body as { data: { result: unknown } }
    const points = scalar === undefined ? data.result : [{ metric: {}, value: data.result }]
    const series = points as { metric: Record<string, string>; value: unknown }[]
    return {
      warnings: (body as { warnings?: string[] }).warnings ?? [],
      result: series.map(({ metric, value }) => ({ metric: { ...metric, [label]: asked }, value })),
    }
  })
  return {
    status: 'success',
    data: { resultType: 'vector', result: parts.flatMap(({ result }) => result) },
    warnings: parts.flatMap(({ warnings }) => warnings),
  }
}

function vector(
  series: readonly (readonly [Record<string, string>, string])[],
  more: Record<string, unknown> = {},
): unknown {
  const result = series.map(([metric, value]) => ({ metric, value: [1435781451.781, value] }))
  return { status: 'success', data: { resultType: 'vector', result }, ...more }
}

function meterOf(served: Served, requests?: string): Meter {
  const meter = createPromqlMeter({
    arm: 'baseline',
    url: `http://${served.host}/`,
    cpu: 'cpu',
    memory: 'memory',
    ...(requests === undefined ? {} : { requests }),
    reader: { headers: {}, timeoutMs: 500 },
  })
  onTestFinished(() => meter.close())
  return meter
}

async function read(served: Served, requests?: string): Promise<Said> {
  return await meterOf(served, requests).read(never())
}

async function faultOf(answers: Readonly<Record<string, Answer>>): Promise<MeterFault> {
  return await read(await serveQueries(answers)).then(
    () => expect.fail('nothing was thrown'),
    (fault: MeterFault) => fault,
  )
}

const one = { body: vector([[{ instance: 'a:1' }, '5']]) }

describe('createPromqlMeter()', () => {
  it('tells the error of a query in words', async () => {
    const error = 'invalid parameter "query": 1:4: parse error:\nunexpected end of input'
    const body = { status: 'error', errorType: 'bad_data', error }
    expect(await faultOf({ cpu: one, memory: { status: 400, body } })).toMatchObject({
      kind: 'refused',
      message: `refuses the query "memory" (bad_data: ${error.replace('\n', ' ')})`,
    })
  })
  it('names what is no Prometheus, a range and a string for what they are', async () => {
    expect(await faultOf({ cpu: { body: '<html>' } })).toMatchObject({ kind: 'garbage' })
    expect(await faultOf({ cpu: { status: 404, body: 'no' } })).toMatchObject({
      message: 'answers 404',
    })
    const matrix = { status: 'success', data: { resultType: 'matrix', result: [] } }
    expect((await faultOf({ cpu: { body: matrix } })).message).toBe(
      'gives a matrix for the query "cpu"',
    )
    expect(await faultOf({ cpu: { body: { status: 'success' } } })).toMatchObject({
      kind: 'garbage',
    })
  })
  it('says that both queries find nothing', async () => {
    expect(await faultOf({})).toMatchObject({
      kind: 'nothing-measured',
      message: 'finds no series for "cpu" and "memory"',
    })
  })
  it('refuses more than a thousand series', async () => {
    const many = Array.from({ length: 1001 }, (_, n): [Record<string, string>, string] => [
      { instance: String(n) },
      '1',
    ])
    expect((await faultOf({ cpu: { body: vector(many) } })).message).toContain('1001 series')
  })
  it('asks one by one at first, then all in one query', async () => {
    const served = await serveQueries({ cpu: one, memory: one, n: one })
    const meter = meterOf(served, 'n')
    for (let round = 0; round < 3; round += 1) {
      expect(await meter.read(never())).toMatchObject({
        mayRepeat: true,
        countsRequests: true,
        usages: [{ instance: 'a:1', cpuSeconds: 5, rssBytes: 5, requests: 5 }],
      })
    }
    const asked = served.requests.map(({ url = '' }) => new URL(url, 'http://a'))
    expect(new Set(asked.map(({ pathname }) => pathname))).toEqual(new Set(['/api/v1/query']))
    const queries = asked.map(({ searchParams }) => searchParams.get('query'))
    expect(new Set(queries.slice(0, 3))).toEqual(new Set(['cpu', 'memory', 'n']))
    expect(queries.slice(3)).toEqual(Array(3).fill(expect.stringMatching(/^label_replace.* or /s)))
  })
  it('asks one by one again after an error, so that it can name the query', async () => {
    const answers: Record<string, Answer> = { cpu: one, memory: one }
    let isIll = false
    const served = await serve((request, response) => {
      const query = new URL(request.url ?? '', 'http://a').searchParams.get('query') ?? ''
      const error = { status: 'error', errorType: 'execution', error: 'too many samples' }
      const isJoined = query.includes('label_replace')
      if (isIll && (isJoined || query === 'cpu')) {
        response.writeHead(422).end(JSON.stringify(error))
      } else response.end(JSON.stringify(isJoined ? joined(query, answers) : answers[query]?.body))
    })
    const meter = meterOf(served)
    await meter.read(never())
    isIll = true
    await expect(meter.read(never())).rejects.toThrow('refuses the query "cpu or memory"')
    await expect(meter.read(never())).rejects.toThrow(
      'refuses the query "cpu" (execution: too many samples)',
    )
    isIll = false
    expect((await meter.read(never())).usages).toHaveLength(1)
  })
  it('keeps instances apart where every series says which, and adds up where one does not', async () => {
    const cpu = {
      body: vector([
        [{ instance: 'a:1', mode: 'user' }, '5'],
        [{ instance: 'a:1', mode: 'system' }, '1'],
        [{ instance: 'b:1' }, '7'],
      ]),
    }
    const memory = {
      body: vector([
        [{ instance: 'a:1' }, '10'],
        [{ instance: 'b:1' }, '20'],
      ]),
    }
    const apart = await read(await serveQueries({ cpu, memory }))
    expect(apart.usages).toMatchObject([
      { instance: 'a:1', cpuSeconds: 6, rssBytes: 10 },
      { instance: 'b:1', cpuSeconds: 7, rssBytes: 20 },
    ])
    const summed = await serveQueries({ cpu, memory, n: { body: vector([[{}, '40']]) } })
    expect((await read(summed, 'n')).usages).toMatchObject([
      { instance: summed.host, cpuSeconds: 13, rssBytes: 30, requests: 40 },
    ])
  })
  it('reads a scalar', async () => {
    const scalar = { status: 'success', data: { resultType: 'scalar', result: [1, '2.5'] } }
    const said = await read(await serveQueries({ cpu: { body: scalar }, memory: { body: scalar } }))
    expect(said.usages).toMatchObject([{ cpuSeconds: 2.5, rssBytes: 2.5 }])
  })
  it('leaves out NaN, and passes warnings on, short and on one line', async () => {
    const cpu = {
      body: vector(
        [
          [{}, 'NaN'],
          [{}, '3'],
        ],
        { warnings: [`a\u001b[31m\n${'b'.repeat(500)}`] },
      ),
    }
    const said = await read(await serveQueries({ cpu, memory: one }))
    expect(said.usages).toMatchObject([{ cpuSeconds: 3 }])
    expect(said.remarks).toHaveLength(1)
    expect(said.remarks[0]).toMatch(/^warns: a \[31m b{190,}…$/)
  })
  it('remarks that one of the two queries finds nothing', async () => {
    const said = await read(await serveQueries({ cpu: one }))
    expect(said.remarks).toEqual(['finds no series for "memory"'])
  })
})
