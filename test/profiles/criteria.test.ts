import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exampleCriteria } from '../../src/core/contract/criteria.ts'
import { criteriaOfQuery, parseCriteria, toCriteria } from '../../src/profiles/read.ts'
import { caught } from '../profiles-db/caught.ts'
import { someCriteria } from './people.ts'

function ofQuery(query: string): unknown {
  return criteriaOfQuery(new URLSearchParams(query))
}

describe('parseCriteria', () => {
  it('parseCriteria() points at the unknown key and suggests the known one', () => {
    const error = caught(() => parseCriteria('{"devise_type":"mobile"}', '/criteria'))
    expect(error).toMatchObject({
      code: 'unknown-criterion',
      where: '/criteria/devise_type',
      mend: 'did you mean "device_type"?',
    })
  })
  it('parseCriteria() points at the wrong value', () => {
    const wrong: [string, string][] = [
      ['{"device_type":"moblie"}', '/criteria/device_type'],
      ['{"device_type":["mobile","phone"]}', '/criteria/device_type/1'],
      ['{"resource_intensity.cpu_ms":{"gt":5}}', '/criteria/resource_intensity.cpu_ms/gt'],
      ['{"resource_intensity.cpu_ms":{"gte":5,"lte":4}}', '/criteria/resource_intensity.cpu_ms'],
      ['{"geo_location":"US,DE"}', '/criteria/geo_location'],
      ['{"label":5}', '/criteria/label'],
      ['{"label":[]}', '/criteria/label'],
      ['[]', '/criteria'],
      ['null', '/criteria'],
      ['{', '/criteria'],
    ]
    for (const [json, where] of wrong) {
      expect(caught(() => parseCriteria(json, '/criteria'))).toMatchObject({
        code: 'bad-criteria',
        where,
      })
    }
  })
  it('parseCriteria() names the flag it came from', () => {
    expect(caught(() => parseCriteria('{"x":1}', '--criteria')).where).toBe('--criteria /x')
    expect(caught(() => parseCriteria('x', '--criteria')).where).toBe('--criteria')
  })
  it('parseCriteria() gives back valid criteria', () => {
    expect(parseCriteria(JSON.stringify(exampleCriteria), 'x')).toEqual(exampleCriteria)
    fc.assert(
      fc.property(someCriteria, (criteria) => {
        expect(toCriteria(criteria, 'x')).toEqual(criteria)
      }),
    )
  })
})

describe('criteriaOfQuery', () => {
  it('criteriaOfQuery() refuses what it does not know', () => {
    expect(caught(() => ofQuery('devise_type=mobile'))).toMatchObject({
      code: 'unknown-criterion',
      where: '/criteria/devise_type',
    })
    for (const amount of ['', '..', 'x', '5...6', '1..2..3', '-1..', '{"gte":', '6..5']) {
      const query = `resource_intensity.cpu_ms=${encodeURIComponent(amount)}`
      expect(caught(() => ofQuery(query))).toMatchObject({
        code: 'bad-criteria',
        where: '/criteria/resource_intensity.cpu_ms',
      })
    }
  })
  it('criteriaOfQuery() refuses a criterion that is given both ways', () => {
    const error = caught(() => ofQuery('criteria={"label":"a"}&label=b'))
    expect(error).toMatchObject({
      code: 'bad-criteria',
      where: '/criteria/label',
      mend: 'give it once',
    })
  })
  it('criteriaOfQuery() reads plain parameters, lists, amounts and the object together', () => {
    expect(ofQuery('geo_location=US&device_type=mobile&behavioral_pattern=high_activity')).toEqual({
      geo_location: 'US',
      device_type: 'mobile',
      behavioral_pattern: 'high_activity',
    })
    expect(
      ofQuery('criteria={"label":"a"}&geo_location=US&geo_location=DE&limit=5&cursor=x'),
    ).toEqual({
      label: 'a',
      geo_location: ['US', 'DE'],
    })
    expect(
      ofQuery(
        'resource_intensity.cpu_ms=5..&resource_intensity.memory_mb=..2.5' +
          '&resource_intensity.network_kb=1..3&resource_intensity.period_s=7',
      ),
    ).toEqual({
      'resource_intensity.cpu_ms': { gte: 5 },
      'resource_intensity.memory_mb': { lte: 2.5 },
      'resource_intensity.network_kb': { gte: 1, lte: 3 },
      'resource_intensity.period_s': 7,
    })
    const json = encodeURIComponent('{"gte":1}')
    expect(ofQuery(`resource_intensity.cpu_ms=${json}&draw=5&seed=1`)).toEqual({
      'resource_intensity.cpu_ms': { gte: 1 },
    })
    expect(ofQuery('')).toEqual({})
  })
})
