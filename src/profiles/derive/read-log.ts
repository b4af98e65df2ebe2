/** The lines of a log file, plain or gzipped, with a limit on what one line may hold in memory. */

import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { UsageError } from '../../core/errors.ts'
import { fileReason } from '../../core/file-reason.ts'

/** What is longer is cut here; such a line is malformed anyway. */
const LINE_LIMIT = 65_536

/**
 * @param shown the name that errors show
 * @throws UsageError with code `no-file` if it cannot be read or its compression is broken
 */
export async function* readLogLines(file: string, shown: string): AsyncGenerator<string> {
  try {
    const zipped = await isGzipped(file)
    const source = createReadStream(file)
    const bytes = zipped ? source.pipe(createGunzip()) : source
    // pipe() does not hand on the source's errors.
    source.on('error', (error) => bytes.destroy(error))
    yield* linesOf(bytes)
  } catch (error) {
    throw new UsageError(`Cannot read access log: "${shown}": ${fileReason(error)}`, {
      code: 'no-file',
      where: shown,
      mend: 'name a log file that can be read',
      cause: error,
    })
  }
}

async function* linesOf(chunks: AsyncIterable<Buffer | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    const lines = (rest + text).split('\n')
    rest = (lines.pop() ?? '').slice(0, LINE_LIMIT)
    yield* lines
  }
  rest += decoder.decode()
  if (rest !== '') yield rest
}

async function isGzipped(file: string): Promise<boolean> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await handle.close()
  }
}
