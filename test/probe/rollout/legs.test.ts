import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/generator/system-clock.ts'
import { Leg } from '../../../src/probe/rollout/leg.ts'
import { Legs } from '../../../src/probe/rollout/legs.ts'
import type { WorkerInput } from '../../../src/probe/shard/messages.ts'
import { examplePlan } from '../../support/example-plan.ts'

/** No worker can do anything with it. */
const useless = { plan: examplePlan() } as WorkerInput

const closing: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of closing.splice(0)) await one.close()
})

describe('Leg', () => {
  it('says once that its worker is gone, and has ended then', async () => {
    const deaths: Error[] = []
    const leg = new Leg({
      input: useless,
      fromSeconds: 0,
      onMessage: () => {},
      onDeath: (error) => deaths.push(error),
    })
    closing.push(leg)
    await expect(leg.begun).rejects.toThrow()
    await leg.stop()
    await leg.close()
    expect(deaths).toHaveLength(1)
  })
})

describe('Legs', () => {
  function create(onDeath: (legs: Legs, why: string) => void): {
    legs: Legs
    begins: () => number
  } {
    let begins = 0
    const legs: Legs = new Legs({
      clock: systemClock,
      restartAfterMs: 10,
      seconds: () => begins,
      input: () => useless,
      onBegin: () => {
        begins += 1
      },
      onMessage: () => {},
      onDeath: (why) => onDeath(legs, why),
    })
    closing.push(legs)
    return { legs, begins: () => begins }
  }

  it('begin again after a pause, until someone ends them', async () => {
    const whys: string[] = []
    await new Promise<void>((resolve) => {
      const { legs } = create((own, why) => {
        whys.push(why)
        own.pause(why)
        expect(own.traffic()).toMatchObject({ kind: 'down', why })
        if (whys.length === 3) resolve()
      })
      legs.begin().catch(() => {})
    })
    expect(whys[0]).toMatch(/^the generator failed: /)
  })

  it('do not begin again once they rest', async () => {
    let died = (): void => {}
    const death = new Promise<void>((resolve) => {
      died = resolve
    })
    const { legs, begins } = create((own, why) => {
      own.pause(why)
      own.rest()
      died()
    })
    await expect(legs.begin()).rejects.toThrow()
    await death
    await legs.end()
    expect(legs.traffic()).toEqual({ kind: 'resting' })
    expect(begins()).toBe(1)
  })
})
