import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readDocument, writeDocument } from '../../src/profiles/document.ts'
import { profileOf, somePeople } from './people.ts'

describe('readDocument', () => {
  it('readDocument() refuses what is no profile', () => {
    for (const text of [
      '',
      '{',
      '{}',
      '[]',
      'null',
      '[1,2,3,4,5,6,7]',
      '["a","US","tv","x",[],[],[1]]',
    ]) {
      expect(() => readDocument(text), text).toThrow()
    }
  })
  it('readDocument() gives back what writeDocument() wrote, and what earlier versions wrote', () => {
    fc.assert(
      fc.property(somePeople, fc.jsonValue(), (people, data) => {
        const step = {
          timestamp: 0.5,
          action: 'home',
          data: { data: JSON.parse(JSON.stringify(data)) },
        }
        for (const profile of [...people, profileOf('Ünï/☃', { behavioral_patterns: [step] })]) {
          expect(readDocument(writeDocument(profile))).toEqual(profile)
          expect(readDocument(JSON.stringify(profile))).toEqual(profile)
        }
      }),
    )
  })
})
