import { openSync, writeSync, closeSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { runOutrider, startOutrider, type Ended } from '../support/processes.ts'

interface Line {
  readonly at: number
  readonly action: string
  readonly arm: string
  readonly pair: string
  readonly latency_ms: unknown
  readonly status: number
}

/** Pairs at ten a second; `change` may rewrite a line. */
function lines(
  pairs: number,
  change: (line: Line, index: number) => object = (line) => line,
): string {
  const texts: string[] = []
  for (let index = 0; index < pairs; index += 1) {
    for (const arm of ['baseline', 'canary']) {
      const latency = 10 + (index % 7) + (arm === 'canary' ? 0.1 : 0)
      const line = {
        at: index / 10,
        action: 'home',
        arm,
        pair: `p${index}`,
        latency_ms: latency,
        status: 200,
      }
      texts.push(JSON.stringify(change(line, index)))
    }
  }
  return `${texts.join('\n')}\n`
}

async function analyze(content: string | Uint8Array, ...flags: string[]): Promise<Ended> {
  const cwd = temporaryFolder()
  writeFileSync(join(cwd, 's.ndjson'), content)
  return runOutrider(['analyze', 's.ndjson', ...flags], { cwd, env: { LANG: 'C.UTF-8' } })
}

/** Wrong use, said in one error: no stack, and nothing that could be read as a result. */
function expectRefusal(ended: Ended, ...words: string[]): void {
  expect(ended.stderr).toMatch(/^error: /m)
  expect(ended.stderr).not.toMatch(/unexpected|\n\s+at /)
  for (const word of words) expect(ended.stderr.replaceAll(/\s+/g, ' ')).toContain(word)
  expect([ended.code, ended.stdout]).toEqual([2, ''])
}

/** Every case starts processes of its own, on a machine that may be busy. */
const PATIENT = { timeout: 60_000 }

describe('outrider analyze on bad input', PATIENT, () => {
  it('names values that are no latency', async () => {
    const one = '{"at":1,"action":"a","arm":"canary","latency_ms":NaN,"status":200}\n'
    expectRefusal(await analyze(one), 's.ndjson:1')
    expectRefusal(
      await analyze(one.replace('NaN', '-3')),
      '"latency_ms" in s.ndjson:1',
      'Its value is -3',
    )
    expectRefusal(await analyze(one.replace('NaN', '1e999')), '"latency_ms" in s.ndjson:1')
    expectRefusal(await analyze(one.replace('NaN', 'null')), '"latency_ms" in s.ndjson:1')
  })

  it('names the line at which the clock runs backwards', async () => {
    const back = lines(600, (line, index) => (index < 500 ? line : { ...line, at: line.at - 45 }))
    expectRefusal(await analyze(back), 's.ndjson:1001 is 45 s late', 'Sort the file by "at"')
    expectRefusal(await analyze(back, '--rule', 'kayenta'), 's.ndjson:1001')
  })

  it('does not sort what is not paired, but says so to the rules too', async () => {
    const back = lines(600, (line, index) => ({
      ...line,
      pair: undefined,
      at: index < 500 ? line.at : line.at - 45,
    }))
    expectRefusal(await analyze(back, '--rule', 'argo'), 's.ndjson:1001 is 45 s late')
  })

  it('names the line that has one action too many', async () => {
    const text = lines(5002, (line, index) => ({ ...line, action: `/item/${index}/${line.arm}` }))
    expectRefusal(await analyze(text), 's.ndjson:10001 has one action more than 10000', 'leave ids')
  })

  it('does not judge a file that lacks an arm', async () => {
    const text = lines(300).replaceAll(/^.*"canary".*\n/gm, '')
    const { code, stdout } = await analyze(text)
    expect([code, stdout]).toEqual([4, expect.stringContaining('! invalid')])
    const ruled = await analyze(text, '--rule', 'mann-whitney-peeking')
    expect([ruled.code, ruled.stdout]).toEqual([
      3,
      expect.stringContaining('an arm has no requests'),
    ])
  })

  it('refuses a line of a hundred megabytes without holding it', async () => {
    const cwd = temporaryFolder()
    const file = openSync(join(cwd, 's.ndjson'), 'w')
    for (let part = 0; part < 100; part += 1) writeSync(file, 'x'.repeat(1_000_000))
    closeSync(file)
    expectRefusal(
      await runOutrider(['analyze', 's.ndjson'], { cwd }),
      's.ndjson:1: the line is longer than 10 MB',
    )
  })

  it('says that a picture is no text, and a half line no line', async () => {
    const picture = Uint8Array.from({ length: 4000 }, (_, index) => (index * 37) % 256)
    expectRefusal(await analyze(picture), 's.ndjson:1: it is no text')
    const cutOff = lines(300).slice(0, -30)
    expectRefusal(
      await analyze(cutOff),
      's.ndjson:600: the file ends within this line',
      'Its recording was cut off',
    )
  })

  it('says of an empty file that it is empty, and of blank lines too', async () => {
    expectRefusal(await analyze(''), 'it holds no sample')
    expectRefusal(await analyze('\n\n  \n', '--rule', 'all'), 'it holds no sample')
    expectRefusal(await analyze(gzipSync('')), 'it holds no sample')
  })

  it('reads what gzip compressed as it reads the plain file', async () => {
    const plain = await analyze(lines(300), '--json')
    const packed = await analyze(gzipSync(lines(300)), '--json')
    const verdictOf = ({ stdout }: Ended): unknown => ({ ...JSON.parse(stdout), startedAt: '' })
    expect(verdictOf(packed)).toEqual(verdictOf(plain))
    const half = gzipSync(lines(300)).subarray(0, 500)
    expectRefusal(await analyze(half), 'it is no whole gzip file')
  })

  it('takes moments that lie far apart or far away', async () => {
    const far = lines(40, (line, index) => ({ ...line, at: line.at + (index < 20 ? 0 : 1e9) }))
    const { code, stdout } = await analyze(far, '--rule', 'all')
    expect([1, 3, 4]).toContain(code)
    expect(stdout).toContain('burn-rate')
  })
})

describe('outrider analyze and Ctrl-C', PATIENT, () => {
  it('judges what was read, says where it stopped, and ends with 130', async () => {
    const cwd = temporaryFolder()
    const file = openSync(join(cwd, 's.ndjson'), 'w')
    for (let part = 0; part < 60; part += 1) {
      const text = lines(5000, (line, index) => ({
        ...line,
        at: line.at + part * 500,
        pair: `q${part}.${index}`,
      }))
      writeSync(file, text)
    }
    closeSync(file)
    const run = startOutrider(['analyze', 's.ndjson'], { cwd, env: { LANG: 'C.UTF-8' } })
    await run.saw(/judging, reading 2 of 2/)
    run.signal('SIGINT')
    const { code, stderr, stdout } = await run.ended
    expect(stderr).toContain('Ending with what was read; Ctrl-C again ends at once')
    expect(stderr).toMatch(/Interrupted at \d+ % of the file: the rest was not read/)
    expect(stdout).toMatch(/\n[?!] (?:inconclusive|invalid) /)
    expect(code).toBe(130)
  })
})
