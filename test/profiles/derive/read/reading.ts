/** What a reader makes of a text. */

import { createReader, type FormatOptions } from '../../../../src/profiles/derive/read/formats.ts'
import type { LoggedRequest, ReadCounts } from '../../../../src/profiles/derive/read/request.ts'

export interface ReadText extends ReadCounts {
  readonly requests: readonly LoggedRequest[]
}

export async function readText(
  text: string,
  options: Omit<FormatOptions, 'file'>,
): Promise<ReadText> {
  const counts = { entries: 0, malformed: 0 }
  const requests: LoggedRequest[] = []
  const file = 'access.log'
  const read = createReader({ ...options, file })
  for await (const batch of read(batchesOf(text.split('\n')), { file, counts })) {
    requests.push(...batch)
  }
  return { ...counts, requests }
}

/** Three lines a batch, so that nothing relies on where the pieces of a file end. */
async function* batchesOf(lines: readonly string[]): AsyncGenerator<readonly string[]> {
  for (let from = 0; from < lines.length; from += 3) yield lines.slice(from, from + 3)
}
