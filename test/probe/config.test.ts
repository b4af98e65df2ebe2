import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defaultConfig } from '../../src/core/contract/config.ts'
import { UsageError } from '../../src/core/errors.ts'
import { loadConfig, type LoadedConfig } from '../../src/probe/config.ts'
import { temporaryFolder } from '../support/folders.ts'

function load(
  text: string | undefined,
  environment: Record<string, string> = {},
): Promise<LoadedConfig> {
  const cwd = temporaryFolder()
  if (text !== undefined) writeFileSync(join(cwd, 'outrider.yaml'), text)
  return loadConfig({ cwd, environment })
}

async function faultOf(loading: Promise<unknown>): Promise<UsageError> {
  const thrown: unknown = await loading.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (thrown instanceof UsageError) return thrown
  throw new Error(`Expected a UsageError, got ${String(thrown)}`)
}

describe('loadConfig()', () => {
  it('names an unknown key with file and line, and the nearest known one', async () => {
    const fault = await faultOf(load('version: 1\nprobe:\n  rat: 20\n'))
    expect(fault).toMatchObject({ code: 'bad-config', where: 'outrider.yaml:3' })
    expect(fault.message).toContain('"probe.rat" in outrider.yaml:3')
    expect(fault.mend).toBe('did you mean "rate"?')
  })

  it('names a wrong value with file and line', async () => {
    const text = 'version: 1\ntargets:\n  shop: { baseline: "ftp://a", canary: "http://b" }\n'
    expect(await faultOf(load(text))).toMatchObject({ where: 'outrider.yaml:3' })
    expect(await faultOf(load('version: 1\nprobe: { max_duration: 10 }\n'))).toMatchObject({
      code: 'bad-config',
      where: 'outrider.yaml:2',
    })
    expect(await faultOf(load('version: 2\n'))).toMatchObject({ where: 'outrider.yaml:1' })
  })

  it.each([
    ['routers:\n  edge: { kind: nginx }', 'routers.edge.kind: nginx', 3],
    ['routers:\n  edge: { kind: haproxy, mode: weights }', 'routers.edge.mode: weights', 3],
    [
      'targets:\n  shop:\n    baseline: http://a\n    canary: http://b\n    cost_per_hour: { canary: 1 }',
      'targets.shop.cost_per_hour',
      6,
    ],
    ['server: { retention: 30 }', 'server.retention', 2],
  ])('refuses what is not built by name: %s', async (text, key, line) => {
    const fault = await faultOf(load(`version: 1\n${text}\n`))
    expect(fault.code).toBe('not-built')
    expect(fault.message).toBe(`"${key}" in outrider.yaml:${line} is not built in this version`)
  })

  it('names a file that is not there, and a line that is no YAML', async () => {
    const cwd = temporaryFolder()
    const missing = await faultOf(loadConfig({ cwd, environment: {}, file: 'other.yaml' }))
    expect(missing).toMatchObject({ code: 'no-config', where: join(cwd, 'other.yaml') })
    expect(await faultOf(load('version: 1\nprobe: [\n'))).toMatchObject({ code: 'bad-yaml' })
    expect(await faultOf(load(''))).toMatchObject({ where: 'outrider.yaml:1' })
  })

  it('names a wrong variable instead of a line', async () => {
    const wrong = await faultOf(load(undefined, { OUTRIDER_PROBE_RATE: 'fast' }))
    expect(wrong).toMatchObject({ code: 'bad-config', where: 'OUTRIDER_PROBE_RATE' })
    const unknown = await faultOf(load(undefined, { OUTRIDER_PROBE_RAET: '5' }))
    expect(unknown).toMatchObject({
      code: 'bad-environment',
      mend: 'did you mean "OUTRIDER_PROBE_RATE"?',
    })
    expect(await faultOf(load(undefined, { OUTRIDER_ANALYSIS_SEGMENTS: '[geo]' }))).toMatchObject({
      code: 'not-built',
    })
  })

  it('holds the defaults where there is no file', async () => {
    const cwd = temporaryFolder()
    const loaded = await loadConfig({ cwd, environment: {} })
    expect(loaded).toEqual({ config: defaultConfig, baseFolder: cwd })
  })

  it('lets variables win over the file, and the file over the defaults', async () => {
    const { config } = await load('version: 1\nprobe: { rate: 20, max_duration: 5m }\n', {
      OUTRIDER_PROBE_RATE: '30',
      OUTRIDER_PROBE_PHASES: '[load]',
      OUTRIDER_ANALYSIS_MARGINS: '{ errors: 0.2pp }',
      OUTRIDER_SERVER_LISTEN: '127.0.0.1:0',
    })
    expect(config.probe).toMatchObject({ rate: 30, max_duration: 300, phases: ['load'] })
    expect(config.probe.min_duration).toBe(defaultConfig.probe.min_duration)
    expect(config.analysis.margins).toEqual({ errors: 0.002 })
    expect(config.server.listen).toBe('127.0.0.1:0')
  })

  it('takes paths of variables from the working folder and leaves those of the file', async () => {
    const cwd = temporaryFolder()
    const { config } = await loadConfig({ cwd, environment: { OUTRIDER_DB: 'x.db' } })
    expect(config.db).toBe(join(cwd, 'x.db'))
    expect((await load('version: 1\ndb: y.db\n')).config.db).toBe('y.db')
  })

  it('reads the file that OUTRIDER_CONFIG names, unless a flag names another', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'a.yaml'), 'version: 1\nprobe: { seed: 7 }\n')
    writeFileSync(join(cwd, 'b.yaml'), 'version: 1\nprobe: { seed: 8 }\n')
    const environment = { OUTRIDER_CONFIG: 'a.yaml' }
    expect((await loadConfig({ cwd, environment })).config.probe.seed).toBe(7)
    const { config, file } = await loadConfig({ cwd, environment, file: 'b.yaml' })
    expect(config.probe.seed).toBe(8)
    expect(file).toBe(join(cwd, 'b.yaml'))
  })

  it('takes actions.yaml beside the configuration when no ontology is named', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'actions.yaml'), '')
    expect((await loadConfig({ cwd, environment: {} })).config.ontology).toBe('actions.yaml')
    const named = await loadConfig({ cwd, environment: { OUTRIDER_ONTOLOGY: 'mine.yaml' } })
    expect(named.config.ontology).toBe(join(cwd, 'mine.yaml'))
  })

  it('leaves alone secrets and what Kubernetes sets for a service called outrider-probe', async () => {
    const { config } = await load(undefined, {
      OUTRIDER_SECRET_PROBE: 'x',
      OUTRIDER_PROBE_SERVICE_HOST: '10.0.0.1',
      OUTRIDER_PROBE_PORT_7070_TCP: 'tcp://10.0.0.1:7070',
      OUTRIDER_DEBUG: '1',
    })
    expect(config).toEqual(defaultConfig)
    expect(JSON.stringify(config)).not.toContain('"x"')
  })

  it('either loads or throws a UsageError, whatever the file holds', async () => {
    const cwd = temporaryFolder()
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.json(), fc.string(), fc.string({ unit: 'binary' })),
        async (text) => {
          writeFileSync(join(cwd, 'outrider.yaml'), text)
          await loadConfig({ cwd, environment: {} }).catch((thrown: unknown) => {
            expect(thrown).toBeInstanceOf(UsageError)
          })
        },
      ),
      { numRuns: 200 },
    )
  })
})
