import { describe, expect, it } from 'vitest'
import { createTally } from '../../src/analysis/tally.ts'
import type { Sample } from '../../src/core/contract/sample.ts'

function sample(changed: Partial<Sample>): Sample {
  const plain = { at: 1, action: 'home', latencyMs: 10, serviceMs: 10, status: 200 }
  return { ...plain, arm: 'canary', outcome: 'ok', ...changed }
}

const unanswered = ({ status: _status, ...rest }: Sample): Sample => rest

describe('tally', () => {
  it('report() of nothing has no arm', () => {
    expect(createTally().report()).toEqual({})
    expect(createTally().requests()).toBe(0)
  })

  it('add() counts by status, an unanswered request by how it ended, and no step that was not sent', () => {
    const tally = createTally()
    tally.add(sample({}))
    tally.add(sample({ status: 500, outcome: 'http_error' }))
    tally.add(unanswered(sample({ outcome: 'timeout' })))
    tally.add(unanswered(sample({ outcome: 'blocked' })))
    tally.add(unanswered(sample({ outcome: 'aborted' })))
    tally.session('canary', true)
    tally.session('canary', false)
    expect(tally.requests()).toBe(3)
    expect(tally.report().canary).toMatchObject({
      requests: 3,
      byStatus: { 200: 1, 500: 1, timeout: 1 },
      sessions: 2,
      sessionsCompleted: 1,
    })
  })

  it('add() counts repeats apart, and not among the requests', () => {
    const tally = createTally()
    tally.add(sample({}))
    expect(tally.report().canary).not.toHaveProperty('repeats')
    tally.add(sample({ repeat: true, latencyMs: 9000 }))
    tally.add(sample({ repeat: true, status: 500, outcome: 'http_error' }))
    tally.add(sample({ repeat: true, outcome: 'aborted' }))
    expect(tally.requests()).toBe(1)
    expect(tally.report().canary).toMatchObject({
      requests: 1,
      byStatus: { 200: 1 },
      repeats: 2,
    })
    expect(tally.report().canary?.p99Ms).toBeLessThan(11)
  })

  it('merge() of parts is the whole, also through JSON', () => {
    const [left, right, whole] = [createTally(), createTally(), createTally()]
    for (let index = 0; index < 50; index += 1) {
      const arm = index % 3 ? 'canary' : 'baseline'
      const one = sample({ latencyMs: index + 1, arm, repeat: index % 7 === 0 })
      whole.add(one)
      const part = index % 2 ? left : right
      part.add(one)
    }
    left.merge(JSON.parse(JSON.stringify(right.state())))
    expect(left.report()).toEqual(whole.report())
    expect(createTally(whole.state()).report()).toEqual(whole.report())
  })
})
