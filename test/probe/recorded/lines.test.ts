import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { NumberedLine } from '../../../src/analysis/recorded/survey.ts'
import { MOST_ACTIONS, readSampleLines } from '../../../src/probe/recorded/lines.ts'
import { temporaryFolder } from '../../support/folders.ts'

function line(at: number, action = 'home'): string {
  return JSON.stringify({ at, action, arm: 'baseline', latency_ms: 1, status: 200 })
}

function fileOf(content: string | Uint8Array): string {
  const path = join(temporaryFolder(), 's.ndjson')
  writeFileSync(path, content)
  return path
}

async function listOf(lines: AsyncIterable<NumberedLine>): Promise<NumberedLine[]> {
  const list: NumberedLine[] = []
  for await (const line of lines) list.push(line)
  return list
}

async function readAll(content: string | Uint8Array): Promise<NumberedLine[]> {
  return listOf(readSampleLines(fileOf(content), 's'))
}

describe('readSampleLines()', () => {
  it('names the line of what is no sample', async () => {
    await expect(readAll(`${line(1)}\n\nnonsense\n`)).rejects.toMatchObject({
      code: 'bad-sample',
      where: 's:3',
    })
    await expect(readAll(`${line(1)}\n{"at":-1}\n`)).rejects.toMatchObject({ where: 's:2' })
  })

  it('knows a last line that was cut off', async () => {
    await expect(readAll(`${line(1)}\n${line(2).slice(0, 20)}`)).rejects.toMatchObject({
      message: 'Cannot read sample: s:2: the file ends within this line',
      mend: expect.stringContaining('remove the last line'),
    })
  })

  it('numbers lines, leaves out blank ones, and takes any line end and mark', async () => {
    const read = await readAll(`\uFEFF${line(1)}\r\n\r\n  \n${line(2)}`)
    expect(read.map(({ lineNumber }) => lineNumber)).toEqual([1, 4])
  })

  it('reads lines that reach over the pieces of a large file', async () => {
    const long = { ...JSON.parse(line(1)), segment: { label: 'é'.repeat(300_000) } }
    const text = [long, long, JSON.parse(line(3))].map((one) => JSON.stringify(one)).join('\n')
    const read = await readAll(text)
    expect(read).toHaveLength(3)
    expect(read[1]?.line).toMatchObject({ sample: { segment: { label: 'é'.repeat(300_000) } } })
  })

  it('reads what gzip compressed, and names what is only half of it', async () => {
    const packed = gzipSync(`${line(1)}\n${line(2)}\n`)
    expect(await readAll(packed)).toHaveLength(2)
    await expect(readAll(packed.subarray(0, packed.length - 12))).rejects.toMatchObject({
      code: 'no-file',
      message: expect.stringContaining('no whole gzip file'),
    })
  })

  it('counts actions, and refuses more than anyone can have', async () => {
    const lines = readSampleLines(
      fileOf([line(3, 'a'), line(2, 'b'), line(4, 'a')].join('\n')),
      's',
    )
    await listOf(lines)
    expect([...lines.actions]).toEqual([
      ['a', 2],
      ['b', 1],
    ])
    expect([lines.firstAt, lines.wasCut]).toEqual([2, false])
    const many = Array.from({ length: MOST_ACTIONS + 1 }, (_, index) => line(index, `a${index}`))
    await expect(readAll(many.join('\n'))).rejects.toMatchObject({
      code: 'too-many-actions',
      where: `s:${MOST_ACTIONS + 1}`,
    })
  })

  it('ends where it is asked to', async () => {
    const controller = new AbortController()
    const text = Array.from({ length: 20_000 }, (_, index) => line(index)).join('\n')
    const lines = readSampleLines(fileOf(text), 's', { signal: controller.signal })
    let count = 0
    for await (const { lineNumber } of lines) {
      count = lineNumber
      controller.abort()
    }
    expect(count).toBeLessThan(20_000)
    expect(lines.wasCut).toBe(true)
  })

  it('tells how far it has come, and closes the file when nobody reads on', async () => {
    const told: [number, number][] = []
    const text = Array.from({ length: 9000 }, (_, index) => line(index)).join('\n')
    const options = { onRead: (bytes: number, read: number) => told.push([bytes, read]) }
    for await (const { lineNumber } of readSampleLines(fileOf(text), 's', options)) {
      if (lineNumber === 8000) break
    }
    expect(told.length).toBeGreaterThan(1)
    expect(told[0]).toEqual([256 * 1024, 0])
  })
})
