import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { openDatabase } from '../../../profiles-db/open.ts'
import { parseOntology } from '../../../src/actions/load.ts'
import type { Profile } from '../../../src/core/contract/profile.ts'
import { createProfileStore } from '../../../src/profiles/store.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { PROJECT, runOutrider, startOutrider, type Ended } from '../../support/processes.ts'

const env = { LANG: 'C.UTF-8' }
const HAR = join(PROJECT, 'test/profiles/derive/fixtures/shop.har')
const TRACES = join(PROJECT, 'test/profiles/derive/fixtures/traces.otlp.jsonl')
const SHOP = `version: 1
actions:
  home: { request: { path: / }, routes: [GET /] }
  view: { request: { path: "/products/{{data.id}}" }, routes: ["GET /products/:id"] }
`

/** Visits of so many people: home, and one of two products. */
function logOf(people: number): string {
  const lines = Array.from({ length: people }, (_, person) =>
    ['/', `/products/${person % 2}`].map((url, index) =>
      JSON.stringify({
        ts: 1_700_000_000 + 60 * person + 7 * index,
        client: `203.0.113.${person % 250}-${person}`,
        verb: 'GET',
        at: { url },
        status: 200,
      }),
    ),
  )
  return `${lines.flat().join('\n')}\n`
}

const FIELDS = ['--fields', 'method=verb,path=at.url']

interface Room {
  readonly cwd: string
  readonly run: (...args: string[]) => Promise<Ended>
  /** All profiles in the database. */
  readonly stored: () => Profile[]
}

function enter(): Room {
  const cwd = temporaryFolder()
  writeFileSync(join(cwd, 'shop.yaml'), SHOP)
  const run = (...args: string[]): Promise<Ended> =>
    runOutrider(['profiles', ...args], { cwd, env })
  return {
    cwd,
    run,
    stored() {
      const db = openDatabase(join(cwd, '.outrider/outrider.db'))
      const profiles = [...createProfileStore(db).stream({})]
      db.close()
      return profiles
    },
  }
}

