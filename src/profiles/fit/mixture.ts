/**
 * Kinds of sessions: a mixture of Markov chains by expectation and maximisation (Dempster, Laird,
 * Rubin 1977; for clickstreams Cadez, Heckerman, Meek, Smyth, White 2003).
 *
 * Each session belongs to each kind to the extent that the kind's chain explains it, and each chain
 * is made of all sessions by that extent. Hard groups (k-means on visits and lengths) were tried and
 * left: cutting by length makes chains whose own lengths spread beyond the cut, so the lengths of
 * all sessions came out worse than with one chain. Each kind leans on the chain of all by the weight
 * of one visit to a state, so that nothing is impossible to it that others did.
 */

import { createRandom, type Random } from '../../core/random.ts'

/** Sessions as the transitions they consist of, from the start to the end. */
export interface Encoded {
  /** Each different one once. */
  readonly sequences: readonly Int32Array[]
  /** Which of them each session is. */
  readonly sessions: Int32Array
  /** The row (the state that is left) of each transition. */
  readonly rows: Int32Array
  readonly rowCount: number
}

export interface Mixture {
  /** Schwarz's criterion, of the sessions looked at: the smaller, the better the kinds pay for their parameters. */
  readonly cost: number
  /** By kind, to what extent each session belongs to it. */
  readonly belongs: readonly Float64Array[]
}

/** Sessions that the kinds are sought among; more would not make them clearer. */
const SAMPLE = 5000
const STARTS = 4
const FIRST_ROUNDS = 8
const MOST_ROUNDS = 40
/** Less gain of the likelihood for each session is none. */
const CONVERGED = 1e-4
/** Expected transitions below this are no parameter of a kind. */
const PRESENT = 0.5

export function encode(sequences: readonly (readonly string[])[]): Encoded {
  const ids = new Map<string, number>()
  const rowIds = new Map<string, number>()
  const rows: number[] = []
  const numbers = new Map<string, number>()
  const different: Int32Array[] = []
  const sessions = Int32Array.from(sequences, (states) => {
    let from = ''
    const transitions = Int32Array.from([...states, ''], (to) => {
      const key = `${from}\n${to}`
      const row = rowIds.get(from) ?? rowIds.size
      rowIds.set(from, row)
      const id = ids.get(key) ?? ids.size
      if (id === ids.size) {
        ids.set(key, id)
        rows.push(row)
      }
      from = to
      return id
    })
    const key = transitions.join(' ')
    const number = numbers.get(key) ?? different.length
    if (number === different.length) {
      numbers.set(key, number)
      different.push(transitions)
    }
    return number
  })
  return { sequences: different, sessions, rows: Int32Array.from(rows), rowCount: rowIds.size }
}

/** Sessions of the same transitions, once with their number. */
interface Weighted {
  readonly number: number
  readonly transitions: Int32Array
  readonly count: number
}

interface Kind {
  share: number
  /** Logarithms, by transition. */
  readonly chances: Float64Array
  /** Expected counts behind them. */
  readonly counts: Float64Array
}

/** The same for the same sessions and seed. */
export function fitMixture(encoded: Encoded, kindCount: number, seed: number): Mixture {
  const all = weighted(encoded, 1)
  const sample = weighted(encoded, Math.ceil(encoded.sessions.length / SAMPLE))
  const sessionCount = sample.reduce((sum, { count }) => sum + count, 0)
  const whole = kindOf(encoded, all, undefined, undefined)
  const improve = (start: Kind[], rounds: number): Fitted =>
    climb(encoded, sample, whole, start, rounds)
  const firsts = Array.from({ length: kindCount === 1 ? 1 : STARTS }, (_, start) => {
    const random = createRandom(seed, `mixture/${kindCount}/${start}`)
    return improve(randomKinds(encoded, sample, whole, kindCount, random), FIRST_ROUNDS)
  })
  const best = firsts.reduce((one, other) => (other.likelihood > one.likelihood ? other : one))
  const { kinds, likelihood } = improve(best.kinds, MOST_ROUNDS)
  const { belongs } = expect(all, kinds)
  const placeOf = new Map(all.map(({ number }, place) => [number, place]))
  const places = encoded.sessions.map((number) => placeOf.get(number) ?? 0)
  return {
    cost: costOf(encoded, kinds, likelihood, sessionCount),
    belongs: belongs.map((own) => Float64Array.from(places, (place) => own[place] ?? 0)),
  }
}

