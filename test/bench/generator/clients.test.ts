import { describe, expect, it } from 'vitest'
import { loopedSessions } from '../../../bench/generator/clients/artillery.ts'
import { quantilesOf } from '../../../bench/generator/clients/results.ts'
import { ontologyOf, profileOf, STEPS } from '../../../bench/generator/clients/session.ts'
import { readWrk } from '../../../bench/generator/clients/wrk.ts'

const PRINTED = `Running 2s test @ http://127.0.0.1:8080/plain
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.15ms    4.07ms 104.13ms   98.47%
    Req/Sec    88.02k    15.07k  110.12k    75.00%
  Latency Distribution
     50%  560.00us
     75%  712.00us
     90%    1.21ms
     99%   11.02ms
  175233 requests in 2.01s, 38.10MB read
Requests/sec:  87180.10
Transfer/sec:     18.95MB
`

describe('readWrk', () => {
  it('readWrk() refuses what wrk does not print', () => {
    expect(() => readWrk('unable to connect to 127.0.0.1:1')).toThrow('not what wrk prints')
  })
  it('readWrk() reads requests, time and quantiles in ms', () => {
    expect(readWrk(PRINTED)).toEqual({
      requests: 175_233,
      failed: 0,
      seconds: 2.01,
      reported: { p50: 0.56, p99: 11.02 },
    })
    expect(readWrk(`${PRINTED}  Non-2xx or 3xx responses: 12\n`).failed).toBe(12)
  })
})

describe('quantilesOf', () => {
  it('quantilesOf() takes the nearest rank from above', () => {
    const numbers = Array.from({ length: 1000 }, (_, index) => index)
    expect(quantilesOf(numbers)).toEqual({ p50: 500, p99: 990, p999: 999 })
    expect(quantilesOf([]).p50).toBeNaN()
  })
})

describe('loopedSessions', () => {
  it('loopedSessions() says where the report is missing', () => {
    const job = loopedSessions('/nowhere', 'http://127.0.0.1:1', '/open', { users: 1, loops: 1 })
    expect(job.command).toContain('--quiet')
    expect(() => job.read()).toThrow('ENOENT')
  })
})

describe('the session', () => {
  it('has its five steps as actions in both areas', () => {
    for (const area of ['/private', '/open'] as const) {
      const names = profileOf(1).behavioral_patterns.map(({ action }) => action)
      expect(names).toHaveLength(STEPS)
      expect([...ontologyOf(area).actions.keys()]).toEqual(names)
    }
  })
})
