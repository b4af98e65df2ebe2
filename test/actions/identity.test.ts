import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { identityHeaders } from '../../src/actions/identity.ts'
import { parseOntology } from '../../src/actions/load.ts'
import { DEVICE_TYPES, exampleProfile } from '../../src/core/contract/profile.ts'
import type { Profile } from '../../src/core/contract/profile.ts'
import { refusalOf } from './given.ts'

const bowser: typeof import('bowser') = createRequire(import.meta.url)('bowser')

const headersOf = (identity: string, changes: Partial<Profile> = {}): Map<string, string> => {
  const text = `version: 1\nidentity: ${identity}\nactions: { a: { request: { path: / } } }`
  const flat = identityHeaders(parseOntology(text, 'a.yaml'), { ...exampleProfile, ...changes })
  return new Map(flat.flatMap((name, index) => (index % 2 ? [] : [[name, flat[index + 1] ?? '']])))
}

const agentOf = (user_id: string): string | undefined =>
  headersOf('{}', { user_id, device_type: 'mobile' }).get('user-agent')

describe('identityHeaders()', () => {
  it('is refused where a header goes by the wrong thing', () => {
    const refusal = refusalOf(() => headersOf('{ user_agent: by_geo }'))
    expect(refusal.message).toContain('"identity.user_agent" in a.yaml:2')
    expect(refusalOf(() => headersOf('{ accept_language: by_device }')).mend).toContain('by_geo')
    expect(refusalOf(() => headersOf('{ geo_header: "a b" }')).code).toBe('bad-header')
  })

  it('can be off, each header for itself', () => {
    expect([...headersOf('{ user_agent: off, accept_language: off }')]).toEqual([])
    expect([...headersOf('{ user_agent: off }').keys()]).toEqual(['accept-language'])
    expect([...headersOf('{}').keys()]).toEqual(['user-agent', 'accept-language'])
  })

  it('gives each device a user agent that is recognised as that device', () => {
    for (const device_type of DEVICE_TYPES) {
      for (const user_id of ['u1', 'u2', 'u3', 'u4', 'u5', 'u6', 'u7', 'u8']) {
        const agent = headersOf('{}', { device_type, user_id }).get('user-agent') ?? ''
        const seen = bowser.parse(agent).platform.type
        if (device_type === 'bot' || device_type === 'other') expect(agent).toContain('Outrider')
        else expect([agent, seen]).toEqual([agent, device_type])
      }
    }
  })

  it('gives a user the same agent each time, and users of a device different ones', () => {
    expect(agentOf('u1')).toBe(agentOf('u1'))
    const users = Array.from({ length: 20 }, (_, index) => agentOf(`u${index}`))
    expect(new Set(users).size).toBe(2)
  })

  it.each([
    ['US-CA', 'en-US,en;q=0.9', 'US'],
    ['DE', 'de-DE,de;q=0.9,en;q=0.8', 'DE'],
    ['BR', 'pt-BR,pt;q=0.9,en;q=0.8', 'BR'],
    ['CA-QC', 'fr-CA,fr;q=0.9,en;q=0.8', 'CA'],
    ['ZZ', 'en', undefined],
  ])('speaks for %s', (geo_location, language, country) => {
    const headers = headersOf('{ geo_header: X-Country }', { geo_location })
    expect(headers.get('accept-language')).toBe(language)
    expect(headers.get('x-country')).toBe(country)
  })
})
