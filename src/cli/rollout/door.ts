/** Whose rollouts a command speaks of: those of this machine's database, or those of a server. */

import type { RolloutDocument } from '../../core/contract/rollout.ts'
import type { Rollouts, Word } from '../../outrider.ts'
import {
  LOCAL_FLAGS,
  findServer,
  refuseLocalFlags,
  refuseLocalVariables,
  type Refusals,
  type ServerAddress,
} from '../remote/address.ts'
import { createClient, type ApiClient } from '../remote/client.ts'
import {
  listRolloutsAt,
  readRolloutAt,
  tellRolloutAt,
  type RolloutList,
} from '../remote/rollouts.ts'
import { withOutrider } from '../settings.ts'
import type { VerbInput } from '../verb.ts'
import { readHere } from './follow/here.ts'
import { personHere } from './person.ts'

interface Shared {
  /** @throws OutriderError with code `unknown-rollout` where there is none */
  read(id: string): Promise<RolloutDocument>
  /** Newest first. */
  list(limit: number): Promise<RolloutList>
  /** @throws ConflictError with code `act-refused` where the state forbids it */
  tell(id: string, word: Pick<Word, 'act' | 'reason'>): Promise<void>
}

/** This process can control a rollout itself. */
export interface HereDoor extends Shared {
  readonly kind: 'here'
  readonly rollouts: Rollouts
  /** Who speaks. */
  readonly by: string
}

/** A server controls them, and knows by the token who speaks. */
export interface ServerDoor extends Shared {
  readonly kind: 'server'
  readonly client: ApiClient
}

export type Door = HereDoor | ServerDoor

export function hereDoor(rollouts: Rollouts, by = personHere()): HereDoor {
  return {
    kind: 'here',
    rollouts,
    by,
    read: (id) => Promise.resolve().then(() => readHere(rollouts, id)),
    list: (limit) => Promise.resolve().then(() => rollouts.list({ limit })),
    tell: (id, word) => rollouts.tell(id, { ...word, by }),
  }
}

export function serverDoor(server: ServerAddress): ServerDoor {
  const client = createClient(server)
  return {
    kind: 'server',
    client,
    read: (id) => readRolloutAt(client, id),
    list: (limit) => listRolloutsAt(client, limit),
    tell: (id, { act, reason }) => tellRolloutAt(client, id, act, reason),
  }
}

const REFUSALS: Refusals = {
  '--seed': 'the server draws its users by its own seed',
  ...LOCAL_FLAGS,
}

/**
 * Opens the door that the flags and the environment name, works, and closes it again.
 * @throws UsageError for flags and variables that cannot cross to a server
 */
export async function withDoor(
  input: VerbInput,
  work: (door: Door) => Promise<number>,
): Promise<number> {
  const server = findServer(input)
  if (server === undefined) {
    return await withOutrider(input, ({ rollouts }) => work(hereDoor(rollouts)))
  }
  refuseLocalFlags(input, server, REFUSALS)
  refuseLocalVariables(input, server)
  return await work(serverDoor(server))
}
