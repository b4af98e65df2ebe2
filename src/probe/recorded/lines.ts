/**
 * The lines of a samples file, one after the other: plain or compressed with gzip, each fault with
 * file and line, in bounded memory, and ended early when somebody asks for it.
 */

import { createReadStream, type ReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import type { NumberedLine } from '../../analysis/recorded/survey.ts'
import { sampleLineSchemaOf, toSampleLine, type SampleLine } from '../../core/contract/sample.ts'
import { messageOf, OutriderError, UsageError } from '../../core/errors.ts'
import { fileReason } from '../../core/file-reason.ts'
import { parseWith } from '../../core/parse.ts'
import { findUsualSample } from './usual.ts'

/** A line of samples is short; a longer one is another kind of file. */
const MOST_LINE_LENGTH = 10_000_000
/** An action is a kind of request; with more of them something else was written there. */
export const MOST_ACTIONS = 10_000
const CHUNK_BYTES = 256 * 1024

export interface ReadOptions {
  /** Once it is aborted no more lines come, as if the file ended there. */
  readonly signal?: AbortSignal
  /** After each piece of the file. @param bytes of the file that were read */
  readonly onRead?: (bytes: number, lines: number) => void
}

/** One reading of the file. */
export interface SampleLines extends AsyncIterableIterator<NumberedLine> {
  /** Requests by action so far. */
  readonly actions: ReadonlyMap<string, number>
  /** The earliest second at which a request was meant to be sent; Infinity before the first. */
  readonly firstAt: number
  /** It ended before the file did. */
  readonly wasCut: boolean
}

/**
 * Every line of the file that is not blank, parsed.
 * @param shown the name that errors show
 * @throws UsageError with code `bad-sample`, `too-many-actions` or `no-file` while it is read
 */
export function readSampleLines(
  path: string,
  shown: string,
  options: ReadOptions = {},
): SampleLines {
  return new FileLines(path, shown, options)
}

// No async generator: it would cost two turns of the event queue for each of millions of lines.
class FileLines implements SampleLines {
  readonly actions = new Map<string, number>()
  firstAt = Infinity
  wasCut = false
  readonly #path: string
  readonly #shown: string
  readonly #options: ReadOptions
  #file: ReadStream | undefined
  #chunks: AsyncIterator<unknown> | undefined
  #texts: string[] = []
  #index = 0
  #rest = ''
  #lineNumber = 0
  #ended = false

  constructor(path: string, shown: string, options: ReadOptions) {
    this.#path = path
    this.#shown = shown
    this.#options = options
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<NumberedLine>> {
    try {
      const line = this.#findNext()
      if (line !== undefined) return Promise.resolve({ done: false, value: line })
      if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    } catch (thrown) {
      return this.#fail(thrown)
    }
    return this.#refill().then(
      () => this.next(),
      (thrown: unknown) => this.#fail(this.#faultOf(thrown)),
    )
  }

  async return(): Promise<IteratorResult<NumberedLine>> {
    this.#ended = true
    this.#texts = []
    this.#file?.destroy()
    return { done: true, value: undefined }
  }

  async #fail(thrown: unknown): Promise<never> {
    await this.return()
    throw thrown
  }

  /** Undefined once everything that was read is used up. */
  #findNext(): NumberedLine | undefined {
    while (this.#index < this.#texts.length) {
      const text = this.#texts[this.#index] ?? ''
      this.#index += 1
      this.#lineNumber += 1
      if (text.charCodeAt(0) !== OPENING_BRACE && text.trim() === '') continue
      return { line: this.#parse(text), lineNumber: this.#lineNumber }
    }
    return undefined
  }

  async #refill(): Promise<void> {
    if (this.#options.signal?.aborted === true) {
      this.wasCut = true
      await this.return()
      return
    }
    this.#chunks ??= await this.#open()
    const chunk = await this.#chunks.next()
    this.#index = 0
    if (chunk.done === true) {
      this.#texts = this.#rest === '' ? [] : [this.#rest]
      this.#ended = true
    } else {
      this.#texts = (this.#rest + String(chunk.value)).split('\n')
      this.#rest = this.#texts.pop() ?? ''
      if (this.#rest.length > MOST_LINE_LENGTH) {
        const where = `${this.#shown}:${this.#lineNumber + this.#texts.length + 1}`
        throw badSample(where, 'the line is longer than 10 MB')
      }
    }
    this.#options.onRead?.(this.#file?.bytesRead ?? 0, this.#lineNumber)
  }

  async #open(): Promise<AsyncIterator<unknown>> {
    const isCompressed = await startsLikeGzip(this.#path)
    const file = createReadStream(this.#path, { highWaterMark: CHUNK_BYTES })
    this.#file = file
    if (!isCompressed) return file.setEncoding('utf8')[Symbol.asyncIterator]()
    const plain = createGunzip({ chunkSize: CHUNK_BYTES })
    // A pipe does not carry errors on; and whoever ends the reading destroys the file.
    file.once('error', (error) => plain.destroy(error))
    file.once('close', () => {
      if (!file.readableEnded) plain.destroy()
    })
    return file.pipe(plain).setEncoding('utf8')[Symbol.asyncIterator]()
  }

  #parse(text: string): SampleLine {
    const where = (): string => `${this.#shown}:${this.#lineNumber}`
    let value: unknown
    try {
      value = JSON.parse(this.#lineNumber === 1 ? withoutMark(text) : text)
    } catch (thrown) {
      const cutOff = this.#ended && !text.trimEnd().endsWith('}')
      throw unreadable(text, where(), cutOff, thrown)
    }
    const usual = findUsualSample(value)
    const line =
      usual === undefined
        ? parseBySchema(value, where)
        : ({ kind: 'request', sample: usual } as const)
    if (line.kind === 'request') this.#note(line.sample.action, line.sample.at, where)
    return line
  }

  #note(action: string, at: number, where: () => string): void {
    const count = this.actions.get(action) ?? 0
    if (count === 0 && this.actions.size >= MOST_ACTIONS) throw tooManyActions(where())
    this.actions.set(action, count + 1)
    if (at < this.firstAt) this.firstAt = at
  }

  #faultOf(thrown: unknown): unknown {
    if (thrown instanceof OutriderError) return thrown
    const zipped =
      thrown instanceof Error && 'code' in thrown && String(thrown.code).startsWith('Z_')
    const reason = zipped ? 'it is no whole gzip file' : fileReason(thrown)
    return noFile(this.#shown, reason, thrown)
  }
}

