/** Pace: how often, and how many users at once; and the part of it that one of several threads has. */

export type Pace =
  | {
      /** Steps form one stream of `rate` a second over at most `concurrency` users. */
      readonly kind: 'spaced'
      readonly spacing: 'poisson' | 'constant'
      readonly rate: number
      readonly concurrency: number
      /** The rate grows evenly from 0 in this time; left out = it is there at once. */
      readonly rampSeconds?: number
      readonly part?: Part
    }
  /** One step at a time, at most `rate` a second. */
  | { readonly kind: 'single-file'; readonly rate: number }
  /** Every user sends its next step as soon as the last one ended. */
  | {
      readonly kind: 'closed'
      readonly concurrency: number
      readonly rate?: number
      /** The users join one after the other in this time. */
      readonly rampSeconds?: number
      readonly part?: Part
    }
  /** The gaps of the profiles times `timeScale`; `rate` is a cap. */
  | {
      readonly kind: 'recorded'
      readonly concurrency: number
      readonly rate: number
      readonly timeScale: number
      readonly rampSeconds?: number
      readonly part?: Part
    }
  /**
   * Sessions arrive as a Poisson stream, so many a second that they have `rate` steps a second
   * between them; each then goes through its steps with its gaps times `timeScale`. At most
   * `concurrency` are open at once.
   */
  | {
      readonly kind: 'partly-open'
      readonly concurrency: number
      readonly rate: number
      readonly timeScale: number
      readonly rampSeconds?: number
      readonly part?: Part
    }
  /** Nothing is sent. */
  | { readonly kind: 'idle' }

/** One of several threads that make one traffic between them. */
export interface Shard {
  /** From 0. */
  readonly index: number
  readonly count: number
}

/**
 * Which part of a whole pace this is. The moments of a whole stream are dealt out in turn: part
 * `index` has those numbered `index` + 1, `index` + 1 + `count`, …, and of the users likewise. Rate
 * and concurrency of a pace with a part are the part's own.
 */
export interface Part extends Shard {
  /** Of the whole pace. */
  readonly users: number
}

/**
 * The pace of one shard; those of all shards make up the whole one, moment by moment, if they begin
 * together. A shard that is left without a user is idle, and the others share its rate. Single file is
 * the first shard's alone.
 */
export function paceOfShard(pace: Pace, { index, count }: Shard): Pace {
  if (pace.kind === 'idle' || count === 1) return pace
  if (pace.kind === 'single-file') return index === 0 ? pace : { kind: 'idle' }
  const users = Math.floor(pace.concurrency / count)
  const concurrency = users + (index < pace.concurrency % count ? 1 : 0)
  if (concurrency === 0) return { kind: 'idle' }
  const active = Math.min(count, pace.concurrency)
  const part = { index, count: active, users: pace.concurrency }
  const { rate } = pace
  return { ...pace, concurrency, part, ...(rate === undefined ? {} : { rate: rate / active }) }
}

/**
 * So many shards at most that their buckets together admit no more than one would: below four
 * requests a second each, the one request that every bucket admits at once would add up.
 */
export function mostShards(maxRps: number, concurrency: number): number {
  return Math.max(1, Math.min(concurrency, Math.floor(maxRps / 4)))
}
