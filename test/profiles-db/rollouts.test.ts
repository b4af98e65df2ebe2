import { describe, expect, it, onTestFinished } from 'vitest'
import { readJournal, readLastLines } from '../../profiles-db/journal.ts'
import { openDatabase, type Database } from '../../profiles-db/open.ts'
import {
  addAudit,
  addWord,
  answerWord,
  listAudit,
  readEvidence,
  readReadings,
  saveEvidence,
  saveReading,
  waitingWords,
} from '../../profiles-db/rollout-notes.ts'
import {
  beat,
  findRollout,
  insertRollout,
  letGo,
  listRollouts,
  openRollouts,
  recordRollout,
  takeRollout,
} from '../../profiles-db/rollouts.ts'
import { policyOf } from '../allocator/driving.ts'
import { caught } from './caught.ts'

const AT = '2026-01-01T00:00:00.000Z'
const created = { kind: 'created', actor: 'ana', document: { state: 'pending' } }

function database(): Database {
  const db = openDatabase(':memory:')
  onTestFinished(() => db.close())
  return db
}

function insert(db: Database, router = 'edge', target = 'shop'): { id: string; epoch: number } {
  const rollout = {
    name: 'shop 1.4.2',
    target,
    router,
    policy: policyOf(),
    startedAt: AT,
    startedBy: 'ana',
    state: 'pending',
    document: { state: 'pending' },
    holder: 'here:1:a',
    heartbeatMs: 1000,
  } as const
  return insertRollout(db, rollout, [created])
}

const never = (): boolean => false

describe('insertRollout()', () => {
  it('refuses a second open rollout on the same router or the same target', () => {
    const db = database()
    const { id } = insert(db)
    expect(caught(() => insert(db, 'edge', 'other'))).toMatchObject({ code: 'rollout-open' })
    expect(caught(() => insert(db, 'other', 'shop'))).toMatchObject({ code: 'rollout-open' })
    const ended = { state: 'aborted', document: {}, endedAt: AT } as const
    recordRollout(db, { id, epoch: 1 }, AT, [], ended)
    expect(insert(db).id).toBe('r2')
    expect(openRollouts(db).map((rollout) => rollout.id)).toEqual(['r2'])
  })

  it('gives back what was stored', () => {
    const db = database()
    const { id } = insert(db)
    expect(findRollout(db, id)).toMatchObject({
      name: 'shop 1.4.2',
      policy: policyOf(),
      epoch: 1,
      holder: 'here:1:a',
    })
    expect(findRollout(db, 'r9')).toBeUndefined()
    expect(listRollouts(db, { limit: 10 }).rollouts).toHaveLength(1)
  })
})

describe('recordRollout()', () => {
  it('numbers the lines without a gap, and changes the state with them or not at all', () => {
    const db = database()
    const held = insert(db)
    const line = { kind: 'state', actor: 'policy', document: { state: 'ramping' } }
    const state = { state: 'ramping', document: { state: 'ramping' } } as const
    expect(recordRollout(db, held, AT, [line, line], state)).toEqual([2, 3])
    expect(readJournal(db, held.id, 1, 10).map(({ seq }) => seq)).toEqual([2, 3])
    expect(readLastLines(db, held.id, ['state'], 1).map(({ seq }) => seq)).toEqual([3])
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    expect(() =>
      recordRollout(db, held, AT, [{ ...line, document: circular }], {
        state: 'holding',
        document: {},
      }),
    ).toThrow()
    expect(findRollout(db, held.id)?.state).toBe('ramping')
  })

  it('fences off a writer whose rollout was taken over', () => {
    const db = database()
    const { id, epoch } = insert(db)
    expect(takeRollout(db, id, 'there:2:b', 2000, never)).toBeUndefined()
    expect(takeRollout(db, id, 'there:2:b', 2000, () => true)).toBe(2)
    const old = { id, epoch }
    expect(caught(() => recordRollout(db, old, AT, [created]))).toMatchObject({
      code: 'rollout-fenced',
    })
    expect(caught(() => beat(db, old, 3000))).toMatchObject({ code: 'rollout-fenced' })
    expect(readJournal(db, id, 0, 10)).toHaveLength(1)
    letGo(db, old)
    expect(findRollout(db, id)?.holder).toBe('there:2:b')
    letGo(db, { id, epoch: 2 })
    expect(takeRollout(db, id, 'third:3:c', 4000, never)).toBe(3)
  })
})

describe('words', () => {
  it('wait in their order until they are answered, and only so many', () => {
    const db = database()
    const { id } = insert(db)
    for (let count = 0; count < 100; count += 1) {
      expect(addWord(db, id, { act: 'pause', by: `person ${count}` }, AT)).toBe(true)
    }
    expect(addWord(db, id, { act: 'abort', by: 'ana' }, AT)).toBe(false)
    const [first] = waitingWords(db, id)
    expect(first).toMatchObject({ act: 'pause', by: 'person 0' })
    answerWord(db, first?.number ?? 0, 'paused')
    expect(waitingWords(db, id)[0]?.by).toBe('person 1')
  })
})

describe('readings and evidence', () => {
  it('thins readings to what is asked for and keeps the last one', () => {
    const db = database()
    for (let at = 0; at < 1000; at += 1) saveReading(db, 'r1', at, { at })
    const thinned = readReadings(db, 'r1', 300)
    expect(thinned.length).toBeLessThanOrEqual(300)
    expect(thinned.at(-1)).toEqual({ at: 999 })
    saveEvidence(db, 'r1', 'first')
    saveEvidence(db, 'r1', 'second')
    expect(readEvidence(db, 'r1')).toBe('second')
    expect(readEvidence(db, 'r2')).toBeUndefined()
  })
})

describe('the audit log', () => {
  it('is read newest first, page by page', () => {
    const db = database()
    for (const who of ['ana', 'ben', 'cid']) {
      addAudit(db, { at: AT, who, what: 'POST /rollouts', subject: 'r1', status: 202 })
    }
    const page = listAudit(db, { limit: 2 })
    expect(page.entries.map(({ who }) => who)).toEqual(['cid', 'ben'])
    const next = listAudit(db, { limit: 2, cursor: page.nextCursor ?? '' })
    expect(next.entries.map(({ who }) => who)).toEqual(['ana'])
    expect(next.nextCursor).toBeUndefined()
  })
})
