import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readMessages, type StreamMessage } from '../../../src/cli/remote/event-stream.ts'

async function* partsOf(parts: readonly string[]): AsyncGenerator<string> {
  for (const part of parts) yield await Promise.resolve(part)
}

async function read(...parts: string[]): Promise<StreamMessage[]> {
  const messages: StreamMessage[] = []
  for await (const message of readMessages(partsOf(parts))) messages.push(message)
  return messages
}

describe('readMessages()', () => {
  it('refuses a message that does not end', async () => {
    const endless = Array.from({ length: 40 }, () => 'x'.repeat(1024 * 1024))
    await expect(read(...endless)).rejects.toThrow('does not end')
    await expect(read(...endless.map((part) => `data: ${part}\n`))).rejects.toThrow('does not end')
  })

  it('drops what the end cuts off, comments, and messages without data', async () => {
    expect(await read('retry: 2000\n\n: ping\n\nevent: a\n\nid: 1\ndata: x')).toEqual([])
  })

  it('gives name, data and the last id', async () => {
    const text = 'id: 4\nevent: block\ndata: {"a":1}\n\ndata:x\ndata:  y\n\n'
    expect(await read(text)).toEqual([
      { name: 'block', data: '{"a":1}', id: '4' },
      { name: 'message', data: 'x\n y', id: '4' },
    ])
  })

  it('reads the same however the text is cut and its lines end', async () => {
    const line = fc.constantFrom('id: 1', 'event: end', 'data: a b', 'data', ': c', '', '')
    const ending = fc.constantFrom('\n', '\r\n', '\r')
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 30 }),
        ending,
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        async (lines, newline, cuts) => {
          const plain = `${lines.join('\n')}\n\n\n`
          let text = plain.replaceAll('\n', newline)
          const parts: string[] = []
          for (const cut of cuts) {
            if (text === '') break
            parts.push(text.slice(0, cut))
            text = text.slice(cut)
          }
          expect(await read(...parts)).toEqual(await read(plain))
        },
      ),
    )
  })
})
