/** A process that may open few files and asks for many things at once; prints what came of it. */

import { createHttp1Client } from '../../../src/generator/client/h1.ts'
import { systemClock } from '../../../src/generator/system-clock.ts'

const [url = ''] = process.argv.slice(2)
const client = createHttp1Client({ arm: 'canary', url }, systemClock)
const ends = await Promise.all(
  Array.from(
    { length: 100 },
    () =>
      new Promise<[end: string, waited: string]>((resolve) => {
        const request = { method: 'GET', path: '/', headers: [], body: undefined } as const
        client.send(
          { ...request, headers: [], keepBytes: 0, timeoutMs: 10_000 },
          {
            started: () => undefined,
            repeated: () => undefined,
            ended: ({ end, reason = '', waitedFor = 'none' }) =>
              resolve([`${end} ${reason}`, waitedFor]),
          },
        )
      }),
  ),
)
const load = client.load()
await client.close()
process.stdout.write(
  JSON.stringify({
    ends: [...new Set(ends.map(([end]) => end))],
    waits: [...new Set(ends.map(([, waited]) => waited))].toSorted(),
    load,
  }),
)
