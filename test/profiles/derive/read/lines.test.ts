import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { readLines, type LineOptions } from '../../../../src/profiles/derive/read/lines.ts'
import { temporaryFolder } from '../../../support/folders.ts'

async function linesOf(file: string, options: LineOptions = {}): Promise<string[]> {
  const lines: string[] = []
  for await (const batch of readLines(file, 'access.log', options)) lines.push(...batch)
  return lines
}

describe('readLines', () => {
  it('readLines() names a file that is missing, a folder, or broken', async () => {
    const folder = temporaryFolder()
    const cut = join(folder, 'cut.gz')
    const broken = join(folder, 'broken.zst')
    writeFileSync(cut, gzipSync('a\nb\n').subarray(0, 12))
    writeFileSync(
      broken,
      Buffer.concat([zstdCompressSync('a\n').subarray(0, 6), Buffer.alloc(9, 255)]),
    )
    for (const file of [join(folder, 'missing.log'), folder, cut, broken]) {
      await expect(linesOf(file), file).rejects.toMatchObject({
        code: 'no-file',
        where: 'access.log',
      })
    }
  })
  it('readLines() reads plain, gzip and zstd files alike, and cuts lines without end', async () => {
    const folder = temporaryFolder()
    const long = 'x'.repeat(900_000)
    const text = `\uFEFFfirst\nsecond ☃\n\n${long}\nlast`
    writeFileSync(join(folder, 'a.log'), text)
    writeFileSync(join(folder, 'a.log.gz'), gzipSync(text))
    writeFileSync(join(folder, 'a.log.zst'), zstdCompressSync(text))
    const plain = await linesOf(join(folder, 'a.log'))
    expect(plain.slice(0, 3)).toEqual(['first', 'second ☃', ''])
    expect(plain[3]?.length).toBeLessThan(200_000)
    expect(plain[4]).toBe('last')
    expect(await linesOf(join(folder, 'a.log'), { lineLimit: 1_000_000 })).toContain(long)
    for (const file of ['a.log.gz', 'a.log.zst']) {
      const lines = await linesOf(join(folder, file))
      expect([lines[1], lines[4]], file).toEqual(['second ☃', 'last'])
    }
  })
  it('readLines() says how much of the file was read, and ends when it is asked to', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'a.log')
    writeFileSync(file, 'line\n'.repeat(200_000))
    const seen: number[] = []
    await linesOf(file, { onRead: (bytes) => seen.push(bytes) })
    expect(seen.at(-1)).toBe(1_000_000)
    expect(seen.length).toBeGreaterThan(2)
    const controller = new AbortController()
    const onRead = (): void => controller.abort()
    await expect(linesOf(file, { signal: controller.signal, onRead })).rejects.toMatchObject({
      code: 'interrupted',
    })
  })
})
