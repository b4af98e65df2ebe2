import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BuiltRequest } from '../../../src/actions/request.ts'
import { built, givenBuilder, refusalOf } from '../given.ts'

const bodyOf = (request: BuiltRequest): string | undefined =>
  request.kind === 'request' ? request.body?.toString() : `blocked: ${request.missing}`
const typeOf = (request: BuiltRequest): string | undefined =>
  request.kind === 'request' ? request.headers.at(-1) : undefined

describe('request bodies', () => {
  it('compileBody() refuses two bodies and names both', () => {
    const refusal = refusalOf(() => built({ method: 'POST', path: '/', json: {}, form: {} }))
    expect(refusal.code).toBe('bad-body')
    expect(refusal.message).toContain('"actions.it.request.form" in a.yaml:1')
    expect(refusal.message).toContain('"json" is one already')
  })

  it('compileBody() refuses templates in names', () => {
    const json = { list: [{ '{{data.x}}': 1 }] }
    expect(refusalOf(() => built({ path: '/', json })).message).toContain('json.list.0.{{data.x}}')
  })

  it('buildRequest() keeps the type of a value that is one template', () => {
    const json = {
      a: '{{data.n}}',
      b: '{{data.l}}',
      c: '{{data.o}}',
      d: 'n={{data.n}} "{{data.s}}"',
      e: '{{data.z}}',
      f: [true, null, 1.5, 'x'],
    }
    const data = { n: 7, l: [1, 'two'], o: { deep: { x: false } }, s: 'a"b\n', z: null }
    const request = built({ method: 'POST', path: '/', json }, { data })
    expect(JSON.parse(bodyOf(request) ?? '')).toEqual({
      a: 7,
      b: [1, 'two'],
      c: { deep: { x: false } },
      d: 'n=7 "a"b\n"',
      e: null,
      f: [true, null, 1.5, 'x'],
    })
    expect(typeOf(request)).toBe('application/json')
  })

  it('buildRequest() blocks JSON with a missing value', () => {
    const request = built({ method: 'POST', path: '/', json: { a: ['{{captured.id}}'] } })
    expect(bodyOf(request)).toBe('blocked: captured.id')
  })

  it('buildRequest() sends no body where none is written, and JSON null where it is', () => {
    expect(built({ path: '/' })).toMatchObject({ body: undefined, headers: [] })
    expect(bodyOf(built({ method: 'POST', path: '/', json: null }))).toBe('null')
  })

  it('buildRequest() writes forms: missing left out, lists repeated', () => {
    const form = { a: '{{data.a}}', gone: '{{data.gone}}', 'b c': 'x y&z', on: true }
    const request = built({ method: 'POST', path: '/', form }, { data: { a: [1, '+'] } })
    expect(bodyOf(request)).toBe('a=1&a=%2B&b+c=x+y%26z&on=true')
    expect(typeOf(request)).toBe('application/x-www-form-urlencoded')
  })

  it('buildRequest() sends raw text as it is, with the type that the action says', () => {
    const headers = { 'Content-Type': 'text/csv' }
    const request = built({ method: 'PUT', path: '/', headers, raw: 'id,{{arm}}\n' })
    expect(request).toMatchObject({ body: 'id,canary\n', headers: ['content-type', 'text/csv'] })
  })

  it('buildRequest() lets the action say the type of its JSON', () => {
    const headers = { 'content-type': 'application/vnd.shop+json' }
    expect(built({ method: 'PUT', path: '/', headers, json: {} })).toMatchObject({
      headers: ['content-type', 'application/vnd.shop+json'],
    })
  })

  it('buildRequest() writes multipart that a standard parser reads back', async () => {
    const multipart = {
      title: '{{data.title}}',
      tag: '{{data.tags}}',
      file: { filename: '{{data.name}}', content: 'a\r\n{{arm}}', content_type: 'text/plain' },
    }
    const data = { title: 'Ä "x"', tags: ['1', '2'], name: 'a"\r\nb.txt' }
    const request = built({ method: 'POST', path: '/', multipart }, { data })
    const body = bodyOf(request) ?? ''
    const headers = { 'content-type': typeOf(request) ?? '' }
    const form = await new Response(body, { headers }).formData()
    expect(form.get('title')).toBe('Ä "x"')
    expect(form.getAll('tag')).toEqual(['1', '2'])
    const file = form.get('file')
    if (!(file instanceof File)) throw new Error('the file is not a file')
    expect([file.type, await file.text()]).toEqual(['text/plain', 'a\r\ncanary'])
  })

  it('buildRequest() blocks multipart with a missing value or a line break in a type', () => {
    const file = { filename: 'a', content: 'b', content_type: '{{data.type}}' }
    const request = { method: 'POST', path: '/', multipart: { file } }
    expect(bodyOf(built(request))).toBe('blocked: data.type')
    expect(bodyOf(built(request, { data: { type: 'a/b\r\nx: y' } }))).toBe('blocked: data.type')
  })

  it('compileRequest() refuses a content-type for multipart, which needs its boundary', () => {
    const headers = { 'content-type': 'multipart/form-data' }
    const refusal = refusalOf(() => built({ path: '/', headers, multipart: { a: 'b' } }))
    expect(refusal.mend).toBe('leave content-type out of the headers')
  })

  it('no value ends its part of a multipart body', async () => {
    const unit = fc.constantFrom('--', 'outrider-boundary', '\r\n', 'x', '-', '"')
    const build = givenBuilder({
      method: 'POST',
      path: '/',
      multipart: { a: '{{data.v}}', b: 'last' },
    })
    await fc.assert(
      fc.asyncProperty(fc.string({ unit }), async (value) => {
        const request = build({ data: { v: value } })
        const headers = { 'content-type': typeOf(request) ?? '' }
        const form = await new Response(bodyOf(request), { headers }).formData()
        expect([...form]).toEqual([
          ['a', value],
          ['b', 'last'],
        ])
      }),
    )
  })

  it('JSON bodies are JSON whatever the values', () => {
    const json = { whole: '{{data.value}}', part: '<{{data.text}}>' }
    const build = givenBuilder({ method: 'POST', path: '/', json })
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
        const data = { value: JSON.parse(JSON.stringify(value)), text }
        const body = bodyOf(build({ data }))
        expect(JSON.parse(body ?? '')).toEqual({ whole: data.value, part: `<${text}>` })
      }),
    )
  })
})
