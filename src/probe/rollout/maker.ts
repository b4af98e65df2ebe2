/** The way to twins beside a rollout: everything that can be wrong is said before any traffic. */

import { createRolloutJudge, type RolloutJudge } from '../../analysis/rollout/judge.ts'
import { formatAddress } from '../../core/contract/target.ts'
import { messageOf, OutriderError } from '../../core/errors.ts'
import type { TwinMaker, Twins, TwinsOptions } from '../../core/twins.ts'
import { checkReachable } from '../../generator/reach.ts'
import type { ArmAddress } from '../../generator/traffic.ts'
import { nextRunId, saveRun } from '../../../profiles-db/runs.ts'
import { chooseArms, type ProfileChoice } from '../choose.ts'
import { claimTargets, type Claim } from '../claim.ts'
import type { ProbeOverrides, ProbeRequest } from '../requests.ts'
import { chooseRun, workerInput, type Chosen, type Parts } from '../start.ts'
import { prepareRollout } from './plan.ts'
import { readSnapshot, type TwinsSnapshot } from './snapshot.ts'
import { RunningTwins } from './twins.ts'

export interface TwinMakerParts extends Parts {
  /** Left out = the database's profiles by the configured criteria. */
  readonly profiles?: ProfileChoice
  readonly overrides?: ProbeOverrides
  readonly iOwnThis?: boolean
  /** Pause after the breaker or a crash; default 30 s. */
  readonly restartAfterMs?: number
}

const RESTART_AFTER_MS = 30_000
/** For a check α does not matter, but a plan has one. */
const ANY_TERMS = { alphas: { quiet: 0.005, load: 0.005, later: [] }, maxSeconds: 3600 }

export function createTwinMaker(parts: TwinMakerParts): TwinMaker {
  return {
    async check(target) {
      const request = requestOf(parts, target)
      const arms = await chooseArms(request, parts)
      await chooseRun(parts, request, arms, (run) => prepareRollout(run, ANY_TERMS))
      await checkReachable(arms)
    },
    async start(options) {
      const request = requestOf(parts, options.target)
      const arms = await chooseArms(request, parts)
      const chosen = await chooseRun(parts, request, arms, (run) => prepareRollout(run, options))
      const claim = claimTargets(arms.map(formatAddress))
      try {
        await checkReachable(arms)
        return await begin(parts, options, { request, arms, chosen, claim })
      } catch (thrown) {
        claim.release()
        throw thrown
      }
    },
  }
}

function requestOf(parts: TwinMakerParts, name: string): ProbeRequest {
  const { profiles, overrides, iOwnThis } = parts
  return {
    target: { kind: 'named', name },
    ...(profiles === undefined ? {} : { profiles }),
    ...(overrides === undefined ? {} : { overrides }),
    ...(iOwnThis === undefined ? {} : { iOwnThis }),
  }
}

interface Prepared {
  readonly request: ProbeRequest
  readonly arms: readonly ArmAddress[]
  readonly chosen: Chosen
  readonly claim: Claim
}

async function begin(
  parts: TwinMakerParts,
  options: TwinsOptions,
  { request, arms, chosen, claim }: Prepared,
): Promise<Twins> {
  const { database, clock } = parts
  const { judge, restored, note } = judgeOf(options, chosen)
  const runId = restored?.runId ?? nextRunId(database)
  const startedAt = restored?.startedAt ?? new Date(clock.wallMs()).toISOString()
  const stored = { id: runId, kind: 'probe', name: options.name, startedAt } as const
  saveRun(database, { ...stored, status: 'running' })
  const twins = new RunningTwins({
    options,
    clock,
    runId,
    startedAt,
    planHash: chosen.planHash,
    input: workerInput(parts, request, arms, chosen, runId),
    skipped: chosen.skipped,
    sources: chosen.watched.sources,
    judge,
    rate: Math.min(options.rate, chosen.maxRps),
    ...(restored === undefined ? {} : { restored }),
    ...(note === undefined ? {} : { note }),
    restartAfterMs: parts.restartAfterMs ?? RESTART_AFTER_MS,
    keep: (report) => saveRun(database, { ...stored, status: 'done', report }),
    release: () => claim.release(),
  })
  try {
    await twins.begin()
  } catch (thrown) {
    saveRun(database, { ...stored, status: 'failed' })
    throw notBegun(thrown)
  }
  return twins
}

/** The judge goes on from what was written down, if that belongs to this plan. */
function judgeOf(
  options: TwinsOptions,
  { plan, planHash }: Chosen,
): { judge: RolloutJudge; restored?: TwinsSnapshot; note?: string } {
  const { snapshot: text, alphas, critical, gate, episode } = options
  const snapshot = text === undefined ? undefined : readSnapshot(text)
  const restored = snapshot?.planHash === planHash ? snapshot : undefined
  const sinceSeconds = restored?.seconds ?? 0
  const ends = gate === undefined ? {} : { gateEndSeconds: sinceSeconds + gate.maxSeconds }
  const judge = createRolloutJudge(plan, { alphas, critical, ...ends }, restored?.judge)
  judge.beginEpisode(episode)
  if (restored !== undefined) return { judge, restored }
  if (text === undefined) return { judge }
  const why =
    snapshot === undefined
      ? 'what was written down cannot be read'
      : 'the actions, the profiles or the configuration changed'
  return { judge, note: `evidence begins anew: ${why}` }
}

function notBegun(thrown: unknown): OutriderError {
  if (thrown instanceof OutriderError) return thrown
  return new OutriderError(`Cannot start the twins: ${messageOf(thrown)}`, {
    code: 'run-failed',
    mend: 'try again; if it comes back, report it with this sentence',
    cause: thrown,
  })
}
