import { describe, expect, it } from 'vitest'
import { ontologyOfPaths } from '../../../src/actions/paths.ts'
import { UsageError } from '../../../src/core/errors.ts'
import type { ArmAddress } from '../../../src/generator/client.ts'
import {
  addCapacity,
  prepareCapacity,
  type CapacityToPrepare,
} from '../../../src/probe/capacity/capacity.ts'
import { systemClock } from '../../../src/generator/system-clock.ts'
import { exampleReport } from '../../report/example-report.ts'

const { ontology, profile } = ontologyOfPaths(['/'])
const given = (changed: Partial<ArmAddress> = {}): CapacityToPrepare => ({
  arms: [
    { arm: 'baseline', url: 'http://127.0.0.1:9' },
    { arm: 'canary', url: 'http://localhost:9', ...changed },
  ],
  iOwnThis: false,
  ontology,
  profiles: [profile],
  secrets: {},
  seed: 1,
})
const healthy = { ...exampleReport, verdict: 'healthy' as const, findings: [] }

describe('prepareCapacity()', () => {
  it('refuses a target that is not this machine, and names the flag that allows it', () => {
    const far = given({ url: 'http://10.0.0.6:8080' })
    const refused = thrownBy(() => prepareCapacity(far))
    expect(refused).toMatchObject({ code: 'cap-exceeded', where: '--capacity' })
    expect(refused.mend).toContain('--i-own-this')
    expect(() => prepareCapacity({ ...far, iOwnThis: true })).not.toThrow()
  })

  it.each([
    [{ http2: true }, 'HTTP/2'],
    [{ proxy: { url: 'http://127.0.0.1:8' } }, 'a proxy'],
  ])('refuses %j by name', (reach, name) => {
    const refused = thrownBy(() => prepareCapacity(given(reach)))
    expect(refused.code).toBe('capacity-reach')
    expect(refused.message).toContain(`it is reached by ${name}`)
  })

  it('takes loopback names, unix sockets and client certificates', () => {
    expect(prepareCapacity(given()).timeoutMs).toBe(10_000)
    const socket = given({ url: 'http://shop.internal', socketPath: '/run/app.sock' })
    expect(prepareCapacity(socket).mix.targets.canary.socketPath).toBe('/run/app.sock')
    const tls = { ca: 'a', cert: 'b', key: 'c' }
    const { canary } = prepareCapacity(given({ url: 'https://localhost:9', tls })).mix.targets
    expect(canary).toMatchObject({ tls, serverName: 'localhost' })
  })
})

describe('addCapacity()', () => {
  const add = async (report: typeof exampleReport, signal = new AbortController().signal) =>
    await addCapacity(report, {
      prepared: prepareCapacity(given()),
      request: { seconds: 10 },
      clock: systemClock,
      signal,
    })

  it.each([
    ['regressed', 'the canary is regressed already'],
    ['invalid', 'the run could not be judged'],
  ] as const)('sends nothing after a run that is %s, and says so', async (verdict, why) => {
    const report = await add({ ...healthy, verdict })
    expect(report.capacity).toBeUndefined()
    expect(report.reasons.at(-1)).toEqual({
      code: 'capacity',
      message: `capacity: not measured: ${why}`,
    })
  })

  it('sends nothing after a run that was stopped', async () => {
    const report = await add(healthy, AbortSignal.abort())
    expect(report.reasons.at(-1)?.message).toBe('capacity: not measured: the run was stopped')
  })

  it('keeps the verdict where nobody listens any more', async () => {
    const report = await add(healthy)
    expect(report.verdict).toBe('healthy')
    expect(report.capacity).toBeUndefined()
    expect(report.reasons.at(-1)?.message).toMatch(/^capacity: the (baseline|canary) /)
  })
})

function thrownBy(act: () => unknown): UsageError {
  try {
    act()
  } catch (thrown) {
    if (thrown instanceof UsageError) return thrown
  }
  throw new Error('it did not throw a UsageError')
}
