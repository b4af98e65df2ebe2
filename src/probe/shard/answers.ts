/**
 * Compares the answers of a step: canary against baseline, and, where the baseline answered twice,
 * what is noise. Keeps the first example of each path that differs.
 *
 * A step is compared only if every arm answered as it should and every answer was handed over; a
 * rule on one arm alone would bias the count.
 */

import { createHider } from '../../actions/secrets.ts'
import { decompress } from '../../actions/response/received.ts'
import { createIgnore, type Ignore } from '../../actions/ignore.ts'
import type { ActionDocument } from '../../core/contract/ontology.ts'
import {
  compareAnswers,
  MOST_EXAMPLE_CHARS,
  MOST_PATHS,
  MOST_TEXT_CHARS,
  readAnswer,
  textsOf,
  type AnswerView,
  type FieldTexts,
} from '../../analysis/answers/compare.ts'
import { createOwnWords, type OwnWords } from '../../analysis/answers/own.ts'
import { excerptsOf } from '../../analysis/answers/text.ts'
import type { AnswerDiff, FieldExample, PairAnswers } from '../../core/answers.ts'
import type { Arm } from '../../core/arm.ts'
import type { Exchange, Remembered } from '../../generator/traffic.ts'
import { createRedactor, isTellingName, REDACTED, type Redactor } from '../inquiry/redact.ts'
import { createOwnChanges, type Keep } from './compared/own-changes.ts'

export interface AnswerComparerOptions {
  /** By name, as the ontology has them; a step of any other action is compared in full. */
  readonly actions: ReadonlyMap<string, { readonly document: Pick<ActionDocument, 'ignore'> }>
  /** Values that must never be shown, by name. */
  readonly secrets: Readonly<Record<string, string>>
  /** Where each arm is asked: an answer may name its own address. */
  readonly addresses: Readonly<Partial<Record<Arm, string>>>
  /** The run changes data, and no control arm shows what of it comes back. */
  readonly storesUnseen?: boolean
}

export interface StepAnswers {
  readonly action: string
  /** Of all arms, in any order. */
  readonly exchanges: readonly Exchange[]
  /** Second answers of baseline and canary to the same requests; left out or empty = none. */
  readonly repeats?: readonly Exchange[]
}

/** Each against the baseline's first answer. */
export interface StepDiffs {
  readonly canary: AnswerDiff
  readonly control?: AnswerDiff
  readonly repeatBaseline?: AnswerDiff
  readonly repeatCanary?: AnswerDiff
}

export interface ComparedStep {
  readonly answers: PairAnswers
  /** For the lines of the samples. */
  readonly diffs: StepDiffs
}

export interface ActionExamples {
  readonly action: string
  readonly examples: readonly FieldExample[]
}

export interface AnswerComparer {
  /** A step that changes data has ended, of whatever action. */
  wrote(action: string): void
  /** Undefined where the step cannot be compared. */
  compare(step: StepAnswers): ComparedStep | undefined
  /** Those that are new since the last call. */
  takeExamples(): ActionExamples[]
}

/** Of one action: what is not compared, which paths have an example, and what was not taken yet. */
interface Known {
  readonly ignore: Ignore | undefined
  readonly paths: Set<string>
  readonly fresh: FieldExample[]
}

export function createAnswerComparer(options: AnswerComparerOptions): AnswerComparer {
  const redact = createRedactor(options.secrets)
  // A member's name is part of a path, and a target may give it any name.
  const hide = createHider(options.secrets, (name) => `{{secret.${name}}}`)
  const actions = new Map<string, Known>()
  const changes = options.storesUnseen === true ? createOwnChanges() : undefined

  const knownOf = (action: string): Known => {
    const known = actions.get(action) ?? {
      ignore: createIgnore(options.actions.get(action)?.document.ignore ?? []),
      paths: new Set(),
      fresh: [],
    }
    actions.set(action, known)
    return known
  }

  return {
    wrote: (action) => changes?.wrote(action),
    compare(step) {
      const views = viewsOf(step, options)
      if (views === undefined) return undefined
      const known = knownOf(step.action)
      const keep: Keep | undefined = changes?.seen(step.action, views.baseline, known.ignore)
      const diffOf = (view: AnswerView): AnswerDiff => {
        const found = compareAnswers(views.baseline, view, known.ignore)
        const diff = keep?.(found) ?? found
        if (view === views.canary || view === views.repeatCanary) {
          learn(known, views.baseline, view, diff, redact)
        }
        return { paths: diff.paths.map(hide), shapes: diff.shapes.map(hide) }
      }
      const diffs: StepDiffs = {
        canary: diffOf(views.canary),
        ...(views.control && { control: diffOf(views.control) }),
        ...(views.repeatBaseline && { repeatBaseline: diffOf(views.repeatBaseline) }),
        ...(views.repeatCanary && { repeatCanary: diffOf(views.repeatCanary) }),
      }
      return { answers: answersOf(diffs), diffs }
    },
    takeExamples() {
      return [...actions].flatMap(([action, { fresh }]) =>
        fresh.length === 0
          ? []
          : [
              {
                action,
                examples: fresh.splice(0).map((one) => ({ ...one, path: hide(one.path) })),
              },
            ],
      )
    },
  }
}

