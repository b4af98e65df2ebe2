import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { configSchema } from '../../src/core/contract/config.ts'
import { ontologySchema } from '../../src/core/contract/ontology.ts'
import { UsageError } from '../../src/core/errors.ts'
import { jsonPointer, parseWith, type Door } from '../../src/core/parse.ts'
import { parseYaml } from '../../src/core/yaml.ts'

function refusal(work: () => unknown): UsageError {
  try {
    work()
  } catch (thrown) {
    if (thrown instanceof UsageError) return thrown
    throw thrown
  }
  throw new Error('Expected a UsageError')
}

function ontologyDoor(text: string): { value: unknown; door: Door } {
  const source = parseYaml(text, 'actions.yaml')
  return {
    value: source.value,
    door: { what: 'ontology', code: 'bad-ontology', locate: source.locate },
  }
}

describe('parseWith', () => {
  it('names the line of an unknown key and the nearest known one', () => {
    const { value, door } = ontologyDoor(
      'version: 1\nactions:\n  home:\n    request:\n      metod: GET\n      path: /\n',
    )
    const error = refusal(() => parseWith(ontologySchema, value, door))
    expect(error.where).toBe('actions.yaml:5')
    expect(error.message).toContain('"actions.home.request.metod"')
    expect(error.mend).toBe('did you mean "method"?')
  })

  it('names the line of a missing key by its parent', () => {
    const { value, door } = ontologyDoor('version: 1\nactions:\n  home:\n    kind: view\n')
    const error = refusal(() => parseWith(ontologySchema, value, door))
    expect(error.where).toBe('actions.yaml:3')
    expect(error.message).toContain('request')
  })

  it('suggests a value of a closed list', () => {
    const { value, door } = ontologyDoor(
      'version: 1\nactions:\n  home:\n    kind: navigat\n    request: { path: / }\n',
    )
    const error = refusal(() => parseWith(ontologySchema, value, door))
    expect(error.where).toBe('actions.yaml:4')
    expect(error.mend).toBe('did you mean "navigate"?')
  })

  it('says the reason of the alternative that came furthest', () => {
    const { value, door } = ontologyDoor(
      'version: 1\nactions:\n  home:\n    request: { path: / }\n    capture: { id: { jsn: x } }\n',
    )
    const error = refusal(() => parseWith(ontologySchema, value, door))
    expect(error.where).toBe('actions.yaml:5')
  })

  it('shows the current value of a wrong field', () => {
    const door: Door = { what: 'configuration', code: 'bad-config', locate: jsonPointer }
    const value = { version: 1, probe: { rate: 'fast' } }
    const error = refusal(() => parseWith(configSchema, value, door))
    expect(error.where).toBe('/probe/rate')
    expect(error.mend).toContain('"fast"')
  })

  it('returns defaults for what is left out', () => {
    const config = parseWith(
      configSchema,
      { version: 1 },
      {
        what: 'configuration',
        code: 'bad-config',
        locate: jsonPointer,
      },
    )
    expect(config.probe).toMatchObject({ rate: 50, min_duration: 60, max_duration: 600 })
    expect(config.analysis.alpha).toBe(0.05)
  })

  it('suggests keys inside optional objects and arrays', () => {
    const schema = z.strictObject({
      list: z.array(z.strictObject({ weight: z.number() })).optional(),
    })
    const error = refusal(() =>
      parseWith(schema, { list: [{ wieght: 1 }] }, { what: 'x', code: 'x', locate: jsonPointer }),
    )
    expect(error.mend).toBe('did you mean "weight"?')
  })
})

describe('parseYaml', () => {
  it('names the line of a syntax fault', () => {
    expect(refusal(() => parseYaml('a: 1\nb: [1, 2\nc: 3\n', 'x.yaml')).where).toMatch(
      /^x\.yaml:\d/,
    )
  })

  it('refuses a document that unfolds without end', () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]']
    for (let level = 1; level < 9; level += 1) {
      const [from, to] = [String.fromCharCode(96 + level), String.fromCharCode(97 + level)]
      bomb.push(`${to}: &${to} [${Array.from({ length: 9 }, () => `*${from}`).join(',')}]`)
    }
    expect(() => parseYaml(bomb.join('\n'), 'bomb.yaml')).toThrow()
  })
})
