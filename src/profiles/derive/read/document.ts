/** JSON documents that other programs wrote: read whole, in bounded memory, looked into with care. */

import { UsageError, messageOf } from '../../../core/errors.ts'
import type { LineBatches } from './lines.ts'

/** Characters of one document; parsed it takes several times as much memory. */
export const DOCUMENT_LIMIT = 128 * 1024 * 1024

export type JsonObject = Readonly<Record<string, unknown>>

/** @throws UsageError with code `import-too-large` */
export async function readWhole(lines: LineBatches, file: string): Promise<string> {
  const texts: string[] = []
  let length = 0
  for await (const batch of lines) {
    for (const line of batch) {
      length += line.length + 1
      if (length > DOCUMENT_LIMIT) throw documentTooLarge(file)
      texts.push(line)
    }
  }
  return texts.join('\n')
}

export function documentTooLarge(where: string): UsageError {
  return new UsageError(
    `Cannot import: ${where} holds a JSON document of more than ${DOCUMENT_LIMIT} characters`,
    { code: 'import-too-large', where, mend: 'export less at once, such as one visit or one hour' },
  )
}

/** @throws UsageError with code `bad-log` */
export function parseDocument(text: string, format: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UsageError(
      `Cannot import ${format} file: ${file} is not JSON (${messageOf(error)})`,
      {
        code: 'bad-log',
        where: file,
        mend: 'check the file, or name its format with --format',
      },
    )
  }
}

export function objectAt(value: unknown, key: string): JsonObject | undefined {
  const found = fieldOf(value, key)
  return isObject(found) ? found : undefined
}

/** Empty where there is no list. */
export function listAt(value: unknown, key: string): readonly unknown[] {
  const found = fieldOf(value, key)
  return Array.isArray(found) ? found : []
}

/** Empty where there is no text. */
export function textAt(value: unknown, key: string): string {
  const found = fieldOf(value, key)
  return typeof found === 'string' ? found : ''
}

export function fieldOf(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
