import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { placeOf } from '../../src/actions/place.ts'
import { compileTemplate, dataNameOf, fillText, referencesOf } from '../../src/actions/template.ts'
import type { TemplateContext } from '../../src/actions/template.ts'
import { exampleProfile } from '../../src/core/contract/profile.ts'
import { givenContext, refusalOf } from './given.ts'

const place = placeOf({ value: {}, locate: () => 'a.yaml:3' }, ['actions', 'it', 'request', 'path'])
const compile = (text: string): ReturnType<typeof compileTemplate> => compileTemplate(text, place)

describe('templates', () => {
  it('compileTemplate() names place, field and the nearest root', () => {
    expect(refusalOf(() => compile('/a/{{dat.x}}'))).toEqual({
      code: 'bad-template',
      message:
        'Cannot read ontology: "actions.it.request.path" in a.yaml:3: ' +
        '"{{dat.x}}" begins with "dat", which templates do not know',
      mend: 'did you mean "data"?',
    })
  })

  it.each([
    ['{{data.x', 'never closes'],
    ['{{}}', 'is not a template'],
    ['{{data..x}}', 'is not a template'],
    ['{{data.x | upper}}', 'begins with "upper", which templates do not know'],
    ['{{data.x|}}', 'is not a template'],
    ['{{|data.x}}', 'is not a template'],
    ['{{captured.x|data}}', 'has no name'],
    ['{{arm|data.x}}', 'never reads what follows "arm"'],
    ['{{data.x|session.id|data.y}}', 'never reads what follows "session.id"'],
    [`{{${Array(9).fill('data.x').join('|')}}}`, 'more than 8 alternatives'],
    ['{{data}}', 'has no name'],
    ['{{session.name}}', 'is not known'],
    ['{{arm.name}}', 'after the arm'],
    ['{{secret.A.B}}', 'not one name'],
    ['{{profile.device}}', 'which templates do not see'],
  ])('compileTemplate() refuses %s', (text, why) => {
    expect(refusalOf(() => compile(text)).message).toContain(why)
  })

  it('compileTemplate() proposes the field of a profile that is meant', () => {
    expect(refusalOf(() => compile('{{profile.devise_type}}')).mend).toBe(
      'did you mean "device_type"?',
    )
  })

  it('fillText() fills every root', () => {
    const context = givenContext({
      data: { item: { sku: 'S1', sizes: [38, 39] } },
      captured: { cart: { id: 7 } },
      secrets: { SHOP: 'hush' },
    })
    const filled = (text: string): unknown => fillText(compile(text), context)
    expect(filled('{{data.item.sku}}/{{data.item.sizes.1}}')).toBe('S1/39')
    expect(filled('{{ captured.cart.id }}')).toBe('7')
    expect(filled('{{profile.user_id}} {{profile.resource_intensity.cpu_ms}}')).toBe('u1 12')
    expect(filled('{{profile.labels}}')).toBe('["buyer"]')
    expect(filled('{{arm}}-{{session.id}}@{{secret.SHOP}}')).toBe('canary-s17@hush')
    expect(filled('plain }} text')).toBe('plain }} text')
  })

  it('fillText() names the first reference without a value', () => {
    const context = givenContext({ data: { there: 1, nothing: null } })
    expect(fillText(compile('{{data.there}} {{captured.id}} {{data.no}}'), context)).toEqual({
      missing: 'captured.id',
      why: 'has no value',
    })
    expect(fillText(compile('{{data.nothing}}'), context)).toMatchObject({
      missing: 'data.nothing',
    })
  })

  it('fillText() takes the first alternative that has a value', () => {
    const filled = (text: string, changes: Partial<TemplateContext>): unknown =>
      fillText(compile(text), givenContext(changes))
    const template = '/orders/{{captured.order_id|data.order_id}}'
    const data = { order_id: 'd1' }
    expect(filled(template, { data })).toBe('/orders/d1')
    expect(filled(template, { data, captured: { order_id: 7 } })).toBe('/orders/7')
    expect(filled(template, { data, captured: { order_id: null } })).toBe('/orders/d1')
    expect(filled(template, { data, captured: { order_id: false } })).toBe('/orders/false')
    expect(filled('{{ captured.a | data.b | session.id }}', {})).toBe('s17')
    expect(filled(template, {})).toEqual({
      missing: 'captured.order_id|data.order_id',
      why: 'has no value',
    })
  })

  it('a reference with alternatives keeps null where none has a value', () => {
    const template = compile('{{captured.a|data.b}}')
    if (template.kind !== 'reference') throw new Error('it is one reference')
    const { reference } = template
    expect(reference.read(givenContext({ captured: { a: null } }))).toBe(null)
    expect(reference.read(givenContext({ data: { b: null } }))).toBe(null)
    expect(reference.read(givenContext({}))).toBe(undefined)
  })

  it('dataNameOf() is the name in the data, wherever it stands', () => {
    const nameOf = (text: string): unknown => referencesOf(compile(text)).map(dataNameOf)
    expect(nameOf('{{data.a}}{{captured.x|data.b}}{{arm}}{{data.c.d|data.e}}')).toEqual([
      'a',
      'b',
      undefined,
      'e',
    ])
  })

  it('fillText() finds own properties only', () => {
    for (const name of [
      'constructor',
      '__proto__',
      'toString',
      'item.constructor',
      'list.length',
    ]) {
      const context = givenContext({ data: { item: {}, list: [] } })
      expect(fillText(compile(`{{data.${name}}}`), context)).toHaveProperty('missing')
    }
  })

  it('referencesOf() lists what a template reads, in order', () => {
    const names = referencesOf(compile('a{{data.x}}b{{arm}}')).map((reference) => reference.name)
    expect(names).toEqual(['data.x', 'arm'])
    expect(referencesOf(compile('plain'))).toEqual([])
  })

  it('compileTemplate() either compiles or refuses with a place, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('{', '}', '.', '|', 'data', 'arm', 'x', ' ') }),
        (text) => {
          try {
            fillText(compile(text), givenContext({ profile: exampleProfile }))
          } catch (error) {
            expect(error).toMatchObject({ code: 'bad-template', where: 'a.yaml:3' })
          }
        },
      ),
    )
  })
})
