/** The rollouts of one process: checks and starts them, takes them over, and answers for all. */

import { readJournal } from '../../../profiles-db/journal.ts'
import { findInvestigation, listInvestigations } from '../../../profiles-db/investigations.ts'
import { addAudit, addWord, listAudit, readReadings } from '../../../profiles-db/rollout-notes.ts'
import {
  findRollout,
  insertRollout,
  listRollouts,
  openRollouts,
  takeRollout,
  type StoredRollout,
} from '../../../profiles-db/rollouts.ts'
import type { Alert, AuditEntry, Investigation } from '../../core/contract/investigation.ts'
import { mergePolicy } from '../../core/contract/policy.ts'
import type { Policy } from '../../core/contract/policy-rules.ts'
import {
  readingsSchema,
  type ReadingPoint,
  type RolloutBody,
  type RolloutDocument,
  type RolloutEvent,
} from '../../core/contract/rollout.ts'
import { CapacityError, ConflictError, UsageError, messageOf } from '../../core/errors.ts'
import type { TwinSeries } from '../../core/twins.ts'
import type { Metric } from '../../core/verdict.ts'
import { courseSentence } from '../course.ts'
import { actsIn, isEnd } from '../machine.ts'
import { because } from '../reasons.ts'
import type { Page, Rollouts, Word } from '../rollouts.ts'
import { createRollout } from '../state.ts'
import { control, type Changed, type RolloutParts } from './control.ts'
import type { Controller } from './controller.ts'
import { documentOf, outlineOf, wholeDocument } from './document.ts'
import { isDead, nameHolder } from './holder.ts'
import { eventOf } from './lines.ts'
import { checkStart } from './preflight.ts'
import { isGoingToZero } from './readings.ts'

/** A controller that said nothing for so long is gone, even if its process still stands there. */
const GONE_MS = 15_000
const POLL_MS = 1_000
const MOST_EVENTS = 10_000
const MOST_READINGS = 720
const RELEASE_MS = 30_000
const LOOK_MS = 50

export function createRollouts(parts: RolloutParts): Rollouts {
  return new RolloutService(parts)
}

class RolloutService implements Rollouts {
  readonly #parts: RolloutParts
  readonly #holder = nameHolder()
  readonly #controllers = new Map<string, Controller>()
  readonly #listeners = new Map<string, Set<(what: Changed) => void>>()
  readonly #polls = new Set<NodeJS.Timeout>()

  constructor(parts: RolloutParts) {
    this.#parts = parts
  }