const OPENING_BRACE = 123
const GZIP_MAGIC = [0x1f, 0x8b]

async function startsLikeGzip(path: string): Promise<boolean> {
  const handle = await open(path)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && GZIP_MAGIC.every((byte, index) => buffer[index] === byte)
  } finally {
    await handle.close()
  }
}

/** Without the byte order mark that some editors begin a file with. */
function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}

function parseBySchema(value: unknown, where: () => string): SampleLine {
  try {
    return toSampleLine(value)
  } catch (thrown) {
    // The second look costs time, but only for the line that ends the work anyway.
    const door = { what: 'sample', code: 'bad-sample', locate: where }
    parseWith(sampleLineSchemaOf(value), value, door)
    throw badSample(where(), messageOf(thrown), thrown)
  }
}

function unreadable(text: string, where: string, cutOff: boolean, cause: unknown): UsageError {
  if (text.includes('\u0000')) return badSample(where, 'it is no text', cause)
  if (!cutOff) return badSample(where, messageOf(cause), cause)
  return new UsageError(`Cannot read sample: ${where}: the file ends within this line`, {
    code: 'bad-sample',
    where,
    mend: 'its recording was cut off: remove the last line, or record again',
    cause,
  })
}

function badSample(where: string, why: string, cause?: unknown): UsageError {
  return new UsageError(`Cannot read sample: ${where}: ${why}`, {
    code: 'bad-sample',
    where,
    mend: 'each line is one JSON document, as probe --samples writes them',
    ...(cause === undefined ? {} : { cause }),
  })
}

function tooManyActions(where: string): UsageError {
  return new UsageError(`Cannot read samples: ${where} has one action more than ${MOST_ACTIONS}`, {
    code: 'too-many-actions',
    where,
    mend: 'an action is a kind of request, such as view_product: leave ids and times out of it',
  })
}

/** The error of a file that cannot be read at all. */
export function noFile(shown: string, reason: string, cause: unknown): UsageError {
  return new UsageError(`Cannot read samples: "${shown}": ${reason}`, {
    code: 'no-file',
    mend: 'name a file of samples, or - for stdin',
    cause,
  })
}
