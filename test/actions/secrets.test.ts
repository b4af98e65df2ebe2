import { describe, expect, it } from 'vitest'
import { checkSecrets, createHider, secretsOf } from '../../src/actions/secrets.ts'
import { givenOntology, refusalOf } from './given.ts'

const ontology = givenOntology({
  request: { path: '/', headers: { authorization: '{{secret.SHOP}}' } },
})

describe('secrets', () => {
  it('checkSecrets() names the variable to set, and no value', () => {
    expect(refusalOf(() => checkSecrets(ontology, { SHOPS: 'hush' }, new Set()))).toEqual({
      code: 'missing-secret',
      message:
        'Cannot send action "it" of a.yaml: ' +
        'it names {{secret.SHOP}}, and OUTRIDER_SECRET_SHOP is not set',
      mend: 'set OUTRIDER_SECRET_SHOP in the environment; did you mean "SHOPS"?',
    })
  })

  it('checkSecrets() asks for those of actions that are sent', () => {
    expect(() => checkSecrets(ontology, {}, new Set(['it']))).not.toThrow()
    expect(() => checkSecrets(ontology, { SHOP: '' }, new Set())).not.toThrow()
  })

  it('secretsOf() takes nothing else from the environment', () => {
    const environment = {
      OUTRIDER_SECRET_SHOP: 'hush',
      OUTRIDER_SECRET_: 'no',
      OUTRIDER_SECRET_GONE: undefined,
      OUTRIDER_DB: 'x',
      PATH: '/bin',
    }
    expect(secretsOf(environment)).toEqual({ SHOP: 'hush' })
  })

  it('createHider() hides a value however it is encoded, the longest first', () => {
    const hide = createHider({ A: 'q"/ z', AB: 'q"/ z+1', NONE: '' }, (name) => `<${name}>`)
    expect(hide('q"/ z+1 q"/ z')).toBe('<AB> <A>')
    expect(hide(JSON.stringify({ a: 'q"/ z', b: JSON.stringify('q"/ z') }))).toBe(
      '{"a":"<A>","b":"\\"<A>\\""}',
    )
    expect(hide('/x/q%22%2F%20z?y=q%22%2f%20z&z=q%22%2F+z')).toBe('/x/<A>?y=<A>&z=<A>')
    expect(hide('nothing')).toBe('nothing')
  })

  it('createHider() takes a value literally, and what it shows too', () => {
    expect(createHider({ A: '.*' }, () => '$&')('a.*b')).toBe('a$&b')
  })
})
