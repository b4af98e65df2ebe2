import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadOntology, parseOntology } from '../../src/actions/load.ts'
import { refusalOf } from './given.ts'

const shop = (line: string): string => `version: 1
actions:
  search:
    request: { path: /products }
  pay:
    request:
      method: POST
      path: /pay
    ${line}
`

describe('parseOntology()', () => {
  it.each([
    ['capture: { id: { jsno: "$.id" } }', 9, 'bad-ontology', 'did you mean "json"?'],
    ['capture: { id: { json: $.a, header: b } }', 9, 'bad-ontology', 'its value is'],
    ['mutatse: true', 9, 'bad-ontology', 'did you mean "mutates"?'],
    ['kind: paid', 9, 'bad-ontology', 'did you mean "pay"?'],
    ['cleanup: serach', 9, 'unknown-action', 'did you mean "search"?'],
    ['expect: { body: "(" }', 9, 'bad-regex', 'JavaScript pattern'],
    ['ignore: ["$.a", "$.["]', 9, 'bad-json-path', '$.items[0].id'],
    ['ignore: ["header:a b"]', 9, 'bad-header', 'letters'],
    ['request: {}', 9, 'bad-yaml', 'mend the line'],
  ])('refuses "%s" with the line and a mend', (line, number, code, mend) => {
    const refusal = refusalOf(() => parseOntology(shop(line), 'shop.yaml'))
    expect(refusal.message).toContain(`shop.yaml:${number}`)
    expect(refusal.code).toBe(code)
    expect(refusal.mend).toContain(mend)
  })

  it('names a field inside the request', () => {
    const text = shop('').replace('method: POST', 'metod: POST')
    expect(refusalOf(() => parseOntology(text, 'shop.yaml'))).toEqual({
      code: 'bad-ontology',
      message:
        'Cannot read ontology: "actions.pay.request.metod" in shop.yaml:7 is not a known key',
      mend: 'did you mean "method"?',
    })
  })

  it('refuses a name that cannot be an action', () => {
    const refusal = refusalOf(() => parseOntology(shop('').replace('search:', 'a b:'), 'shop.yaml'))
    expect(refusal.message).toContain('"actions.a b" in shop.yaml:3: the name must be letters')
    expect(refusal.mend).toBe('rename it')
  })

  it('refuses what is no ontology at all', () => {
    for (const text of ['', 'hello', '[]', 'version: 2\nactions: {}', 'version: 1\nactions: {}']) {
      expect(refusalOf(() => parseOntology(text, 'shop.yaml')).message).toContain('shop.yaml:')
    }
  })
})

describe('loadOntology()', () => {
  it('says why a file cannot be read', async () => {
    await expect(loadOntology('/nowhere/actions.yaml')).rejects.toMatchObject({
      code: 'no-ontology-file',
      where: '/nowhere/actions.yaml',
      message: 'Cannot read ontology: /nowhere/actions.yaml: there is no such file',
    })
    await expect(loadOntology(tmpdir())).rejects.toMatchObject({ code: 'no-ontology-file' })
  })

  it('reads a file and names it in errors', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'ontology-')), 'actions.yaml')
    await writeFile(file, shop('require: true'))
    const ontology = await loadOntology(file)
    expect([ontology.file, ...ontology.actions.keys()]).toEqual([file, 'search', 'pay'])
    await writeFile(file, shop('requires: true'))
    await expect(loadOntology(file)).rejects.toMatchObject({ where: `${file}:9` })
  })

  it('refuses a file that is too large', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'ontology-')), 'actions.yaml')
    await writeFile(file, '#'.repeat(9_000_000))
    await expect(loadOntology(file)).rejects.toMatchObject({
      message: `Cannot read ontology: ${file}: the file is larger than 8 MiB`,
    })
  })
})
