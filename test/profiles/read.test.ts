import { describe, expect, it } from 'vitest'
import { exampleProfile } from '../../src/core/contract/profile.ts'
import { parseProfiles, toProfile } from '../../src/profiles/read.ts'
import { parseOntology } from '../../src/actions/load.ts'
import { caught } from '../profiles-db/caught.ts'

const door = { what: 'profile', code: 'bad-profile', locate: () => 'x.ndjson:1' }
const entry = { timestamp: 0, action: 'home' }

function parseStamps(...timestamps: unknown[]): number[] {
  const behavioral_patterns = timestamps.map((timestamp) => ({ timestamp, action: 'home' }))
  return toProfile({ user_id: 'u', behavioral_patterns }, door).behavioral_patterns.map(
    ({ timestamp }) => timestamp,
  )
}

describe('parseProfiles', () => {
  it('parseProfiles() names the line that is not JSON', () => {
    const good = JSON.stringify({ user_id: 'a', behavioral_patterns: [entry] })
    const text = `${good}\n\n{"user_id": \n`
    const error = caught(() => parseProfiles(text, 'users.ndjson'))
    expect(error).toMatchObject({ code: 'bad-profile', where: 'users.ndjson:3' })
    expect(error.message).toContain('users.ndjson:3 is not JSON')
  })
  it('parseProfiles() names line, field, reason and mend of a wrong value', () => {
    const line = JSON.stringify({
      user_id: 'a',
      behavioral_patterns: [entry],
      device_type: 'moblie',
    })
    const error = caught(() => parseProfiles(`\n${line}`, 'users.ndjson'))
    expect(error).toMatchObject({ where: 'users.ndjson:2', mend: 'did you mean "mobile"?' })
    expect(error.message).toContain('"device_type" in users.ndjson:2')
  })
  it('parseProfiles() names an unknown key', () => {
    const line = JSON.stringify({ user_id: 'a', behavioral_patterns: [entry], geo_locaton: 'US' })
    expect(caught(() => parseProfiles(line, 'u'))).toMatchObject({
      mend: 'did you mean "geo_location"?',
    })
  })
  it('parseProfiles() names both lines of a user_id that is there twice', () => {
    const line = JSON.stringify({ user_id: 'a', behavioral_patterns: [entry] })
    const error = caught(() => parseProfiles(`${line}\n${line}\n`, 'u'))
    expect(error).toMatchObject({ code: 'duplicate-profile', where: 'u:2' })
    expect(error.message).toContain('is also in u:1')
  })
  it('parseProfiles() names the line inside an array', () => {
    const text = JSON.stringify(
      [exampleProfile, { user_id: 'b', behavioral_patterns: [] }],
      null,
      1,
    )
    const line =
      text.split('\n').findIndex((each) => each.includes('"behavioral_patterns": []')) + 1
    const error = caught(() => parseProfiles(text, 'users.json'))
    expect(error.where).toBe(`users.json:${line}`)
    expect(caught(() => parseProfiles('[\n{"a":1},\n{"b" 2}\n]', 'users.json')).where).toBe(
      'users.json:3',
    )
  })
  it('parseProfiles() refuses a file without any', () => {
    expect(caught(() => parseProfiles('\n \n', 'u'))).toMatchObject({ code: 'no-profiles' })
    expect(caught(() => parseProfiles('[]', 'u'))).toMatchObject({ code: 'no-profiles' })
  })
  it('parseProfiles() refuses data that is nested without end', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    const step = `{"timestamp":0,"action":"x","data":{"d":${deep}}}`
    const line = `{"user_id":"a","behavioral_patterns":[${step}]}`
    expect(caught(() => parseProfiles(line, 'u'))).toMatchObject({
      code: 'bad-profile',
      where: 'u:1',
    })
  })
  it('parseProfiles() reads NDJSON, an array, a byte order mark and Windows lines alike', () => {
    const line = JSON.stringify(exampleProfile)
    expect(parseProfiles(line, 'u')).toEqual([exampleProfile])
    expect(parseProfiles(`\uFEFF${line}\r\n\r\n`, 'u')).toEqual([exampleProfile])
    expect(parseProfiles(`\n [${line}]`, 'u')).toEqual([exampleProfile])
  })
  it('parseProfiles() labels the thirds of a larger file', () => {
    const lines = [1, 2, 3].map((steps) =>
      JSON.stringify({
        user_id: `u${steps}`,
        behavioral_patterns: Array.from({ length: steps }, () => entry),
      }),
    )
    const labels = parseProfiles(lines.join('\n'), 'u').flatMap((profile) => profile.labels)
    expect(labels).toEqual(['low_activity', 'high_activity', 'high_activity'])
  })
})

describe('toProfile', () => {
  it('toProfile() refuses timestamps that go back, name another kind, or are epoch seconds', () => {
    const back = caught(() => parseStamps(0, 5, 4))
    expect(back.message).toContain('"behavioral_patterns.2.timestamp"')
    expect(back).toMatchObject({ code: 'bad-profile', mend: 'sort the entries by time' })
    expect(caught(() => parseStamps(0, '2026-01-01T00:00:00Z')).mend).toContain('alike')
    expect(caught(() => parseStamps(1_767_225_600)).message).toContain('more than 30 days')
    expect(caught(() => parseStamps('2026-01-01')).code).toBe('bad-profile')
    expect(caught(() => parseStamps(-1)).code).toBe('bad-profile')
  })
  it('toProfile() turns ISO 8601 and epoch milliseconds into seconds from the start', () => {
    expect(parseStamps('2026-01-01T00:00:00Z', '2026-01-01T01:00:02.500+01:00')).toEqual([0, 2.5])
    expect(parseStamps(1_767_225_600_000, 1_767_225_601_234)).toEqual([0, 1.234])
    expect(parseStamps(3, 3, 7.25)).toEqual([3, 3, 7.25])
  })
  it('toProfile() fills in what is left out', () => {
    expect(toProfile({ user_id: 'u', behavioral_patterns: [entry] }, door)).toEqual({
      user_id: 'u',
      behavioral_patterns: [{ ...entry, data: {} }],
      resource_intensity: { cpu_ms: 0, memory_mb: 0, network_kb: 0, period_s: 0 },
      geo_location: 'ZZ',
      device_type: 'other',
      labels: [],
      source: 'derived',
    })
  })
  it('toProfile() takes the resource intensity from the costs of the ontology', () => {
    const ontology = parseOntology(
      `version: 1
actions: { home: { request: { path: / }, cost: { cpu_ms: 0.1, memory_mb: 2, network_kb: 3 } } }`,
      'a.yaml',
    )
    const behavioral_patterns = [0, 1, 4].map((timestamp) => ({ timestamp, action: 'home' }))
    const unknown = { timestamp: 9, action: 'unknown' }
    const input = { user_id: 'u', behavioral_patterns: [...behavioral_patterns, unknown] }
    expect(toProfile(input, door, ontology).resource_intensity).toEqual({
      cpu_ms: 0.3,
      memory_mb: 2,
      network_kb: 9,
      period_s: 9,
    })
  })
})
