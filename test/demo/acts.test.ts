import { describe, expect, it } from 'vitest'
import { ACTS } from '../../src/demo/acts.ts'
import type { Outcome } from '../../src/demo/follow.ts'

const live = {
  sent: 100,
  waiting: 0,
  versions: [],
  lost: { 'no connection': 0, 'connection broken': 0, 'no answer': 0, 'answered by no shop': 0 },
}
const stopped: Outcome = {
  id: 'r1',
  state: 'rolled_back',
  sentence: 'Rolled back',
  highestBp: 0,
  named: ['search'],
  live,
}
const takenBack: Outcome = { ...stopped, highestBp: 3000, named: ['category'] }
const promoted: Outcome = { ...stopped, state: 'promoted', highestBp: 10_000, named: [] }

/** Which acts take the outcome for theirs. */
function actsOf(outcome: Outcome): string[] {
  return ACTS.filter((act) => act.isAsTold(outcome)).map(({ version }) => version)
}

describe('ACTS', () => {
  it('isAsTold() is content with nothing that comes near', () => {
    expect(actsOf({ ...stopped, named: [] })).toEqual([])
    expect(actsOf({ ...stopped, named: ['*'] })).toEqual([])
    expect(actsOf({ ...stopped, highestBp: 500 })).toEqual([])
    expect(actsOf({ ...stopped, state: 'failed' })).toEqual([])
    expect(actsOf({ ...takenBack, highestBp: 500 })).toEqual([])
    expect(actsOf({ ...takenBack, named: ['*'] })).toEqual([])
    expect(actsOf({ ...promoted, named: ['home'] })).toEqual([])
    expect(actsOf({ ...promoted, state: 'promoting' })).toEqual([])
  })
  it('each outcome that was told is that of one act', () => {
    expect([stopped, takenBack, promoted].map(actsOf)).toEqual([['1.4.2'], ['1.4.3'], ['1.4.4']])
  })
})
