import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareAnswers, exampleOf, MOST_PATHS } from '../../../src/analysis/answers/compare.ts'
import { readAnswer } from '../../../src/analysis/answers/answer.ts'
import type { Ignored, IgnoredPlace } from '../../../src/analysis/answers/ignored.ts'
import { createOwnWords } from '../../../src/analysis/answers/own.ts'
import { SAME_ANSWER } from '../../../src/core/answers.ts'
import { answer, between, headed, json, text } from './given.ts'

const JSON_TYPE = 'application/json'

/** Members in another order, at every depth. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, part]) => [name, shuffled(part)]),
  )
}

describe('compareAnswers()', () => {
  it('names broken JSON as the body, and in its shape, where the other is whole', () => {
    const whole = answer('{"a":1}', JSON_TYPE)
    const broken = answer('{"a":1', JSON_TYPE)
    expect(compareAnswers(whole, broken)).toEqual({ paths: ['body'], shapes: ['body'] })
    const other = answer('{"b":1', JSON_TYPE)
    expect(compareAnswers(broken, other)).toEqual({ paths: ['body'], shapes: [] })
  })
  it('finds nothing in equal documents, whatever the order of their members', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        expect(between(value, value)).toEqual(SAME_ANSWER)
        expect(between(value, shuffled(value))).toEqual(SAME_ANSWER)
      }),
    )
  })
  it('finds the same paths with the answers swapped, and in any order of members', () => {
    const pair = fc.tuple(fc.jsonValue({ maxDepth: 4 }), fc.jsonValue({ maxDepth: 4 }))
    const close = fc
      .array(fc.record({ a: fc.nat(2), b: fc.array(fc.nat(2), { maxLength: 3 }) }), {
        maxLength: 6,
      })
      .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list)))
    fc.assert(
      fc.property(fc.oneof(pair, close), ([left, right]) => {
        const found = between(left, right)
        expect(between(right, left)).toEqual(found)
        expect(between(left, shuffled(right))).toEqual(found)
        expect(found.shapes.every((path) => found.paths.includes(path))).toBe(true)
        const isSame = JSON.stringify(left) === JSON.stringify(right)
        if (found.paths.length === 0 && !isSame) expect(shuffled(left)).toEqual(shuffled(right))
      }),
      { numRuns: 300 },
    )
  })
  it('names fields with * for each index, once however many elements differ', () => {
    const items = (price: number): unknown => [1, 2, 3].map((id) => ({ id, price: price + id }))
    const [first, other] = [
      { items: items(1), 'odd name': 1, "it's": 1 },
      { items: items(2), 'odd name': 2, "it's": 2 },
    ]
    expect(between(first, other)).toEqual({
      paths: ['$.items[*].price', "$['it\\'s']", "$['odd name']"],
      shapes: [],
    })
  })
  it('gives a missing member and another type a path of another shape', () => {
    const diff = { paths: ['$.a'], shapes: ['$.a'] }
    expect(between({ a: null }, {})).toEqual(diff)
    expect(between({}, { a: [] })).toEqual(diff)
    expect(between({ a: 1 }, { a: '1' })).toEqual(diff)
    expect(between({ a: null }, { a: false })).toEqual(diff)
    expect(between({ a: [] }, { a: {} })).toEqual(diff)
  })
  it('takes names that are values for one field', () => {
    const uuid = '0b0c6a2e-95f0-4d3b-8f0a-3f6d1c2b7a11'
    const first = { byId: { [uuid]: { price: 1 }, 17: { price: 1 }, 'ann@example.test': 1 } }
    const other = { byId: { [uuid]: { price: 2 }, 17: { price: 3 }, 'ann@example.test': 2 } }
    expect(between(first, other).paths).toEqual(['$.byId[*]', '$.byId[*].price'])
    expect(between({ sha256: 1, line2: 1 }, { sha256: 2, line2: 2 }).paths).toEqual([
      '$.line2',
      '$.sha256',
    ])
  })
  it('takes another order of the same elements for one difference of the array', () => {
    const list = [{ id: 1, at: 5 }, { id: 2 }, { id: 3, tags: ['x'] }]
    const moved = { paths: ['$.list'], shapes: [] }
    expect(between({ list }, { list: list.toReversed() })).toEqual(moved)
    expect(between({ list: [1, 2, 2, 3] }, { list: [3, 2, 1, 2] })).toEqual(moved)
    expect(between({ list: [1, 2, 2, 3] }, { list: [3, 2, 1, 1] }).paths).toEqual(['$.list[*]'])
    const changed = [list[2], { id: 1, at: 6 }, list[1]]
    expect(between({ list }, { list: changed }).paths).toEqual(['$.list', '$.list[*].at'])
  })
  it('takes elements that were put in for one difference, whatever stands behind them', () => {
    const list = [1, 2, 3, 4].map((id) => ({ id, name: `n${id}` }))
    const length = { paths: ['$'], shapes: ['$'] }
    expect(between(list, [{ id: 0, name: 'new' }, ...list])).toEqual(length)
    expect(between(list, list.slice(1))).toEqual(length)
    expect(between([], list)).toEqual(length)
    expect(between([{ a: 1 }, 2], [{ a: 5 }])).toEqual({ paths: ['$', '$[*].a'], shapes: ['$'] })
  })
  it('compares numbers by their value, to the last digit of an id', () => {
    const numbers = (body: string): ReturnType<typeof answer> => answer(body, JSON_TYPE)
    const [first] = [numbers('[1,1.50,1e2,100000000000000000000]')]
    expect(compareAnswers(first, numbers('[1.0,1.5,100,1e20]'))).toEqual(SAME_ANSWER)
    const id = compareAnswers(
      numbers('{"id":1234567890123456789}'),
      numbers('{"id":1234567890123456788}'),
    )
    expect(id).toEqual({ paths: ['$.id'], shapes: [] })
  })
  it('keeps the shape of dates, ids and times, but not of another format', () => {
    const shapes = (one: unknown, two: unknown): boolean => between([one], [two]).shapes.length > 0
    expect(shapes('2026-11-21', '2026-11-20')).toBe(false)
    expect(shapes('2026-11-21T10:00:00.123Z', '2026-11-21T10:00:00Z')).toBe(false)
    expect(shapes('2026-11-21', '21.11.2026')).toBe(true)
    expect(
      shapes('0b0c6a2e-95f0-4d3b-8f0a-3f6d1c2b7a11', '6d1c2b7a-95f0-4d3b-8f0a-3f6d1c2b7a12'),
    ).toBe(false)
    expect(shapes(1_790_000_000, 1_790_000_000_000)).toBe(true)
    expect(shapes(3, 12.5)).toBe(false)
    expect(shapes('9.50', '10.25')).toBe(false)
    expect(shapes('9.50', '10')).toBe(true)
    expect(shapes('x'.repeat(9), 'y'.repeat(14))).toBe(false)
    expect(shapes('short', 'y'.repeat(300))).toBe(true)
    expect(shapes(true, false)).toBe(false)
  })
  it('names the status, and the kinds of bodies that are not the same', () => {
    const page = answer('<html><p>x</p></html>', 'text/html', {}, 500)
    expect(compareAnswers(json({}), page).paths).toEqual(['body', 'header:content-type', 'status'])
    expect(compareAnswers(json([]), answer('', JSON_TYPE))).toEqual({
      paths: ['body'],
      shapes: ['body'],
    })
  })
  it('compares texts by their lines, and what is no text byte by byte', () => {
    expect(compareAnswers(text('a  b\r\nc\n'), text(' a b\nc'))).toEqual(SAME_ANSWER)
    expect(compareAnswers(text('up'), text('no'))).toEqual({ paths: ['text'], shapes: [] })
    expect(compareAnswers(text('a\nb'), text('a\nb\nc')).shapes).toEqual(['text'])
    const image = (bytes: number[]): ReturnType<typeof answer> =>
      answer(Buffer.from(bytes), 'image/png')
    expect(compareAnswers(image([1, 2, 3]), image([1, 2, 4]))).toEqual({
      paths: ['body'],
      shapes: [],
    })
    expect(compareAnswers(image([1, 2, 3]), image([1]))).toEqual({
      paths: ['body', 'size'],
      shapes: ['size'],
    })
  })
  it('keeps bytes that are no UTF-8 apart', () => {
    const latin = (code: number): ReturnType<typeof answer> =>
      answer(Buffer.from([0x22, code, 0x22]), 'application/json')
    expect(compareAnswers(latin(0xe9), latin(0xe8)).paths).toEqual(['$'])
    expect(compareAnswers(latin(0xe9), latin(0xe9))).toEqual(SAME_ANSWER)
  })
  it('compares only the size of a body that was not kept whole', () => {
    const cut = (bytes: number): ReturnType<typeof readAnswer> => readAnswer(200, {}, { bytes })
    expect(compareAnswers(cut(1000), cut(950))).toEqual(SAME_ANSWER)
    expect(compareAnswers(cut(1000), cut(800))).toEqual({ paths: ['size'], shapes: ['size'] })
  })
  it('parses nothing of bodies with equal bytes', () => {
    const view = (): ReturnType<typeof readAnswer> =>
      readAnswer(200, {}, Buffer.from('{"a":1}'), {
        decode: () => {
          throw new Error('it was read')
        },
      })
    expect(compareAnswers(view(), view())).toEqual(SAME_ANSWER)
  })
  it('leaves out what is ignored, also where elements are looked up elsewhere', () => {
    const at: IgnoredPlace = { isIgnored: true, at: () => undefined }
    const root: IgnoredPlace = { isIgnored: false, at: (step) => (step === 'at' ? at : root) }
    const ignored: Ignored = { path: (path) => path === 'header:allow', root: () => root }
    const list = [1, 2, 3].map((id) => ({ id, at: id }))
    const other = list.toReversed().map(({ id }) => ({ id, at: id * 7 }))
    expect(between(list, other, ignored)).toEqual({ paths: ['$'], shapes: [] })
    expect(between({ at: 1 }, {}, ignored)).toEqual(SAME_ANSWER)
    const [one, two] = [headed({ allow: 'GET', vary: 'a' }), headed({ allow: 'PUT', vary: 'b' })]
    expect(compareAnswers(one, two, ignored).paths).toEqual(['header:vary'])
  })
  it('takes words for the same that the arms were asked with', () => {
    const [first, other] = createOwnWords([
      ['10.0.0.5:8080', '/cart/1001', '{"mail":"baseline-s17@example.test"}'],
      ['10.0.0.6:8080', '/cart/1002', '{"mail":"canary-s17@example.test"}'],
    ])
    const view = (own: typeof first, value: unknown): ReturnType<typeof readAnswer> =>
      readAnswer(200, {}, Buffer.from(JSON.stringify(value)), own && { own })
    const found = compareAnswers(
      view(first, { id: 1001, next: 'http://10.0.0.5:8080/x', mail: 'baseline-s17@x', n: 1 }),
      view(other, { id: 1002, next: 'http://10.0.0.6:8080/x', mail: 'canary-s17@x', n: 2 }),
    )
    expect(found.paths).toEqual(['$.n'])
  })
})

describe('compareAnswers() of headers', () => {
  it('names cookies by their names only', () => {
    const cookies = (...lines: string[]): ReturnType<typeof headed> =>
      headed({ 'set-cookie': lines })
    const day = 'Expires=Sat, 21 Nov 2026 10:00:00 GMT'
    expect(
      compareAnswers(cookies('sid=1; Path=/', `b=2; ${day}`), cookies('b=9', 'sid=2')),
    ).toEqual(SAME_ANSWER)
    const diff = compareAnswers(cookies('sid=1'), cookies('sid=1', 'track=2'))
    expect(diff.paths).toEqual(['header:set-cookie'])
    expect(exampleOf(cookies('sid=secret1'), cookies('x=2'), 'header:set-cookie')).toEqual({
      baseline: 'sid',
      canary: 'x',
    })
  })
  it('compares no dates, tags, ages and ids of requests', () => {
    const given = (value: string): ReturnType<typeof headed> =>
      headed({
        date: value,
        etag: value,
        age: value,
        'x-request-id': value,
        'server-timing': value,
      })
    expect(compareAnswers(given('1'), given('2'))).toEqual(SAME_ANSWER)
  })
  it('takes lists in another order and another spelling of a type for the same', () => {
    const first = headed({ vary: 'Accept, Cookie', 'content-type': 'text/html;charset=UTF-8' })
    const other = headed({ vary: 'cookie,accept', 'content-type': 'Text/HTML; charset="utf-8"' })
    expect(compareAnswers(first, other)).toEqual(SAME_ANSWER)
    const moved = compareAnswers(headed({ location: '/a' }), headed({}))
    expect(moved).toEqual({ paths: ['header:location'], shapes: ['header:location'] })
  })
  it('is not misled by names of a prototype', () => {
    const strange = headed(JSON.parse('{"__proto__":"x","constructor":"y"}'))
    expect(compareAnswers(strange, headed({}))).toEqual(SAME_ANSWER)
  })
})

describe('compareAnswers() of hostile answers', () => {
  const nested = (inner: string): string => `${'['.repeat(10_000)}${inner}${']'.repeat(10_000)}`

  it('finds a difference below ten thousand brackets', () => {
    const [first, other] = [answer(nested('1'), JSON_TYPE), answer(nested('2'), JSON_TYPE)]
    expect(compareAnswers(first, other).paths).toHaveLength(1)
    expect(compareAnswers(first, answer(` ${nested('1')}`, JSON_TYPE))).toEqual(SAME_ANSWER)
    const exact = answer(nested('12345678901234567890'), JSON_TYPE)
    expect(compareAnswers(first, exact).paths).toHaveLength(1)
    expect(exampleOf(first, other, compareAnswers(first, other).paths[0] ?? '')).toBeDefined()
  })
  it('names at most a hundred paths and calls the rest other', () => {
    const many = (value: number): unknown =>
      Object.fromEntries(
        Array.from({ length: 3000 }, (_, index) => [`k${index.toString(36)}`, value]),
      )
    const { paths } = between(many(1), many(2))
    expect(paths).toHaveLength(MOST_PATHS)
    expect(paths.at(-1)).toBe('other')
    const few = (value: number): unknown =>
      Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`k${index}`, value]))
    expect(between(few(1), shuffled(few(2)))).toEqual(between(shuffled(few(1)), few(2)))
  })
  it('gives a path that nobody could read as other', () => {
    const deep = (value: unknown): unknown =>
      Array.from({ length: 30 }).reduce((inner) => ({ 'a long name': inner }), value)
    expect(between(deep(1), deep(2)).paths).toEqual(['other'])
  })
  it('compares members with the names of a prototype like any other', () => {
    const [first, other] = ['{"__proto__":{"a":1},"constructor":1}', '{"toString":1}']
    const { paths } = compareAnswers(answer(first, JSON_TYPE), answer(other, JSON_TYPE))
    expect(paths).toEqual(['$.__proto__', '$.constructor', '$.toString'])
    expect(Object.hasOwn(Object.prototype, 'a')).toBe(false)
  })
  it('survives numbers beyond every limit, and names that stand twice', () => {
    const view = (body: string): ReturnType<typeof answer> => answer(body, JSON_TYPE)
    expect(compareAnswers(view('[1e400]'), view('[-1e400]')).paths).toEqual(['$[*]'])
    expect(exampleOf(view('[1e400]'), view('[1]'), '$[*]')).toEqual({
      baseline: 'Infinity',
      canary: '1',
    })
    expect(compareAnswers(view('{"a":1,"a":2}'), view('{"a":2}'))).toEqual(SAME_ANSWER)
    expect(compareAnswers(view('9'.repeat(100_000)), view('8'))).toEqual({
      paths: ['$'],
      shapes: [],
    })
  })
  it('is done with the largest arrays in bounded time', () => {
    const list = (first: number): string =>
      JSON.stringify(Array.from({ length: 30_000 }, (_, index) => index + first))
    const [one, two] = [answer(list(0), JSON_TYPE), answer(list(1), JSON_TYPE)]
    expect(compareAnswers(one, two).paths).toEqual(['$[*]'])
    expect(compareAnswers(one, answer(` ${list(0)}`, JSON_TYPE))).toEqual(SAME_ANSWER)
  })
})

describe('exampleOf()', () => {
  it('knows nothing of a path that does not differ', () => {
    expect(exampleOf(json({ a: 1 }), json({ a: 1 }), '$.a')).toBeUndefined()
    expect(exampleOf(json({ a: 1 }), json({ a: 2 }), '$.b')).toBeUndefined()
  })
  it('shows both values where the path differs first', () => {
    const [first, other] = [
      { items: [{ p: 1 }, { p: 2 }], gone: { a: [1] } },
      { items: [{ p: 1 }, { p: 'x' }] },
    ]
    expect(exampleOf(json(first), json(other), '$.items[*].p')).toEqual({
      baseline: '2',
      canary: '"x"',
    })
    expect(exampleOf(json(first), json(other), '$.gone')).toEqual({
      baseline: '{"a":[1]}',
      canary: '(nothing)',
    })
    expect(exampleOf(json([1, 2]), json([1]), '$')).toEqual({
      baseline: '2 elements',
      canary: '1 elements',
    })
  })
  it('shows at most 80 characters, around the difference', () => {
    const long = 'word '.repeat(200)
    const found = exampleOf(
      json({ a: `${long}one${long}` }),
      json({ a: `${long}two${long}` }),
      '$.a',
    )
    expect(found?.baseline).toContain('one')
    expect(found?.canary).toContain('two')
    expect(found?.baseline.length).toBeLessThanOrEqual(80)
  })
})
