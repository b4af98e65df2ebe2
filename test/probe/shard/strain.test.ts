import { describe, expect, it } from 'vitest'
import { BlockStrain } from '../../../src/probe/shard/strain.ts'

/** Ticks every 20 ms for half a second, except where a tick comes late. */
function blockOf(late: Readonly<Record<number, number>>, cpuShare = 0.2, medianMs = 5): boolean {
  let cpu = 0
  let nowMs = 0
  const strain = new BlockStrain(0, () => cpu)
  for (let tick = 0; nowMs < 500; tick += 1) {
    nowMs += 20 + (late[tick] ?? 0)
    strain.tick(nowMs)
  }
  cpu = cpuShare * nowMs
  return strain.take(nowMs, medianMs)
}

describe('the strain of a block', () => {
  it('is none while the ticks come in time', () => {
    expect(blockOf({})).toBe(false)
    expect(blockOf({ 3: 8, 7: 9, 9: 9, 12: 8 })).toBe(false)
  })
  it('is none for one short hiccup', () => {
    expect(blockOf({ 3: 30 })).toBe(false)
  })
  it('is there when a tenth of the block was spent late', () => {
    expect(blockOf({ 3: 30, 9: 40 })).toBe(true)
    expect(blockOf({ 3: 120 })).toBe(true)
  })
  it('is none where answers take so long that the delay hardly shows in them', () => {
    expect(blockOf({ 3: 30, 9: 40 }, 0.2, 400)).toBe(false)
  })
  it('is there when the thread had no time to spare', () => {
    expect(blockOf({}, 0.97)).toBe(true)
  })
  it('is counted anew for each block', () => {
    const strain = new BlockStrain(0, () => 0)
    strain.tick(200)
    expect(strain.take(200, 1)).toBe(true)
    strain.tick(220)
    expect(strain.take(700, 1)).toBe(false)
  })
})