/** A control arm answers every pair, so it goes before second answers of the same arm. */
function answersOf({ canary, control, repeatBaseline, repeatCanary }: StepDiffs): PairAnswers {
  if (control !== undefined) return { canary, noise: { canary, control } }
  if (repeatBaseline === undefined || repeatCanary === undefined) return { canary }
  return { canary, noise: { canary: repeatCanary, control: repeatBaseline } }
}

/** The first example of each path that has none yet, up to a hundred of an action. */
function learn(
  { paths, fresh, ignore }: Known,
  baseline: AnswerView,
  canary: AnswerView,
  diff: AnswerDiff,
  redact: Redactor,
): void {
  const missing = diff.paths.filter((path) => !paths.has(path)).slice(0, MOST_PATHS - paths.size)
  if (missing.length === 0) return
  for (const path of missing) paths.add(path)
  for (const texts of textsOf(baseline, canary, new Set(missing), ignore)) {
    fresh.push(exampleOf(texts, redact))
  }
}

/** Redacted before it is cut: of half a secret nobody could tell that it is one. */
function exampleOf({ path, first, other }: FieldTexts, redact: Redactor): FieldExample {
  const shown = (text: string): string => {
    const isCut = text.length >= MOST_TEXT_CHARS
    if (path.startsWith(HEADER)) return redact.header(path.slice(HEADER.length), text, isCut)
    return path.startsWith('$') && isTellingName(path) ? REDACTED : redact.body(text, isCut)
  }
  const [baseline, canary] = excerptsOf(shown(first), shown(other), MOST_EXAMPLE_CHARS)
  return { path, baseline, canary }
}

const HEADER = 'header:'

interface Views {
  readonly baseline: AnswerView
  readonly canary: AnswerView
  readonly control: AnswerView | undefined
  readonly repeatBaseline: AnswerView | undefined
  readonly repeatCanary: AnswerView | undefined
}

/** An exchange of which everything is there that can be compared. */
interface Said extends Remembered {
  readonly arm: Arm
  readonly status: number | undefined
}

function viewsOf(step: StepAnswers, options: AnswerComparerOptions): Views | undefined {
  const first = saidOf(step.exchanges)
  const again = saidOf(step.repeats ?? [])
  const baseline = first?.get('baseline')
  const canary = first?.get('canary')
  if (first === undefined || again === undefined) return undefined
  if (baseline === undefined || canary === undefined) return undefined
  // Of a body that was cut only its length is known, and then that is compared in all arms.
  const isWhole = [...first.values(), ...again.values()].every(isKeptWhole)
  const words = ownWordsOf([...first.values()], options)
  const view = (said: Said): AnswerView => viewOf(said, isWhole, (text) => words(said.arm)(text))
  const findView = (said: Said | undefined): AnswerView | undefined => said && view(said)
  return {
    baseline: view(baseline),
    canary: view(canary),
    control: findView(first.get('control')),
    repeatBaseline: findView(again.get('baseline')),
    repeatCanary: findView(again.get('canary')),
  }
}

/** By arm; undefined where one of them did not answer as it should, or was not handed over. */
function saidOf(exchanges: readonly Exchange[]): ReadonlyMap<Arm, Said> | undefined {
  const said = new Map<Arm, Said>()
  for (const { arm, outcome, status, remembered } of exchanges) {
    if (outcome !== 'ok' || remembered === undefined) return undefined
    said.set(arm, { ...remembered, arm, status })
  }
  return said
}

function isKeptWhole({ chunks, bodyBytes }: Said): boolean {
  return chunks.reduce((sum, { length }) => sum + length, 0) === bodyBytes
}

function viewOf(
  { status, headers, chunks, bodyBytes }: Said,
  isWhole: boolean,
  own: OwnWords,
): AnswerView {
  const [only] = chunks
  const encoding = [headers['content-encoding']].flat()[0]
  const wire = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
  const decode = (): Buffer | undefined => {
    const plain = decompress(wire, encoding)
    // What it could not undo it hands back.
    return plain === wire && isCompression(encoding) ? undefined : plain
  }
  return readAnswer(status, headers, isWhole ? wire : { bytes: bodyBytes }, { decode, own })
}

function isCompression(encoding: string | undefined): boolean {
  return !/^\s*(identity)?\s*$/i.test(encoding ?? '')
}

/** Made when they are asked for: of most steps all answers have the same bytes. */
function ownWordsOf(
  said: readonly Said[],
  { addresses }: AnswerComparerOptions,
): (arm: Arm) => OwnWords {
  let words: ReadonlyMap<Arm, OwnWords> | undefined
  return (arm) => {
    words ??= new Map(
      createOwnWords(said.map((one) => partsOf(one, addresses[one.arm]))).map((own, index) => [
        said[index]?.arm ?? arm,
        own,
      ]),
    )
    return words.get(arm) ?? ((text) => text)
  }
}

/** What an arm was asked: where, what, with which headers. */
function partsOf({ request }: Said, address: string | undefined): string[] {
  const host = address === undefined || !URL.canParse(address) ? '' : new URL(address).host
  const named = new Map<string, string>()
  for (let index = 0; index < request.headers.length; index += 2) {
    named.set((request.headers[index] ?? '').toLowerCase(), request.headers[index + 1] ?? '')
  }
  const headers = ECHOED.map((name) => named.get(name) ?? '')
  return [host, request.path, typeof request.body === 'string' ? request.body : '', ...headers]
}

/** Headers whose values an application may repeat, and that differ between twins by nature. */
const ECHOED = ['traceparent', 'cookie', 'host', 'authorization', 'x-request-id', 'idempotency-key']
