/**
 * The lines of a file, plain or compressed with gzip or zstd, in batches: as many as one piece of
 * the file holds. One line never takes more memory than its limit.
 */

import { createReadStream, type ReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { OutriderError, UsageError } from '../../../core/errors.ts'
import { fileReason } from '../../../core/file-reason.ts'

/** The lines of one piece of the file after the other. */
export type LineBatches = AsyncIterable<readonly string[]>

export interface LineOptions {
  /** Characters of one line; what is longer is cut there, and such a line is malformed anyway. */
  readonly lineLimit?: number
  /** Ends the reading with an error of code `interrupted`. */
  readonly signal?: AbortSignal
  /** After each piece. @param bytes of the file as it lies on the disk, read so far */
  readonly onRead?: (bytes: number) => void
}

const LINE_LIMIT = 65_536
const CHUNK_BYTES = 256 * 1024

/**
 * @param shown the name that errors show
 * @throws UsageError with code `no-file` if it cannot be read or its compression is broken
 */
export async function* readLines(
  file: string,
  shown: string,
  options: LineOptions = {},
): AsyncGenerator<readonly string[]> {
  const { signal, onRead, lineLimit = LINE_LIMIT } = options
  const cutter = createCutter(lineLimit)
  let source: ReadStream | undefined
  try {
    const decompressor = await createDecompressor(file)
    source = createReadStream(file, { highWaterMark: CHUNK_BYTES })
    const bytes = decompressor === undefined ? source : piped(source, decompressor)
    for await (const chunk of bytes) {
      if (signal?.aborted === true) throw interrupted(shown)
      onRead?.(source.bytesRead)
      if (chunk instanceof Uint8Array) yield cutter.cut(chunk)
    }
    yield cutter.end()
  } catch (error) {
    if (error instanceof OutriderError) throw error
    throw new UsageError(`Cannot read log: "${shown}": ${reasonOf(error)}`, {
      code: 'no-file',
      where: shown,
      mend: 'name a file that can be read, plain or compressed with gzip or zstd',
      cause: error,
    })
  } finally {
    source?.destroy()
  }
}

/** Ctrl-C while a file was read: nothing of it is kept. */
export function interrupted(shown: string): OutriderError {
  return new OutriderError(`Interrupted: nothing of "${shown}" was imported`, {
    code: 'interrupted',
  })
}

/** pipe() hands on neither the source's errors nor the end of who reads. */
function piped(source: ReadStream, decompressor: Transform): Transform {
  source.on('error', (error) => decompressor.destroy(error))
  source.once('close', () => {
    if (!source.readableEnded) decompressor.destroy()
  })
  return source.pipe(decompressor)
}

interface Cutter {
  cut(chunk: Uint8Array): string[]
  /** The last line, where no line feed ends it. */
  end(): string[]
}

/** Pieces of a long line are joined once, when it ends: adding each to the rest would be quadratic. */
function createCutter(limit: number): Cutter {
  const decoder = new TextDecoder()
  let pieces: string[] = []
  let length = 0
  const keep = (text: string): void => {
    const piece = text.slice(0, Math.max(0, limit - length))
    if (piece !== '') pieces.push(piece)
    length += piece.length
  }
  const takeRest = (): string => {
    const rest = pieces.join('')
    pieces = []
    length = 0
    return rest
  }
  return {
    cut(chunk) {
      const lines = decoder.decode(chunk, { stream: true }).split('\n')
      const [first = ''] = lines
      keep(first)
      if (lines.length === 1) return []
      lines[0] = takeRest()
      keep(lines.pop() ?? '')
      return lines
    },
    end() {
      keep(decoder.decode())
      const rest = takeRest()
      return rest === '' ? [] : [rest]
    },
  }
}

const GZIP = [0x1f, 0x8b]
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd]

async function createDecompressor(file: string): Promise<Transform | undefined> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0)
    const begins = (magic: readonly number[]): boolean =>
      bytesRead >= magic.length && magic.every((byte, index) => buffer[index] === byte)
    if (begins(GZIP)) return createGunzip({ chunkSize: CHUNK_BYTES })
    return begins(ZSTD) ? createZstdDecompress({ chunkSize: CHUNK_BYTES }) : undefined
  } finally {
    await handle.close()
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code.startsWith('ZSTD_')) return 'it is no whole zstd file'
  return code.startsWith('Z_') ? 'it is no whole gzip file' : fileReason(error)
}
