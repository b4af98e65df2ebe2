import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkIgnore, createIgnore, type Ignore } from '../../src/actions/ignore.ts'
import { placeOf } from '../../src/actions/place.ts'
import { compileJsonPath, locationsOf } from '../../src/actions/response/json-path.ts'
import { compareAnswers, readAnswer } from '../../src/analysis/answers/compare.ts'
import { refusalOf } from './given.ts'

const place = placeOf({ value: undefined, locate: () => 'a.yaml:9' })

function given(...ignore: string[]): Ignore {
  const made = createIgnore(ignore)
  if (made === undefined) throw new Error('nothing is ignored')
  return made
}

/** Whether the value at the end of these steps is ignored, or one above it. */
function isIgnored(
  ignore: Ignore,
  steps: readonly (string | number)[],
  document: unknown,
): boolean {
  let at = ignore.root(document, document)
  for (const step of steps) {
    if (at?.isIgnored === true) return true
    at = at?.at(step)
  }
  return at?.isIgnored === true
}

describe('checkIgnore()', () => {
  it('names file and line of an entry that is neither a path nor a header', () => {
    for (const bad of ['$.[', 'date', 'html:', 'header:a b', '']) {
      expect(refusalOf(() => checkIgnore([bad], place)).message).toContain('a.yaml:9')
    }
  })
  it('lets pass what the contract has, and the parts of a page', () => {
    const list = ['$.id', '$..created_at', 'header:date', 'status', 'text', 'html:small', '$']
    expect(() => checkIgnore(list, place)).not.toThrow()
  })
})

describe('createIgnore()', () => {
  it('refuses a bad entry too', () => {
    expect(refusalOf(() => createIgnore(['$.['])).code).toBe('bad-json-path')
  })
  it('has nothing to ask for an empty list', () => {
    expect(createIgnore([])).toBeUndefined()
  })
  it('ignores headers in any case, and parts by their names', () => {
    const ignore = given('header:Date', 'html:small')
    expect(
      ['header:date', 'html:small', 'html:p', 'status'].map((path) => ignore.path(path)),
    ).toEqual([true, true, false, false])
    expect(ignore.root({}, {})).toBeUndefined()
  })
  it('ignores a value and all below it, at any depth where the path says so', () => {
    const ignore = given('$.id', '$..created_at', '$.items[*].etag', '$.items[0].price')
    const is = (...steps: (string | number)[]): boolean => isIgnored(ignore, steps, {})
    expect(is('id')).toBe(true)
    expect(is('id', 'deeper', 3)).toBe(true)
    expect(is('a', 'id')).toBe(false)
    expect(is('a', 7, 'created_at')).toBe(true)
    expect(is('items', 4, 'etag')).toBe(true)
    expect(is('items', 0, 'price')).toBe(true)
    expect(is('items', 1, 'price')).toBe(false)
  })
  it('asks the document where a filter or a place from the end decides', () => {
    const ignore = given('$.items[?@.kind == "ad"].price', '$.items[-1]')
    const document = { items: [{ kind: 'ad', price: 1 }, { kind: 'x', price: 2 }, { price: 3 }] }
    expect(isIgnored(ignore, ['items', 0, 'price'], document)).toBe(true)
    expect(isIgnored(ignore, ['items', 1, 'price'], document)).toBe(false)
    expect(isIgnored(ignore, ['items', 2, 'price'], document)).toBe(true)
  })
  it('says of each place what a search of the document says', () => {
    const names = fc.constantFrom('a', 'b', 'c')
    const segment = fc.constantFrom(
      '.a',
      '.b',
      '..a',
      '..b',
      '[*]',
      '..*',
      '[0]',
      '[1]',
      "['a','b']",
    )
    const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((all) => `$${all.join('')}`)
    const { document } = fc.letrec((tie) => ({
      document: fc.oneof(
        { maxDepth: 4 },
        fc.constant(1),
        fc.array(tie('document'), { maxLength: 3 }),
        fc.dictionary(names, tie('document'), { maxKeys: 3 }),
      ),
    }))
    fc.assert(
      fc.property(fc.array(path, { minLength: 1, maxLength: 3 }), document, (paths, value) => {
        const found = paths.flatMap((text) => locationsOf(compileJsonPath(text, place), value))
        const ignore = given(...paths)
        for (const location of locationsOf(compileJsonPath('$..*', place), value)) {
          const expected = found.some((steps) =>
            steps.every((step, index) => location[index] === step),
          )
          expect(isIgnored(ignore, location, value)).toBe(expected)
        }
      }),
    )
  })
  it('serves the comparison of answers', () => {
    const view = (value: unknown): ReturnType<typeof readAnswer> =>
      readAnswer(200, { allow: 'GET' }, Buffer.from(JSON.stringify(value)))
    const [first, other] = [
      { id: 1, order: { created_at: 1, total: 5 } },
      { id: 2, order: { created_at: 2, total: 6 } },
    ]
    const ignore = given('$.id', '$..created_at')
    expect(compareAnswers(view(first), view(other), ignore).paths).toEqual(['$.order.total'])
  })
})
