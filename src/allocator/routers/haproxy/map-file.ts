/** The map file on disk, where it can be read: what a restarted HAProxy would begin with. */

import { open } from 'node:fs/promises'

const MOST_BYTES = 1_000_000

/** The value of the key; undefined where the file cannot be read here or has no such key. */
export async function readMapFile(file: string, key: string): Promise<string | undefined> {
  const text = await readStart(file)
  for (const line of text.split('\n')) {
    const [found, value] = line.trim().split(/\s+/)
    if (found === key) return value
  }
  return undefined
}

async function readStart(file: string): Promise<string> {
  try {
    const handle = await open(file, 'r')
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(MOST_BYTES), 0, MOST_BYTES, 0)
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await handle.close()
    }
  } catch {
    return ''
  }
}
