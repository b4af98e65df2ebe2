import { describe, expect, it } from 'vitest'
import { createStrainMeter } from '../../src/generator/strain.ts'

describe('createStrainMeter()', () => {
  it('sees a stall that begins right after a reading, and one that still lasts', async () => {
    let notSent = 3
    const meter = createStrainMeter(() => ({ notSent }))
    meter.read(0)
    const startedMs = performance.now()
    const cpu = process.threadCpuUsage()
    stall(120)
    const stalled = process.threadCpuUsage(cpu)
    await turn(30)
    notSent = 8
    const reading = meter.read(1)
    expect(reading).toMatchObject({ at: 1, notSent: 5 })
    expect(reading.lagP99Ms).toBeGreaterThan(80)
    const usedMs = reading.cpu * (performance.now() - startedMs)
    expect(usedMs).toBeGreaterThan(0.9 * (stalled.user / 1000))
    await turn(30)
    stall(100)
    expect(meter.read(2).lagP99Ms).toBeGreaterThan(60)
    meter.close()
  })
  it('shows an idle thread as idle', async () => {
    const meter = createStrainMeter(() => ({ notSent: 0 }))
    await turn(150)
    const { cpu, notSent } = meter.read(1)
    expect(cpu).toBeLessThan(0.7)
    expect(notSent).toBe(0)
    meter.close()
  })
})

function stall(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until) continue
}

function turn(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
