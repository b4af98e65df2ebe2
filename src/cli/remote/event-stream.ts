/** Server-sent events, read as the HTML standard says, as far as the contract uses them. */

export interface StreamMessage {
  readonly name: string
  readonly data: string
  /** The last id the stream gave, with this message or before it. */
  readonly id: string | undefined
}

/** Characters of one message; a progress of a thousand actions has about a million. */
const MOST_CHARACTERS = 32 * 1024 * 1024

/**
 * The messages of a stream; what is cut off by its end is dropped, as the standard wants it.
 * @param text the body, cut anywhere
 * @throws Error if one message does not end
 */
export async function* readMessages(text: AsyncIterable<string>): AsyncGenerator<StreamMessage> {
  let rest = ''
  let fields: string[] = []
  let size = 0
  let id: string | undefined
  for await (const part of text) {
    // A \r at the very end may be half of \r\n, so it waits for what follows.
    const lines = (rest + part).split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    for (const line of lines) {
      size += line.length
      if (line !== '') {
        fields.push(line)
        continue
      }
      const message = toMessage(fields, id)
      id = message.id
      fields = []
      size = 0
      if (message.data !== '') yield message
    }
    if (size + rest.length > MOST_CHARACTERS) throw new Error('a message of it does not end')
  }
}

function toMessage(lines: readonly string[], lastId: string | undefined): StreamMessage {
  let name = 'message'
  let id = lastId
  const data: string[] = []
  for (const line of lines) {
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (field === 'event') name = value
    if (field === 'id') id = value
    if (field === 'data') data.push(value)
  }
  return { name, id, data: data.join('\n') }
}