  policyFor(request: RolloutBody): Policy {
    return mergePolicy(this.#parts.config.policy, request.policy ?? {})
  }

  async start(request: RolloutBody, by: string): Promise<RolloutDocument> {
    const { database, clock } = this.#parts
    const policy = this.policyFor(request)
    const router = await checkStart(request, policy, this.#parts)
    const state = createRollout()
    const { name, version, target } = request
    const stored = {
      name,
      ...(version === undefined ? {} : { version }),
      target,
      router: router.name,
      policy,
      startedAt: this.#nowIso(),
      startedBy: by,
      state: state.state,
      document: state,
      holder: this.#holder,
      heartbeatMs: clock.wallMs(),
    }
    const reason = { code: 'created', message: courseSentence(policy) }
    const created = { kind: 'created', actor: by, document: { state: state.state, reason } }
    const { id, epoch } = insertRollout(database, stored, [created])
    await this.#control(id, epoch, false)
    return this.#whole(id)
  }

  async resume(id: string): Promise<RolloutDocument> {
    if (await this.#takeUp(id)) return this.#whole(id)
    const rollout = this.#must(id)
    if (rollout.endedAt !== undefined) throw refusal(rollout, 'resume')
    throw new CapacityError(`Cannot take up rollout ${id}: ${rollout.holder} controls it`, {
      code: 'rollout-held',
      where: id,
      mend: 'ask that one: its words (pause, abort, …) are brought to it',
    })
  }

  async resumeAll(): Promise<readonly string[]> {
    const taken: string[] = []
    for (const { id } of openRollouts(this.#parts.database)) {
      try {
        if (await this.#takeUp(id)) taken.push(id)
      } catch (thrown) {
        // One that cannot be controlled here (its router is gone) must not keep the others.
        this.#parts.log(`rollout ${id}: ${messageOf(thrown)}`)
      }
    }
    return taken
  }

  async tell(id: string, word: Word): Promise<void> {
    const rollout = this.#must(id)
    const state = this.#controllers.get(id)?.state().state ?? rollout.state
    if (isEnd(state) || !actsIn(state).includes(word.act)) {
      throw refusal({ ...rollout, state }, word.act)
    }
    const said = { ...word, by: nameOf(word) }
    if (!addWord(this.#parts.database, id, said, this.#nowIso())) {
      throw new CapacityError(`Cannot ${word.act} rollout ${id}: too many words wait already`, {
        code: 'rollout-held',
        where: id,
        mend: 'see whether its controller still runs: outrider rollout status',
      })
    }
    this.#controllers.get(id)?.wake()
  }

  find(id: string): RolloutDocument | undefined {
    return findRollout(this.#parts.database, id) === undefined ? undefined : this.#whole(id)
  }

  list(page: Page): ReturnType<Rollouts['list']> {
    const { database } = this.#parts
    const { rollouts: found, nextCursor } = listRollouts(database, page)
    const rollouts = found.map((rollout) =>
      outlineOf(database, rollout, this.#controllers.get(rollout.id), this.#isControlled(rollout)),
    )
    return { rollouts, ...(nextCursor === undefined ? {} : { nextCursor }) }
  }

  watch(id: string, afterSeq: number, listener: (event: RolloutEvent) => void): () => void {
    let after = afterSeq
    const tellKept = (): void => {
      for (const line of readJournal(this.#parts.database, id, after, MOST_EVENTS)) {
        after = line.seq
        const event = eventOf(id, line)
        if (event !== undefined) listener(event)
      }
    }
    const told = (what: Changed): void => {
      const event = what === 'journal' ? undefined : this.#moment(id, what)
      if (what === 'journal') tellKept()
      else if (event !== undefined) listener(event)
    }
    const listeners = this.#listeners.get(id) ?? new Set()
    this.#listeners.set(id, listeners.add(told))
    tellKept()
    // What another process controls is only seen by looking.
    const timer = setInterval(() => {
      if (!this.#controllers.has(id)) tellKept()
    }, POLL_MS)
    timer.unref()
    this.#polls.add(timer)
    return () => {
      clearInterval(timer)
      this.#polls.delete(timer)
      listeners.delete(told)
      if (listeners.size === 0) this.#listeners.delete(id)
    }
  }

  series(id: string, action: string, metric: Metric): TwinSeries | undefined {
    return this.#controllers.get(id)?.company().twins()?.series(action, metric)
  }

  readings(id: string): readonly ReadingPoint[] {
    this.#must(id)
    const readings = readReadings(this.#parts.database, id, MOST_READINGS)
    return readingsSchema.parse({ readings }).readings
  }

  alerts(page: Page): { alerts: Alert[]; nextCursor?: string } {
    return this.#parts.alerts.list(page)
  }

  findAlert(id: string): Alert | undefined {
    return this.#parts.alerts.find(id)
  }

  investigations(
    page: Page & { rollout?: string; run?: string },
  ): ReturnType<Rollouts['investigations']> {
    return listInvestigations(this.#parts.database, page)
  }

  findInvestigation(id: string): Investigation | undefined {
    return findInvestigation(this.#parts.database, id)
  }

  openOn(router: string): { readonly id: string; readonly name: string } | undefined {
    return openRollouts(this.#parts.database).find((rollout) => rollout.router === router)
  }

  audit(page: Page): { entries: AuditEntry[]; nextCursor?: string } {
    return listAudit(this.#parts.database, page)
  }

  noteAudit(entry: Omit<AuditEntry, 'number' | 'at'>): void {
    addAudit(this.#parts.database, { ...entry, at: this.#nowIso() })
  }

  async settled(id: string): Promise<RolloutDocument> {
    await this.#controllers.get(id)?.done
    return this.#whole(id)
  }

  async release(id: string, word?: Word): Promise<RolloutDocument> {
    const controller = this.#controllers.get(id)
    if (controller !== undefined && word !== undefined) {
      if (actsIn(controller.state().state).includes(word.act)) {
        await this.tell(id, word)
        await waitFor(() => controller.state().state === 'paused', controller.done)
      }
    }
    // A way to 0 that has begun is gone to its end: nobody would go on with it.
    const isLeaving = controller !== undefined && isGoingToZero(controller.state())
    await (isLeaving ? controller.done : controller?.close())
    return await this.settled(id)
  }

  async close(): Promise<void> {
    const closing = [...this.#controllers.values()].map((controller) => controller.close())
    await Promise.allSettled(closing)
    for (const timer of this.#polls) clearInterval(timer)
    this.#listeners.clear()
  }

  async #takeUp(id: string): Promise<boolean> {
    const { database, clock } = this.#parts
    const rollout = this.#must(id)
    if (rollout.endedAt !== undefined) return false
    if (this.#controllers.has(id)) return true
    const isGone = this.#isGone.bind(this)
    const epoch = takeRollout(database, id, this.#holder, clock.wallMs(), isGone)
    if (epoch === undefined) return false
    await this.#control(id, epoch, true)
    return true
  }

  async #control(id: string, epoch: number, isTakenOver: boolean): Promise<void> {
    const changed = (what: Changed): void => {
      for (const listener of this.#listeners.get(id) ?? []) listener(what)
    }
    const { controller, over } = await control(this.#parts, this.#must(id), epoch, {
      isTakenOver,
      changed,
    })
    this.#controllers.set(id, controller)
    void over.then(() => {
      this.#controllers.delete(id)
      changed('journal')
    })
  }

  #moment(id: string, what: 'reading' | 'block'): RolloutEvent | undefined {
    const controller = this.#controllers.get(id)
    const rollout = findRollout(this.#parts.database, id)
    if (controller === undefined || rollout === undefined) return undefined
    const base = { at: this.#nowIso(), rollout: id }
    const reading = controller.lastReading()
    if (what === 'block') {
      return { kind: 'block', ...base, document: documentOf(rollout, controller, true) }
    }
    return reading === undefined ? undefined : { kind: 'reading', ...base, reading }
  }

  #whole(id: string): RolloutDocument {
    const rollout = this.#must(id)
    const isControlled = this.#isControlled(rollout)
    return wholeDocument(this.#parts.database, rollout, this.#controllers.get(id), isControlled)
  }

  #must(id: string): StoredRollout {
    const found = findRollout(this.#parts.database, id)
    if (found !== undefined) return found
    throw new UsageError(`Cannot find rollout "${id.slice(0, 80)}": there is none of this id`, {
      code: 'unknown-rollout',
      where: 'id',
      mend: 'outrider rollout list shows those that are kept',
    })
  }

  #isControlled({ id, endedAt, holder, heartbeatMs }: StoredRollout): boolean {
    if (this.#controllers.has(id)) return true
    return endedAt === undefined && holder !== undefined && !this.#isGone(holder, heartbeatMs)
  }

  #isGone(holder: string, heartbeatMs: number): boolean {
    return isDead(holder) || this.#parts.clock.wallMs() - heartbeatMs > GONE_MS
  }

  #nowIso(): string {
    return new Date(this.#parts.clock.wallMs()).toISOString()
  }
}

function refusal({ id, state, endedAt }: StoredRollout, act: Word['act']): ConflictError {
  const { message } = because.actRefused(act, state)
  const said =
    endedAt === undefined
      ? `${message.charAt(0).toUpperCase()}${message.slice(1)}`
      : `Already ${state.replaceAll('_', ' ')} at ${clockTime(endedAt)}; nothing was changed`
  return new ConflictError(said, {
    code: 'act-refused',
    where: id,
    mend: `outrider rollout status ${id} shows what may be asked for`,
  })
}

/** `14:09:00`, local time. */
function clockTime(iso: string): string {
  return new Date(iso).toTimeString().slice(0, 8)
}

/** The policy's own name cannot be a person's. */
function nameOf({ by }: Word): string {
  const name = by.trim().slice(0, 200)
  return name === '' || name === 'policy' || name === 'router' ? `person "${name}"` : name
}

async function waitFor(isSo: () => boolean, over: Promise<void>): Promise<void> {
  const until = performance.now() + RELEASE_MS
  const late = new Promise<'late'>((resolve) => {
    setTimeout(() => resolve('late'), RELEASE_MS).unref()
  })
  const isDone = Promise.race([over, late]).then(() => true)
  while (!isSo() && performance.now() < until) {
    const pause = new Promise<false>((resolve) => {
      setTimeout(() => resolve(false), LOOK_MS)
    })
    if (await Promise.race([isDone, pause])) return
  }
}