/** Every so many-th session, equal ones once with their number. */
function weighted({ sequences, sessions }: Encoded, stride: number): Weighted[] {
  const counts = new Map<number, number>()
  for (let index = 0; index < sessions.length; index += stride) {
    const number = sessions[index] ?? 0
    counts.set(number, (counts.get(number) ?? 0) + 1)
  }
  return [...counts].map(([number, count]) => ({
    number,
    transitions: sequences[number] ?? new Int32Array(),
    count,
  }))
}

interface Fitted {
  readonly kinds: Kind[]
  readonly likelihood: number
}

function randomKinds(
  encoded: Encoded,
  sample: readonly Weighted[],
  whole: Kind,
  kindCount: number,
  random: Random,
): Kind[] {
  const draws = sample.map(() => {
    const parts = Array.from({ length: kindCount }, () => random.exponential() ** 2)
    const sum = parts.reduce((total, part) => total + part, 0)
    return parts.map((part) => part / sum)
  })
  return Array.from({ length: kindCount }, (_, kind) =>
    kindOf(
      encoded,
      sample,
      Float64Array.from(draws, (parts) => parts[kind] ?? 0),
      whole,
    ),
  )
}

function climb(
  encoded: Encoded,
  sample: readonly Weighted[],
  whole: Kind,
  start: Kind[],
  rounds: number,
): Fitted {
  let kinds = start
  let likelihood = -Infinity
  for (let round = 0; round < rounds; round += 1) {
    const expected = expect(sample, kinds)
    const gain = expected.likelihood - likelihood
    likelihood = expected.likelihood
    kinds = expected.belongs.map((own) => kindOf(encoded, sample, own, whole))
    if (gain < CONVERGED * sample.length) break
  }
  return { kinds, likelihood }
}

/** To what extent each session belongs to each kind. */
function expect(
  sessions: readonly Weighted[],
  kinds: readonly Kind[],
): { belongs: Float64Array[]; likelihood: number } {
  const belongs = kinds.map(() => new Float64Array(sessions.length))
  const logs = new Float64Array(kinds.length)
  let likelihood = 0
  for (const [index, { transitions, count }] of sessions.entries()) {
    let most = -Infinity
    for (const [kind, { share, chances }] of kinds.entries()) {
      let log = Math.log(share)
      // Indexes, not iterators: this is where the time of a fit goes.
      for (let at = 0; at < transitions.length; at += 1) log += chances[transitions[at] ?? 0] ?? 0
      logs[kind] = log
      most = Math.max(most, log)
    }
    let sum = 0
    for (const log of logs) sum += Math.exp(log - most)
    likelihood += count * (most + Math.log(sum))
    for (const [kind, own] of belongs.entries()) {
      own[index] = Math.exp((logs[kind] ?? 0) - most) / sum
    }
  }
  return { belongs, likelihood }
}

/** The chain of these sessions, leaning on that of all; without `belongs` all count. */
function kindOf(
  { rows, rowCount }: Encoded,
  sessions: readonly Weighted[],
  belongs: Float64Array | undefined,
  whole: Kind | undefined,
): Kind {
  const counts = new Float64Array(rows.length)
  let own = 0
  let all = 0
  for (const [index, { transitions, count }] of sessions.entries()) {
    const extent = count * (belongs?.[index] ?? 1)
    own += extent
    all += count
    for (let at = 0; at < transitions.length; at += 1) {
      const transition = transitions[at] ?? 0
      counts[transition] = (counts[transition] ?? 0) + extent
    }
  }
  const visits = new Float64Array(rowCount)
  for (const [transition, row] of rows.entries()) {
    visits[row] = (visits[row] ?? 0) + (counts[transition] ?? 0)
  }
  const lean = whole === undefined ? 0 : 1
  const chances = Float64Array.from(rows, (row, transition) => {
    const usual = whole === undefined ? 0 : Math.exp(whole.chances[transition] ?? 0)
    return Math.log(((counts[transition] ?? 0) + lean * usual) / ((visits[row] ?? 0) + lean))
  })
  return { share: Math.max(own / all, 1e-12), chances, counts }
}

function costOf(
  { rows, rowCount }: Encoded,
  kinds: readonly Kind[],
  likelihood: number,
  sessionCount: number,
): number {
  let parameters = kinds.length - 1
  for (const { counts } of kinds) {
    const leaving = new Uint8Array(rowCount)
    for (const [transition, count] of counts.entries()) {
      if (count < PRESENT) continue
      parameters += 1
      leaving[rows[transition] ?? 0] = 1
    }
    parameters -= leaving.reduce((sum, row) => sum + row, 0)
  }
  return -2 * likelihood + parameters * Math.log(sessionCount)
}
