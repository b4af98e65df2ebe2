/** Clients of real servers, closed after each test; what they hold then must be nothing. */

import { afterEach, expect } from 'vitest'
import {
  createArmClient,
  type ArmAddress,
  type ArmClient,
  type WireAnswer,
  type WireRequest,
} from '../../../src/generator/client.ts'
import { systemClock } from '../../../src/generator/system-clock.ts'

const open: { close(): Promise<void> }[] = []
const clients: ArmClient[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) {
    await client.close()
    expect(client.load()).toMatchObject({ connections: 0, inFlight: 0, waiting: 0 })
  }
  await Promise.all(open.splice(0).map((one) => one.close()))
})

/** Closed after the test. */
export async function opened<Server extends { close(): Promise<void> }>(
  server: Server | Promise<Server>,
): Promise<Server> {
  const there = await server
  open.push(there)
  return there
}

export function clientOf(address: Omit<ArmAddress, 'arm'>): ArmClient {
  return kept(createArmClient({ arm: 'canary', ...address }, systemClock))
}

export function kept(client: ArmClient): ArmClient {
  clients.push(client)
  return client
}

export interface Told extends WireAnswer {
  readonly repeats: number
  /** What was kept of the body. */
  readonly text: string
}

export function ask(client: ArmClient, request: Partial<WireRequest> = {}): Promise<Told> {
  return new Promise((resolve) => {
    let repeats = 0
    client.send(
      {
        method: 'GET',
        path: '/',
        headers: [],
        body: undefined,
        keepBytes: 1_000,
        timeoutMs: 5_000,
        ...request,
      },
      {
        started: () => undefined,
        repeated: () => (repeats += 1),
        ended: (answer) => {
          const text = Buffer.concat(answer.chunks).toString('utf8')
          resolve({ ...answer, repeats, text })
        },
      },
    )
  })
}
