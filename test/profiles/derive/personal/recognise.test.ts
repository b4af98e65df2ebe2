import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { kindOfName } from '../../../../src/profiles/derive/personal/names.ts'
import {
  fillSigns,
  hidePersonal,
  isCard,
  isIban,
} from '../../../../src/profiles/derive/personal/recognise.ts'

/** With the kind where something was hidden. */
function shown(text: string, hidesIds = true): string {
  const { text: hidden, matches } = hidePersonal(text, hidesIds)
  return fillSigns(hidden, (index) => `<${matches[index]?.kind}>`)
}

describe('hidePersonal', () => {
  it.each([
    'chair',
    'how-to-build-a-distributed-queue-2013',
    'logstash-1.3.2-monolithic.jar',
    'Logstash-PuppetConf-2012-Presentation',
    '1431857103000',
    '2026-03-01T12:34:56Z',
    'v1.2.3.4',
    'SKU-4711-AB',
    'DE00 0000 0000 0000 0000 00',
    '4111 1111 1111 1112',
    'a@b',
  ])('hidePersonal() leaves %s', (text) => {
    expect(hidePersonal(text, true)).toEqual({ text, matches: [] })
  })
  it.each([
    ['mail anna.b+x@mail.example.com now', 'mail <email> now'],
    ['anna@example.com,bo@example.org', '<email>,<email>'],
    ['+49 (30) 901820-15', '<phone>'],
    ['call (555) 123-4567', 'call <phone>'],
    ['DE89 3704 0044 0532 0130 00', '<iban>'],
    ['gb82west12345698765432', '<iban>'],
    ['4111-1111-1111-1111', '<card>'],
    ['from 198.51.100.7 to 2001:db8::1', 'from <ip> to <ip>'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', '<secret>'],
    ['8d0c5c1e-3d1f-4a9d-9c55-0f6b2f6a1d77', '<uuid>'],
    ['da39a3ee5e6b4b0d3255bfef95601890afd80709', '<hex>'],
    ['reset-aZ3kQ9xV7bT2mP5w', 'reset-<secret>'],
  ])('hidePersonal() hides what is in %s', (text, expected) => {
    expect(shown(text)).toBe(expected)
  })
  it('hidePersonal() leaves random ids alone where it is told so, but never tokens', () => {
    const uuid = '8d0c5c1e-3d1f-4a9d-9c55-0f6b2f6a1d77'
    expect(shown(uuid, false)).toBe(uuid)
    expect(shown('eyJhbGciOi.eyJzdWIiOi.c2ln', false)).toBe('<secret>')
  })
  it('hidePersonal() hides a text that is too long to be looked through', () => {
    expect(shown('a '.repeat(1001))).toBe('<secret>')
  })
  it('hidePersonal() finds each match again in its place, whatever the text holds', () => {
    const part = fc.constantFrom(
      'anna@example.com',
      '198.51.100.7',
      ' ',
      'x',
      '\uE001',
      '@',
      '-',
      '.',
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 200 }), (parts) => {
        const text = parts.join('')
        const { text: hidden, matches } = hidePersonal(text, true)
        const restored = fillSigns(hidden, (index) => matches[index]?.text ?? '')
        expect(restored).toBe(text.replaceAll('\uE001', '\uFFFD'))
      }),
    )
  })
})

describe('check digits', () => {
  // Examples of the registry of IBANs (ISO 13616) and test numbers of card issuers.
  it('isIban() and isCard() take the right ones', () => {
    for (const iban of ['NL91ABNA0417164300', 'FR14 2004 1010 0505 0001 3M02 606']) {
      expect(isIban(iban), iban).toBe(true)
    }
    for (const card of ['5555555555554444', '378282246310005', '6011 1111 1111 1117']) {
      expect(isCard(card), card).toBe(true)
    }
  })
  it('isIban() and isCard() refuse any single wrong digit', () => {
    const digit = fc.integer({ min: 1, max: 9 })
    fc.assert(
      fc.property(fc.nat({ max: 15 }), digit, (at, by) => {
        const change = (text: string, index: number): string => {
          const wrong = (Number(text[index]) + by) % 10
          return text.slice(0, index) + String(wrong) + text.slice(index + 1)
        }
        expect(isCard(change('5555555555554444', at))).toBe(false)
        expect(isIban(change('DE89370400440532013000', 4 + at))).toBe(false)
      }),
    )
  })
})

describe('kindOfName', () => {
  it('kindOfName() knows fields of persons, but not the name of a thing in a path', () => {
    expect(kindOfName('First-Name', false)).toBe('first_name')
    expect(kindOfName('customer_name', true)).toBe('full_name')
    expect(kindOfName('name', false)).toBe('full_name')
    expect(kindOfName('name', true)).toBeUndefined()
    expect(kindOfName('product_name', false)).toBeUndefined()
    expect(kindOfName('constructor', false)).toBeUndefined()
  })
})
