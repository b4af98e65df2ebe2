/** The users of a server's database. */

import { pageSchema, profileSchema } from '../../core/contract/http.ts'
import type { Criteria } from '../../core/contract/criteria.ts'
import { OutriderError } from '../../core/errors.ts'
import type { Parsed } from '../../core/json-schema.ts'
import { parseJson, textOf, type ApiClient, type Ask } from './client.ts'

/** Characters of one line; the largest profile that a server takes has fewer. */
const MOST_CHARACTERS = 64 * 1024 * 1024
const NDJSON = 'application/x-ndjson'

/** The first of them, for a table. @throws OutriderError as the client does */
export function firstProfiles(
  client: ApiClient,
  criteria: Criteria,
  limit: number,
): Promise<Parsed<typeof pageSchema>> {
  const query = new URLSearchParams({ criteria: JSON.stringify(criteria), limit: String(limit) })
  return client.ask({ method: 'GET', path: `/profiles?${query.toString()}` }, pageSchema)
}

/**
 * All of them, as the server reads them from its database.
 * @throws OutriderError as the client does; also in the middle, if the connection is lost
 */
export async function* streamProfiles(client: ApiClient, criteria: Criteria): AsyncGenerator {
  const query = new URLSearchParams({ criteria: JSON.stringify(criteria) })
  const ask: Ask = {
    method: 'GET',
    path: `/profiles?${query.toString()}`,
    headers: { accept: NDJSON },
  }
  const leaving = new AbortController()
  try {
    const response = await client.open(ask, leaving.signal)
    for await (const line of linesOf(textOf(response))) {
      const value = parseJson(line)
      if (!profileSchema.safeParse(value).success) {
        throw client.badAnswer(ask, 'a line of it is no profile')
      }
      yield value
    }
  } catch (thrown) {
    throw thrown instanceof OutriderError ? thrown : client.unreachable(thrown)
  } finally {
    leaving.abort()
  }
}

async function* linesOf(parts: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = ''
  for await (const part of parts) {
    const lines = (rest + part).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > MOST_CHARACTERS) throw new Error('a line of its answer does not end')
    yield* lines
  }
  if (rest !== '') yield rest
}
