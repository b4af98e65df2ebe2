import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseYaml, writeYaml } from '../../src/core/yaml.ts'

describe('writeYaml', () => {
  it('writeYaml() writes what parseYaml() reads again, below its heading', () => {
    const safe = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('__proto__'))
    fc.assert(
      fc.property(fc.record({ name: safe, 'a: b #c': safe }), (value) => {
        const text = writeYaml(value, 'One line.\nAnother.')
        expect(text.startsWith('# One line.\n# Another.\n')).toBe(true)
        const again: unknown = JSON.parse(JSON.stringify(value))
        expect(JSON.parse(JSON.stringify(parseYaml(text, 'a.yaml').value))).toEqual(again)
      }),
      { numRuns: 50 },
    )
  })
  it('writeYaml() keeps what is short on one line', () => {
    const long = ['x'.repeat(60), 'y'.repeat(60)]
    const text = writeYaml({ next: { home: 1, exit: 2 }, long }, 'A')
    expect(text).toContain('next: { home: 1, exit: 2 }\n')
    expect(text).toContain(`long:\n  - ${'x'.repeat(60)}\n`)
  })
})
