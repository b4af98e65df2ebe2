import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { StoreError, UsageError } from '../../src/core/errors.ts'
import { renderFailure } from '../../src/cli/failure.ts'
import { PROJECT } from '../support/processes.ts'

const plain = { colour: false, unicode: true }

describe('renderFailure()', () => {
  it('says what failed, and indented below it where and what to do, without a stack', () => {
    const error = new UsageError('Cannot read duration: "60" is not a number with a unit', {
      code: 'bad-duration',
      where: '--max-duration',
      mend: 'write it like 10s, 15m or 250ms',
    })
    expect(renderFailure(error, plain, false)).toBe(
      `error: Cannot read duration: "60" is not a number with a unit
  At --max-duration. Write it like 10s, 15m or 250ms
`,
    )
  })

  it('does not repeat a place that the message names', () => {
    const error = new UsageError('no target "shpo" in outrider.yaml', {
      code: 'unknown-target',
      where: '--target',
      mend: 'targets there: shop. Did you mean shop?',
    })
    expect(renderFailure(error, plain, false)).toBe(
      'error: no target "shpo" in outrider.yaml\n  Targets there: shop. Did you mean shop?\n',
    )
  })

  it('says of an unexpected error that it is ours, and shows the stack on request only', () => {
    const text = renderFailure(new RangeError('x is 3'), plain, false)
    expect(text).toMatch(/^error: unexpected: RangeError: x is 3\n {2}This is a fault of outrider/)
    expect(text).not.toMatch(/^\s+at /m)
    expect(renderFailure(new RangeError('x is 3'), plain, true)).toMatch(/^\s+at /m)
    expect(renderFailure('thrown text', plain, false)).toContain('unexpected: thrown text')
  })

  it('escapes what targets and files put into messages', () => {
    const error = new StoreError('Cannot open "\u001B[2Jx"\nline', { code: 'c', mend: '\u009Bm' })
    const text = renderFailure(error, plain, false)
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
  })

  it('wraps long sentences, but never a path', () => {
    const path = `/srv/${'folder/'.repeat(15)}file.yaml`
    const words = 'word '.repeat(40).trim()
    const long = renderFailure(new UsageError(words, { code: 'c' }), plain, false)
    for (const line of long.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    const whole = renderFailure(new UsageError(`Cannot read ${path}`, { code: 'c' }), plain, false)
    expect(whole).toContain(path)
  })
})

function sourcesBelow(folder: string): string[] {
  return readdirSync(join(PROJECT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.startsWith('dashboard'))
    .map((name) => readFileSync(join(PROJECT, folder, name), 'utf8'))
}

describe('docs/reference/errors.md', () => {
  it('lists every code that the sources throw or report', () => {
    const page = readFileSync(join(PROJECT, 'docs/reference/errors.md'), 'utf8')
    const before = /(?:\bcode:|\bfault\(|Error\(\s*\d{3},|tooMany\(\s*\d{3},)[^;}]{0,80}?/
    const pattern = new RegExp(`${before.source}'([a-z]+(?:-[a-z]+)+)'`, 'g')
    const codes = ['src', 'server', 'profiles-db']
      .flatMap(sourcesBelow)
      .flatMap((source) => [...source.matchAll(pattern)].map((match) => match[1] ?? ''))
    expect(codes.length).toBeGreaterThan(50)
    expect([...new Set(codes)].filter((code) => !page.includes(`\`${code}\``))).toEqual([])
  })
})
