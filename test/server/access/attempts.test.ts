import { describe, expect, it } from 'vitest'
import { createAttempts } from '../../../server/access/attempts.ts'

describe('createAttempts()', () => {
  it('counts each address for itself, for a minute', () => {
    let nowMs = 1000
    const attempts = createAttempts({ nowMs: () => nowMs, wallMs: () => 0 }, 2)
    attempts.add('10.0.0.1')
    attempts.add('10.0.0.1')
    attempts.add('10.0.0.2')
    expect(['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((one) => attempts.isOver(one))).toEqual([
      true,
      false,
      false,
    ])
    nowMs = 60_500
    expect(attempts.waitSeconds('10.0.0.1')).toBe(1)
    nowMs = 61_000
    expect(attempts.isOver('10.0.0.1')).toBe(false)
    attempts.add('10.0.0.1')
    expect(attempts.isOver('10.0.0.1')).toBe(false)
  })

  it('takes the addresses of one IPv6 network for one', () => {
    const same = [
      ['2001:db8:1:2::1', '2001:db8:1:2:ffff::2'],
      ['2001:db8::1', '2001:db8:0:0:1:2:3:4'],
      ['::1', '0:0:0:0:9:9:9:9'],
      ['::ffff:10.0.0.1', '10.0.0.1'],
      ['fe80::1%eth0', 'fe80::2%eth1'],
    ] as const
    const others = [
      ['2001:db8:1:2::1', '2001:db8:1:3::1'],
      ['::ffff:10.0.0.1', '::ffff:10.0.0.2'],
    ] as const
    const meet = ([one, other]: readonly [string, string]): boolean => {
      const attempts = createAttempts({ nowMs: () => 0, wallMs: () => 0 }, 1)
      attempts.add(one)
      return attempts.isOver(other)
    }
    expect(same.map(meet)).toEqual(same.map(() => true))
    expect(others.map(meet)).toEqual(others.map(() => false))
  })

  it('forgets the address it has known longest when there are too many', () => {
    const attempts = createAttempts({ nowMs: () => 0, wallMs: () => 0 }, 1)
    for (let count = 0; count <= 10_000; count += 1) {
      attempts.add(`10.0.${count >> 8}.${count & 255}`)
    }
    expect([attempts.isOver('10.0.0.0'), attempts.isOver('10.0.0.1')]).toEqual([false, true])
  })
})
