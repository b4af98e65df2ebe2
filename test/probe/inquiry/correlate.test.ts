import { describe, expect, it } from 'vitest'
import { correlate } from '../../../src/probe/inquiry/correlate.ts'
import { createInquiries } from '../../../src/probe/inquiry/inquiry.ts'
import { RowRing, Words } from '../../../src/probe/shard/rows.ts'
import { findingUnderLoad, remembered, simulate } from '../../analysis/cause/queue.ts'
import { planOf } from '../../analysis/synthetic.ts'

const actions = ['checkout', 'home'].map((action) => ({ action, share: 1 / 2 }))
const options = {
  plan: planOf({ phases: ['load'] }, actions),
  seed: 1,
  originSeconds: 0,
  loadSeconds: 0,
  lastBlock: 1,
}
const found = ['home', 'checkout'].map((action) => findingUnderLoad(action, { margin: 0.25 }))

describe('correlate()', () => {
  it('leaves findings as they were when the worker is gone, or breaks', async () => {
    const unchanged = { findings: found, reasons: [] }
    const gone = { rows: () => Promise.resolve([]) }
    expect(await correlate(found, gone, options)).toEqual(unchanged)
    const broken = { rows: () => Promise.reject(new Error('no thread')) }
    expect(await correlate(found, broken, options)).toEqual(unchanged)
  })
  it('asks the worker once for each action and names the cause', async () => {
    const slow = actions.map((one) => ({
      ...one,
      baselineMs: 2,
      canaryMs: one.action === 'checkout' ? 30 : 2,
    }))
    const rowsOf = remembered(simulate({ actions: slow, rate: 20, users: 8, seconds: 60 }))
    const asked: string[] = []
    const inquiries = createInquiries(
      ({ id, action }) => {
        asked.push(action)
        const ring = new RowRing(new Words(), 3000)
        for (const row of rowsOf(action)) ring.add({ ...row, block: 1 })
        inquiries.answer({ kind: 'inquiry', id, rows: ring.columns(), examples: [] })
      },
      { secrets: {}, canaryUrl: 'http://canary', originSeconds: () => 0 },
    )
    const { findings } = await correlate([...found, ...found], inquiries, options)
    expect(asked).toEqual(['*', 'home', 'checkout'])
    expect(findings.map(({ action, role }) => `${action} ${role}`)).toEqual([
      'checkout cause',
      'checkout cause',
      'home victim',
      'home victim',
    ])
  })
  it('asks about 30 actions at most', async () => {
    const many = Array.from({ length: 50 }, (_, index) => findingUnderLoad(`a${index}`))
    let asked = 0
    const rows = (): Promise<readonly []> => {
      asked += 1
      return Promise.resolve([])
    }
    await correlate(many, { rows }, options)
    expect(asked).toBe(30)
  })
})
