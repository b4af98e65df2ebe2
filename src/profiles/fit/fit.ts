/**
 * From recorded sessions to a population: a model that can make any number of users who behave like
 * the people of the recording, and that says nothing about any of them.
 *
 * A session is a semi-Markov chain with a memory (memory.ts), its transitions are those that k
 * people made (chain.ts), its times are laws or tables (think.ts), its values those that k people
 * used (values.ts). Different kinds of sessions become personas where the data ask for it (mix.ts),
 * the behaviour mix of WESSBAS (Vögele, van Hoorn, Schulz, Hasselbring, Krcmar 2018, SoSyM). The
 * result is the text of a population file; the model is what that text says, so a fitted population
 * and the file saved from it are the same.
 */

import { UsageError } from '../../core/errors.ts'
import { writeYaml } from '../../core/yaml.ts'
import type { Ontology } from '../../actions/ontology.ts'
import type { RecordedStep } from '../derive/anonymise.ts'
import { parsePopulation, type Population } from '../synthesise/document.ts'
import { atOnce, eachSliced, within, type Sliced } from '../slices.ts'
import { fitChain, type StateSession } from './chain.ts'
import { inferFlags, statesOf } from './memory.ts'
import { fitMix } from './mix.ts'
import { toFitSessions } from './session.ts'
import { deviceShares, geoShares } from './shares.ts'
import { createThinkModels } from './think-models.ts'
import { fitData } from './values.ts'
import { weightsOf } from './weights.ts'

export interface FitOptions {
  readonly ontology: Ontology
  /** What fewer than so many people did is not in the model; 1 to 1000, 1 for one's own doing only. */
  readonly k: number
  /** Of the grouping into personas. */
  readonly seed: number
  /** Of the population; ids of its users begin with it. */
  readonly name: string
  /**
   * What the file calls its ontology: a ready one by name, or a path as seen from where the file
   * will be; default: the name of the ontology's file, beside it.
   */
  readonly reference?: string
}

export interface FittedPopulation {
  readonly population: Population
  /** The population file. */
  readonly yaml: string
  /** What is not in the model because fewer than k people did it. */
  readonly removed: {
    /** Steps and ends of sessions whose transition is left out. */
    readonly rareTransitions: number
    /** Steps with a value that is left out. */
    readonly rareValues: number
    /** Sessions whose place became a larger one or none, whose device became `other`. */
    readonly rarePlaces: number
    readonly rareDevices: number
  }
}

/** Sessions longer than this are cut in the model; a profile holds as many. */
const MOST_STEPS = 10_000

/**
 * @param sessions of one person each, in order of time
 * @throws UsageError with code `bad-k`, or `nothing-to-fit` where not even one first step was made by
 *   k people
 */
export function fitPopulation(
  sessions: readonly (readonly RecordedStep[])[],
  options: FitOptions,
): FittedPopulation {
  return atOnce(fitSliced(sessions, options))
}

/** As `fitPopulation`, in slices. */
export function* fitSliced(
  sessions: readonly (readonly RecordedStep[])[],
  options: FitOptions,
): Sliced<FittedPopulation> {
  const { ontology, k, name } = options
  checkK(k)
  const known = toFitSessions(sessions, (action) => ontology.actions.has(action))
  yield 0.05
  const flags = yield* within(0.05, 0.3, inferFlags(known, ontology, k))
  const states: StateSession[] = []
  const remember = eachSliced(known, (session) => {
    states.push({ session, states: statesOf(session, flags), extent: 1 })
  })
  yield* within(0.3, 0.35, remember)
  const thinks = yield* within(0.35, 0.55, createThinkModels(known, k))
  const mixing = fitMix(states, (own) => fitChain(own, thinks, k), options.seed)
  const mix = yield* within(0.55, 0.9, mixing)
  if (mix === undefined) throw nothingToFit(known.length, k)
  const { data, records, rareValues } = yield* within(0.9, 1, fitData(known, k))
  const geo = geoShares(known, k)
  const device = deviceShares(known, k)
  const shares = weightsOf(new Map(mix.map((persona) => [persona.name, persona.count])))
  const longest = known.reduce((most, { steps }) => Math.max(most, steps.length), 1)
  const document = {
    version: 1,
    ontology: options.reference ?? referenceTo(ontology.file),
    geo: geo.shares,
    device: device.shares,
    ...(Object.keys(data).length > 0 ? { data } : {}),
    ...(Object.keys(records).length > 0 ? { records } : {}),
    personas: Object.fromEntries(
      mix.map(({ name: persona, chain }) => [
        persona,
        {
          share: shares[persona],
          ...(mix.length > 1 ? { labels: [persona] } : {}),
          max_steps: Math.min(MOST_STEPS, 2 * longest),
          start: chain.start,
          states: chain.states,
        },
      ]),
    ),
  }
  const yaml = writeYaml(document, heading(known.length, k))
  return {
    population: parsePopulation(yaml, `${name}.yaml`, name, ontology),
    yaml,
    removed: {
      rareTransitions: Math.round(mix.reduce((sum, { chain }) => sum + chain.rareTransitions, 0)),
      rareValues,
      rarePlaces: geo.rare,
      rareDevices: device.rare,
    },
  }
}

function heading(sessions: number, k: number): string {
  return `A population fitted to ${sessions} recorded sessions. Weights are parts of 1000.
Nothing that fewer than ${k} people did is in it.`
}

/** A file beside the population. */
function referenceTo(file: string): string {
  const name = file.split(/[/\\]/).at(-1) ?? file
  return /\.ya?ml$/.test(name) ? name : `${name}.yaml`
}

function checkK(k: number): void {
  if (Number.isInteger(k) && k >= 1 && k <= 1000) return
  throw new UsageError(`Cannot fit a population: k ${k} is not within 1 to 1000`, {
    code: 'bad-k',
    where: '--k',
    mend: 'use 5, or more where few visitors must stay unrecognised',
  })
}

function nothingToFit(sessions: number, k: number): UsageError {
  return new UsageError(
    `Cannot fit a population: in ${sessions} sessions no first step was made by ${k} people`,
    {
      code: 'nothing-to-fit',
      where: '--k',
      mend: 'import more sessions, or check that the routes of the ontology name the actions',
    },
  )
}