describe('outrider profiles import', () => {
  it('says what is wrong before it reads, and names the field that a log lacks', async () => {
    const { cwd, run, stored } = enter()
    writeFileSync(join(cwd, 'a.log'), logOf(3))
    const imports = (...args: string[]): Promise<Ended> => run('import', 'a.log', ...args)
    const [none, wrong, foreign, both, lacking] = await Promise.all([
      imports('--format', 'json'),
      imports('--format', 'jsn'),
      imports('--format', 'json', '--origin', 'https://a.example'),
      imports('--format', 'json', '--recorded', '--count', '5'),
      imports('--format', 'json', '--actions', 'shop.yaml'),
    ])
    expect(none.stderr.replaceAll(/\s+/g, ' ')).toContain('--actions-out proposed-actions.yaml')
    expect(wrong.stderr).toContain('Did you mean "json"?')
    expect(foreign.stderr).toContain('--origin is for --format har')
    expect(both.stderr).toContain('--recorded keeps the sessions')
    expect(lacking.stderr.replaceAll(/\s+/g, ' ')).toContain(
      'a.log:1 has no path; its keys are ts, cli',
    )
    expect([none, wrong, foreign, both, lacking].map(({ code }) => code)).toEqual([2, 2, 2, 2, 2])
    expect(stored()).toEqual([])
  })

  it('stores users of a model that is fitted to a log, and writes the model', async () => {
    const { cwd, run, stored } = enter()
    writeFileSync(join(cwd, 'a.log.zst'), zstdCompressSync(logOf(120)))
    const flags = ['--format', 'json', ...FIELDS, '--actions', 'shop.yaml', '--json']
    const made = await run('import', 'a.log.zst', ...flags, '--population-out', 'p.yaml')
    expect(made.stderr).toBe('')
    const report: unknown = JSON.parse(made.stdout)
    expect(report).toMatchObject({
      stored: 'synthesised',
      users: 120,
      requests: 240,
      actions: { home: 120, view: 120 },
      files: ['p.yaml'],
      closeness: { real: 120, synthetic: 120 },
    })
    const users = stored()
    expect(users).toHaveLength(120)
    expect(new Set(users.map(({ source }) => source))).toEqual(new Set(['synthetic']))
    // The model is a population like any other: more users come from it without the log.
    const more = await run('synthesize', '--population', './p.yaml', '--count', '30')
    expect(more.stderr).toBe('')
    expect(stored()).toHaveLength(150)
    const again = await run('import', 'a.log.zst', ...flags, '--population-out', 'p.yaml')
    expect(again.stderr).toContain('there is such a file already')
    expect(stored()).toHaveLength(150)
  })

  it('stores recorded sessions on request, and says what was left out', async () => {
    const { cwd, run, stored } = enter()
    const robot =
      '{"ts":1700000000,"client":"1","verb":"GET","at":{"url":"/robots.txt"},"status":200}'
    const lines = `${logOf(12)}${robot}\n{"ts":1700000000,"msg":"reloaded"}\n`
    writeFileSync(join(cwd, 'a.log.gz'), gzipSync(lines))
    const flags = ['--format', 'json', ...FIELDS, '--actions', 'shop.yaml', '--recorded']
    const { stdout, stderr, code } = await run('import', 'a.log.gz', ...flags)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/requests +26\n +left out: lines that are no requests +1\n/)
    expect(stdout).toMatch(/left out: no route takes them +1\n +steps that are left +24\n/)
    expect(stdout).toMatch(/12 recorded sessions imported\n$/)
    const sources = new Set(stored().map(({ source }) => source))
    expect(sources).toEqual(new Set(['derived']))
  })

  it('proposes an ontology from a HAR that the sessions then fit', async () => {
    const { cwd, run, stored } = enter()
    const out = ['--actions-out', 'proposed.yaml']
    const refused = await run('import', HAR, '--format', 'har', ...out)
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(existsSync(join(cwd, 'proposed.yaml'))).toBe(false)
    const made = await run('import', HAR, '--format', 'har', ...out, '--k', '1')
    expect(made.stderr).toBe('')
    expect(made.stdout).toContain('proposed.yaml is written')
    expect(made.stdout).toMatch(/as one person did them: k is 1\n$/)
    const proposed = readFileSync(join(cwd, 'proposed.yaml'), 'utf8')
    expect(parseOntology(proposed, 'proposed.yaml').actions.size).toBe(5)
    const text = `${proposed}${JSON.stringify(stored())}`
    expect(text).toContain('captured.cart_id')
    expect(text).not.toMatch(/8d0c5c1e|anna@|Anna|4111|s3cr3t|top-secret/)
  })

  it('imports the traces of a collector', async () => {
    const { cwd, run, stored } = enter()
    const text = readFileSync(TRACES, 'utf8')
    const visits = Array.from({ length: 20 }, (_, index) =>
      text
        .replaceAll('anna@', `u${index}@`)
        .replaceAll(/"((?:trace|span|parentSpan)Id)":"(\w\w)/g, `"$1":"${10 + index}`),
    )
    writeFileSync(join(cwd, 'traces.jsonl'), visits.join(''))
    const flags = ['--format', 'otlp', '--actions', 'shop.yaml', '--recorded', '--json']
    const { stdout, stderr } = await run('import', 'traces.jsonl', ...flags)
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({ actions: { view: 40, home: 20 } })
    expect(JSON.stringify(stored())).not.toMatch(/@|203\.0|utm/)
  })

  it('ends at Ctrl-C also while the model is fitted, and shows before how far that is', async () => {
    const { cwd, stored } = enter()
    // Read in more than the second after which progress is shown, and fitted in more than that.
    writeFileSync(join(cwd, 'big.log'), logOf(80_000))
    const flags = ['--format', 'json', ...FIELDS, '--actions', 'shop.yaml']
    const more = ['--population-out', 'p.yaml']
    const running = startOutrider(['profiles', 'import', 'big.log', ...flags, ...more], {
      cwd,
      env,
    })
    await running.saw(/Import big\.log: fitting the model, \d+ %.*Ctrl-C: nothing is stored/)
    running.signal('SIGINT')
    const { code, stdout, stderr } = await running.ended
    expect(stderr).toContain('Ending; nothing is stored')
    expect(stderr).toContain('Interrupted: nothing of "big.log" was imported')
    expect([code, stdout]).toEqual([130, ''])
    expect(stored()).toEqual([])
    expect(existsSync(join(cwd, 'p.yaml'))).toBe(false)
  })

  it('ends at Ctrl-C with nothing stored and no file written', async () => {
    const { cwd, stored } = enter()
    writeFileSync(join(cwd, 'big.log'), logOf(400_000))
    const flags = [
      '--format',
      'json',
      ...FIELDS,
      '--actions-out',
      'a.yaml',
      '--population-out',
      'p.yaml',
    ]
    const running = startOutrider(['profiles', 'import', 'big.log', ...flags], { cwd, env })
    await running.saw(/Import big\.log: \d+ % of \d+ MB/)
    running.signal('SIGINT')
    const { code, stdout, stderr } = await running.ended
    expect(stderr).toContain('Interrupted: nothing of "big.log" was imported')
    expect([code, stdout]).toEqual([130, ''])
    expect(stored()).toEqual([])
    expect([existsSync(join(cwd, 'a.yaml')), existsSync(join(cwd, 'p.yaml'))]).toEqual([
      false,
      false,
    ])
  })
})
