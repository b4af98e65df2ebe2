import { describe, expect, it } from 'vitest'
import {
  compareAnswers,
  readAnswer,
  type AnswerView,
} from '../../../../src/analysis/answers/compare.ts'
import { createOwnChanges } from '../../../../src/probe/shard/compared/own-changes.ts'

function answer(value: unknown): AnswerView {
  return readAnswer(200, { 'content-type': 'application/json' }, Buffer.from(JSON.stringify(value)))
}

const EVERYTHING = { paths: ['$.a', '$.b'], shapes: ['$.b'] }
const NOTHING = { paths: [], shapes: [] }

describe('OwnChanges', () => {
  it('lets nothing count of the first answer to an action', () => {
    const changes = createOwnChanges()
    expect(changes.seen('list', answer({ a: 1 }))(EVERYTHING)).toEqual(NOTHING)
    expect(changes.seen('list', answer({ a: 1 }))(EVERYTHING)).toEqual(EVERYTHING)
    expect(changes.seen('view', answer({ a: 1 }))(EVERYTHING)).toEqual(NOTHING)
  })
  it('compares by shape what changed its value, and not at all what changed its shape', () => {
    const changes = createOwnChanges()
    changes.seen('list', answer({ at: '2026-01-02', items: [1], name: 'a' }))
    const [before, after] = [
      { items: [1, 2], name: 'a' },
      { items: [1, 2, 3], name: 'a' },
    ]
    const baseline = answer({ ...before, at: '2026-01-03' })
    const keep = changes.seen('list', baseline)
    const moved = compareAnswers(baseline, answer({ ...after, at: '2026-01-04' }))
    expect(moved.paths).toEqual(['$.at', '$.items'])
    expect(keep(moved)).toEqual(NOTHING)
    const wrong = compareAnswers(baseline, answer({ ...after, at: 'never', name: 'b' }))
    expect(keep(wrong)).toEqual({ paths: ['$.at', '$.name'], shapes: ['$.at'] })
  })
  it('lets what kept still count once each kind of write was sent three times since', () => {
    const changes = createOwnChanges()
    const told = (): unknown => changes.seen('list', answer({ a: 1 }))(EVERYTHING)
    changes.wrote('order')
    changes.wrote('order')
    expect(told()).toEqual(NOTHING)
    for (const kind of ['order', 'order']) changes.wrote(kind)
    expect(told()).toEqual(NOTHING)
    changes.wrote('order')
    expect(told()).toEqual(EVERYTHING)
    changes.wrote('review')
    expect(told()).toEqual(NOTHING)
    for (const kind of ['review', 'review']) changes.wrote(kind)
    expect(told()).toEqual(EVERYTHING)
  })
  it('remembers what changed once, though it is still now', () => {
    const changes = createOwnChanges()
    for (const likes of [1, 2, 2, 2]) changes.seen('view', answer({ likes }))
    const keep = changes.seen('view', answer({ likes: 2 }))
    expect(keep(compareAnswers(answer({ likes: 2 }), answer({ likes: 3 })))).toEqual(NOTHING)
  })
  it('holds no long answers, and compares nothing of them', () => {
    const changes = createOwnChanges()
    const long = answer({ text: 'x'.repeat(300_000) })
    for (let time = 0; time < 3; time += 1) {
      expect(changes.seen('page', long)(EVERYTHING)).toEqual(NOTHING)
    }
  })
})
