/** The documents keep their word: links lead somewhere, commands exist, examples are right. */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseOntology } from '../src/actions/load.ts'
import { configSchema } from '../src/core/contract/config.ts'
import { parseYaml } from '../src/core/yaml.ts'
import { rootHelp } from '../src/cli/help.ts'
import { VERBS } from '../src/cli/main.ts'
import { PROJECT } from './support/processes.ts'

const NOT_OURS = new Set(['node_modules', 'dist', 'coverage', '.git', '.outrider'])
const documents = documentsBelow('')

describe('documents', () => {
  it('finds the documents it checks', () => {
    expect(documents).toEqual(
      expect.arrayContaining([
        'README.md',
        'CHANGELOG.md',
        'CONTRIBUTING.md',
        'docs/architecture.md',
      ]),
    )
  })
  it('each link leads to a file, and to a heading where it names one', () => {
    const dead = documents.flatMap((document) =>
      linksOf(document)
        .filter((link) => !/^[a-z]+:/.test(link))
        .filter((link) => !leadsSomewhere(document, link))
        .map((link) => `${document}: ${link}`),
    )
    expect(dead).toEqual([])
  })
  it('the README has at most 200 lines', () => {
    expect(textOf('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(200)
  })
  it('each npm script that is named exists', () => {
    const packageFile: unknown = JSON.parse(textOf('package.json'))
    const scripts = fieldOf(packageFile, 'scripts')
    const unknown = documents.flatMap((document) =>
      [...textOf(document).matchAll(/\bnpm run ([a-z:-]+)/g)]
        .map((match) => match[1] ?? '')
        .filter((script) => fieldOf(scripts, script) === undefined)
        .map((script) => `${document}: npm run ${script}`),
    )
    expect(unknown).toEqual([])
  })
  it('each command and flag that is shown is in the help', () => {
    const wrong: string[] = []
    const helps = new Map(VERBS.map((verb) => [verb.name, verb.help]))
    for (const { document, words } of documents.flatMap(commandsOf)) {
      const verb = verbOf(words)
      const help = verb === '' ? rootHelp(VERBS) : (helps.get(verb) ?? '')
      if (help === '') wrong.push(`${document}: outrider ${verb}`)
      const flags = words.filter((word) => word.startsWith('--') && word !== '--help')
      for (const flag of flags) {
        if (!help.includes(flag)) wrong.push(`${document}: outrider ${verb} ${flag}`)
      }
    }
    expect([...helps.keys()]).toContain('probe')
    expect(wrong).toEqual([])
  })
  it('each YAML example is a valid ontology or configuration', () => {
    const examples = documents.flatMap((document) =>
      fencesOf(document, 'yaml').map((text) => ({ document, text })),
    )
    expect(examples.length).toBeGreaterThan(0)
    for (const { document, text } of examples) {
      if (/^actions:/m.test(text))
        expect(parseOntology(text, document).actions.size).toBeGreaterThan(0)
      else expect(configSchema.parse(parseYaml(text, document).value).version).toBe(1)
    }
  })
})

function documentsBelow(folder: string): string[] {
  return readdirSync(join(PROJECT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : documentsBelow(path)
    return entry.name.endsWith('.md') ? [path] : []
  })
}

function textOf(file: string): string {
  return readFileSync(join(PROJECT, file), 'utf8')
}

function linksOf(document: string): string[] {
  const text = textOf(document).replace(/```[^]*?```/g, '')
  return [...text.matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '')
}

function leadsSomewhere(document: string, link: string): boolean {
  const [file = '', heading] = link.split('#')
  const target = file === '' ? document : normalize(join(dirname(document), file))
  if (!existsSync(join(PROJECT, target))) return false
  if (heading === undefined) return true
  if (statSync(join(PROJECT, target)).isDirectory()) return false
  return headingsOf(target).includes(heading)
}

/** Anchors as GitHub makes them. */
function headingsOf(document: string): string[] {
  return [...textOf(document).matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function fencesOf(document: string, language: string): string[] {
  const pattern = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm')
  return [...textOf(document).matchAll(pattern)].map((match) => match[1] ?? '')
}

/** Every `npx outrider …`, in a fence (lines joined at their backslash) or in a sentence. */
function commandsOf(document: string): { document: string; words: string[] }[] {
  const text = textOf(document).replaceAll('\\\n', ' ')
  return [...text.matchAll(/npx outrider\b([^\n`]*)/g)].map((match) => ({
    document,
    words: (match[1] ?? '').trim().split(/\s+/).filter(Boolean),
  }))
}

function verbOf(words: readonly string[]): string {
  const [first = '', second = ''] = words
  if (first.startsWith('--')) return ''
  const isGroup = ['profiles', 'actions', 'router', 'rollout'].includes(first)
  return isGroup ? `${first} ${second}` : first
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
