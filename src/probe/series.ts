/**
 * What the charts of a run need, bounded whatever its length: when a stream has more than 720
 * points, neighbours are joined and keep their lowest and highest evidence, so that no crossing of
 * a threshold is lost.
 */

import type { TwinSeriesPoint as SeriesPoint } from '../core/twins.ts'
import { isMeasured } from '../analysis/judging/streams.ts'
import type { Plan } from '../core/contract/plan.ts'
import { METRICS, WHOLE_SERVICE, type Metric, type Phase } from '../core/verdict.ts'

export type { TwinSeries as Series, TwinSeriesPoint as SeriesPoint } from '../core/twins.ts'

const POINT_LIMIT = 720

export interface StreamValue {
  readonly lnEvidence: number
  readonly lnHealthyEvidence?: number
  readonly ratio?: number
  readonly pairs: number
}

export interface SeriesRecorder {
  add(
    action: string,
    metric: Metric,
    moment: {
      readonly at: number
      readonly phase: Phase
      readonly lnRun: number
      /** Of a rollout; default 0. */
      readonly episode?: number
    },
    value: StreamValue,
  ): void
  points(action: string, metric: Metric): readonly SeriesPoint[]
}

interface Track {
  points: SeriesPoint[]
  /** Blocks in one finished point; doubles each time the track is full. */
  width: number
  /** Blocks in the last point so far. */
  filled: number
}

/** The streams that have a chart: those that the plan measures. */
export function chartedStreams(plan: Plan): { readonly action: string; readonly metric: Metric }[] {
  const service = { action: WHOLE_SERVICE, scope: { kind: 'service' } as const }
  const actions = plan.actions.map(({ action }, index) => ({
    action,
    scope: { kind: 'action', index } as const,
  }))
  return [...actions, service].flatMap(({ action, scope }) =>
    METRICS.filter((metric) => isMeasured(plan, scope, metric)).map((metric) => ({
      action,
      metric,
    })),
  )
}

export function createSeriesRecorder(): SeriesRecorder {
  const tracks = new Map<string, Track>()
  return {
    add(action, metric, moment, value) {
      const key = keyOf(action, metric)
      const track = tracks.get(key) ?? { points: [], width: 1, filled: 0 }
      tracks.set(key, track)
      append(track, { episode: 0, ...moment, ...value })
    },
    points: (action, metric) => tracks.get(keyOf(action, metric))?.points ?? [],
  }
}

function keyOf(action: string, metric: Metric): string {
  return `${metric} ${action}`
}

function append(track: Track, point: SeriesPoint): void {
  const last = track.points.at(-1)
  if (last !== undefined && track.filled < track.width && belongTogether(last, point)) {
    track.points[track.points.length - 1] = join(last, point)
    track.filled += 1
    return
  }
  if (track.points.length >= POINT_LIMIT) {
    track.points = halve(track.points)
    track.width *= 2
  }
  track.points.push(point)
  track.filled = 1
}

function halve(points: readonly SeriesPoint[]): SeriesPoint[] {
  const joined: SeriesPoint[] = []
  let index = 0
  while (index < points.length) {
    const [earlier, later] = [points[index], points[index + 1]]
    if (earlier === undefined) break
    const pairable = later !== undefined && belongTogether(earlier, later)
    joined.push(pairable ? join(earlier, later) : earlier)
    index += pairable ? 2 : 1
  }
  return joined
}

/** Evidence begins anew with a phase and an episode. */
function belongTogether(earlier: SeriesPoint, later: SeriesPoint): boolean {
  return earlier.phase === later.phase && earlier.episode === later.episode
}

function join(earlier: SeriesPoint, later: SeriesPoint): SeriesPoint {
  return {
    ...later,
    minLnEvidence: Math.min(lowest(earlier), lowest(later)),
    maxLnEvidence: Math.max(highest(earlier), highest(later)),
  }
}

function lowest({ minLnEvidence, lnEvidence }: SeriesPoint): number {
  return minLnEvidence ?? lnEvidence
}

function highest({ maxLnEvidence, lnEvidence }: SeriesPoint): number {
  return maxLnEvidence ?? lnEvidence
}
