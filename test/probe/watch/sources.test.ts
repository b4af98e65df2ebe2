import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Target } from '../../../src/core/contract/config.ts'
import { UsageError } from '../../../src/core/errors.ts'
import { loadConfig } from '../../../src/probe/config.ts'
import { metersOf, watchSourcesOf } from '../../../src/probe/watch/sources.ts'
import { temporaryFolder } from '../../support/folders.ts'

async function metricsOf(metrics: string): Promise<Target['metrics']> {
  const cwd = temporaryFolder()
  const target = `baseline: http://a\n    canary: http://b\n    metrics: ${metrics}`
  writeFileSync(join(cwd, 'outrider.yaml'), `version: 1\ntargets:\n  shop:\n    ${target}\n`)
  return (await loadConfig({ cwd, environment: {} })).config.targets['shop']?.metrics
}

async function faultOf(metrics: string): Promise<UsageError> {
  return await metricsOf(metrics).then(
    () => expect.fail('nothing was thrown'),
    (error: UsageError) => error,
  )
}

describe('targets.*.metrics', () => {
  it.each([
    ['{ baseline: { pdi: 1 }, canary: { pid: 1 } }', /baseline\.pdi" .* not a known key/, /pid/],
    ['{ baseline: { pid: 1 } }', /metrics\.canary"/, /missing/],
    ['{ baseline: {}, canary: { pid: 1 } }', /exactly one of prometheus, pid, promql/, /name one/],
    [
      '{ baseline: { pid: 1, prometheus: "http://a/m" }, canary: { pid: 1 } }',
      /exactly one of/,
      /keep one of prometheus and pid/,
    ],
    ['{ baseline: { pid: "x" }, canary: { pid: 1 } }', /the number of a process/, /"x"/],
    ['{ baseline: { pid: [] }, canary: { pid: 1 } }', /baseline\.pid"/, /\[\]/],
    ['{ baseline: { prometheus: "ftp://a" }, canary: { pid: 1 } }', /http:\/\//, /ftp/],
    ['{ baseline: { pid: 1, requests: n }, canary: { pid: 1 } }', /prometheus only/, /take it out/],
    [
      '{ baseline: { prometheus: "http://u:secret@a/m" }, canary: { pid: 1 } }',
      /must not carry credentials/,
      /headers_env/,
    ],
    [
      '{ baseline: { promql: { url: "http://a", cpu: "rate(x[1m])", memory: m } }, canary: { pid: 1 } }',
      /promql\.cpu" .* must give a counter/,
      /take rate\(\) or increase\(\) away/,
    ],
    [
      '{ baseline: { promql: { url: "http://a", cpu: c, memry: m } }, canary: { pid: 1 } }',
      /promql\.memry" .* not a known key/,
      /did you mean "memory"/,
    ],
    [
      '{ baseline: { pid: 1 }, canary: { pid: 1 }, control: { pid: 1 } }',
      /metrics\.control" .* an arm that the target does not have/,
      /take it out/,
    ],
  ])('refuses %s with line and mend', async (metrics, message, mend) => {
    const fault = await faultOf(metrics)
    expect(fault).toBeInstanceOf(UsageError)
    expect(fault).toMatchObject({ code: 'bad-config', where: 'outrider.yaml:6' })
    expect(fault.message).toMatch(message)
    expect(fault.mend).toMatch(mend)
    expect(`${fault.message} ${fault.mend}`).not.toContain('secret')
  })
  it('reads one value and a list alike, each once', async () => {
    expect(
      await metricsOf('{ baseline: { pid: 7 }, canary: { prometheus: ["http://a", "http://a"] } }'),
    ).toEqual({
      baseline: { kind: 'pid', pids: [7] },
      canary: { kind: 'prometheus', urls: ['http://a'], headersEnv: {} },
    })
  })
})

describe('watchSourcesOf()', () => {
  const metrics =
    '{ baseline: { prometheus: "http://a/m", headers_env: { Authorization: METRICS_AUTH } }, canary: { pid: 7 } }'

  it('names a variable that is not set or no header, and never its value', async () => {
    for (const value of [undefined, ' ', 'Bearer top\nsecret']) {
      const read = async (): Promise<unknown> =>
        watchSourcesOf(await metricsOf(metrics), { METRICS_AUTH: value })
      await expect(read()).rejects.toMatchObject({
        code: 'metrics-variable',
        where: 'metrics.baseline.headers_env.Authorization',
        message: expect.not.stringContaining('secret'),
      })
    }
  })
  it('takes the values of headers from the environment', async () => {
    const way = { reach: { tls: { ca: 'PEM' } }, hosts: [] }
    const sources = watchSourcesOf(await metricsOf(metrics), { METRICS_AUTH: 'Bearer x' }, way)
    expect(sources).toMatchObject([
      { arm: 'baseline', headers: { authorization: 'Bearer x' }, way },
      { arm: 'canary', headers: {} },
    ])
    expect(watchSourcesOf(undefined, {})).toEqual([])
  })
})

describe('metersOf()', () => {
  it('makes one for each address and process, whose places hide the query', () => {
    const source = {
      kind: 'prometheus',
      urls: ['http://a:1/m', 'http://b:1/m?token=x', 'http://b:1/n'],
      headersEnv: {},
    } as const
    const pids = { kind: 'pid', pids: [1, 2] } as const
    const places = [
      ...metersOf({ arm: 'canary', source, headers: {} }),
      ...metersOf({ arm: 'canary', source: pids, headers: {} }),
    ].map(({ place }) => place)
    expect(places).toEqual(['http://a:1/m', 'http://b:1/m', 'http://b:1/n', 'pid 1', 'pid 2'])
  })
})
