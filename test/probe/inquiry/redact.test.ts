import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../../../src/core/contract/profile.ts'
import {
  createRedactor,
  isTellingHeader,
  isTellingName,
} from '../../../src/probe/inquiry/redact.ts'

const redact = createRedactor({})

/** Made of letters that nothing else in these tests has, with what needs encoding in between. */
const secretText = fc
  .tuple(
    fc.stringMatching(/^[QXZ]{4}$/),
    fc.constantFrom('', '"', '\\', '/', '%', '+', ' ', '&', "'", '\n', 'é', '$'),
    fc.stringMatching(/^[QXZ]{4,12}$/),
  )
  .map((parts) => parts.join(''))
const harmless = fc.stringMatching(/^[a-f .:,{}[\]"=&/<>-]{0,12}$/)

const tellingName = fc.constantFrom(
  'password',
  'accessToken',
  'api_key',
  'client-secret',
  'card',
  'CVV',
  'ssn',
  'Authorization',
  'sessionId',
  'user.passwd',
  '_csrf',
  'creditCard',
  'PIN',
  'refresh_token',
)

/** JSON with the secret under a telling name, at any depth, as any kind of value. */
function planted(secret: string): fc.Arbitrary<JsonValue> {
  const value = fc.constantFrom<JsonValue>(secret, [secret], { of: secret }, [{ a: [1, secret] }])
  const holder = fc
    .tuple(fc.dictionary(harmless, harmless), tellingName, value)
    .map(([other, name, hidden]): JsonValue => ({ ...other, [name]: hidden }))
  return fc
    .tuple(holder, fc.array(fc.tuple(fc.boolean(), harmless, harmless), { maxLength: 4 }))
    .map(([inner, wraps]) =>
      wraps.reduce<JsonValue>(
        (wrapped, [isArray, key, other]) =>
          isArray ? [other, wrapped, 1] : { [key]: wrapped, o: other },
        inner,
      ),
    )
}

/** No four letters of a secret in a row. */
const TRACE = /[QXZ]{4}/

describe('createRedactor()', () => {
  it.each([
    ['{"password":"hush"}', '{"password":"[redacted]"}'],
    ['{"pass\\u0077ord" : {"a":["hush"]}, "b":1}', '{"pass\\u0077ord" : "[redacted]", "b":1}'],
    ['{"pin":1234,"c":[{"cvv":987}]}', '{"pin":"[redacted]","c":[{"cvv":"[redacted]"}]}'],
    ['{"a":1,"token":"hus', '{"a":1,"token":"[redacted]"'],
    ['{"a":1,"token":', '{"a":1,"token":'],
    ['{"log":"{\\"secret\\":\\"hush\\"}"}', '{"log":"{\\"secret\\":\\"[redacted]\\"}"}'],
    ['{"next":"/go?token=hush&x=1"}', '{"next":"/go?token=[redacted]&x=1"}'],
    ['user=ann&password=hush&x=1', 'user=ann&password=[redacted]&x=1'],
    ["password=hu)s'h;e,r&x=1", 'password=[redacted]&x=1'],
    ['a: 1\nPass-Phrase: hush my dear\nb: 2', 'a: 1\nPass-Phrase: [redacted]\nb: 2'],
    ['a=1;password=hush', 'a=1;password=[redacted]'],
    ['f({a:1,password:hush})', 'f({a:1,password:[redacted]'],
    ['user%5Bpassword%5D=hush&x=1', 'user%5Bpassword%5D=[redacted]&x=1'],
    ['<a><apiKey>hush</apiKey></a>', '<a><apiKey>[redacted]</apiKey></a>'],
    ['<input value="hush" name="_csrf">', '<input value="[redacted]" name="_csrf">'],
    ["const k = { password: 'hush', a: 1 }", "const k = { password: '[redacted]', a: 1 }"],
    ['{ password: "hush" }', '{ password: "[redacted]" }'],
    ['at Bearer abc.def-123 end', 'at Bearer [redacted] end'],
    ['Basic dXNlcjpwYXNz, Basic instructions', 'Basic [redacted], Basic instructions'],
    ['x eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc_-1 y', 'x [redacted] y'],
    ['postgres://ann:hush@db/shop', 'postgres://[redacted]@db/shop'],
  ])('turns %s into %s', (text, shown) => {
    expect(redact.body(text, false)).toBe(shown)
  })
  it('leaves what tells nothing as it is', () => {
    for (const text of [
      '{"state":"paid","items":[{"sku":"S1","price":9.5}],"discard":true,"passenger":"ann"}',
      '<h1>Shop</h1><p class="x">Two chairs: 5 EUR</p><input name="q" value="chair">',
      'page=1&q=oak+chair',
      '',
    ]) {
      expect(redact.body(text, false)).toBe(text)
    }
  })
  it('knows headers by their names, and the rest by their looks', () => {
    for (const name of ['Authorization', 'cookie', 'Set-Cookie', 'x-api-key', 'X-CSRF-Token']) {
      expect(redact.header(name, 'hush')).toBe('[redacted]')
    }
    for (const name of ['x-session-id', 'my-secret', 'proxy-authorization']) {
      expect(isTellingHeader(name)).toBe(true)
    }
    for (const name of ['content-type', 'www-authenticate', 'cache-control', 'authority']) {
      expect(isTellingHeader(name)).toBe(false)
    }
    expect(redact.header('location', '/go?token=hush')).toBe('/go?token=[redacted]')
  })
  it('knows names by their words, however they are written', () => {
    for (const name of ['userPassword', 'API-KEY', 'card', 'cardNumber', 'x_ssn', 'idToken']) {
      expect(isTellingName(name)).toBe(true)
    }
    for (const name of ['cardinality', 'compass', 'author', 'opinion', 'spanish', 'discard']) {
      expect(isTellingName(name)).toBe(false)
    }
  })
  it('hides what a failed check quotes of a telling place', () => {
    expect(redact.reason('$.user.password is "hush", not "x"')).not.toContain('hush')
    expect(
      redact.reason('header "set-cookie" is "sid=hush", which does not match ^a'),
    ).not.toContain('hush')
    const own = createRedactor({ SHOP: 'QXZQXZQXZ' })
    expect(own.reason('$.a is "abc QXZQX…, not "x"')).toBe('$.a is "abc [redacted]…, not "x"')
  })
  it('lets no value of a telling name through, in JSON that may be cut anywhere', () => {
    fc.assert(
      fc.property(
        secretText.chain((secret) => fc.tuple(planted(secret), fc.nat())),
        ([document, cut]) => {
          const text = JSON.stringify(document)
          expect(redact.body(text, false)).not.toMatch(TRACE)
          expect(redact.body(text.slice(0, cut % (text.length + 1)), true)).not.toMatch(TRACE)
        },
      ),
      { numRuns: 500 },
    )
  })
  it('lets no secret of the run through, wherever it stands and however it is encoded', () => {
    const wrap = fc.constantFrom(
      (secret: string) => JSON.stringify({ a: [`x${secret}y`] }),
      (secret: string) => JSON.stringify({ a: JSON.stringify({ b: secret }) }),
      (secret: string) => `/path/${encodeURIComponent(secret)}?q=1`,
      (secret: string) => new URLSearchParams({ a: secret }).toString(),
      (secret: string) => `<p>${secret}</p>`,
      (secret: string) => `{ not json ${secret}`,
    )
    fc.assert(
      fc.property(secretText, wrap, harmless, harmless, fc.nat(), (secret, put, a, b, cut) => {
        const own = createRedactor({ SHOP: secret })
        const text = a + put(secret) + b
        expect(own.body(text, false)).not.toMatch(TRACE)
        expect(own.text(text)).not.toMatch(TRACE)
        expect(own.body(text.slice(0, cut % (text.length + 1)), true)).not.toMatch(TRACE)
      }),
      { numRuns: 500 },
    )
  })
  it('keeps JSON valid', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        expect(() => JSON.parse(redact.body(text, false))).not.toThrow()
      }),
    )
    fc.assert(
      fc.property(planted('QXZQ"XZ'), (document) => {
        expect(() => JSON.parse(redact.body(JSON.stringify(document), false))).not.toThrow()
      }),
    )
  })
  it('is quick with texts that are made to be slow', () => {
    const started = performance.now()
    for (const text of [
      'a'.repeat(4096),
      '"'.repeat(4096),
      '\\'.repeat(4096),
      '<a '.repeat(1365),
    ]) {
      redact.body(text, true)
      redact.body(`{"${text}`, true)
      redact.body('['.repeat(4096), true)
    }
    expect(performance.now() - started).toBeLessThan(2000)
  })
})
