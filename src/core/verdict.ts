/** The words a run ends with. "Cannot say" is a member of each union, never an absence. */

export const METRICS = [
  'latency_typical',
  'latency_tail',
  'errors',
  'responses',
  'cpu',
  'memory',
] as const
export type Metric = (typeof METRICS)[number]

/** Of these each action has evidence of its own; the others belong to the whole service. */
export const ACTION_METRICS = ['latency_typical', 'latency_tail', 'errors', 'responses'] as const
export type ActionMetric = (typeof ACTION_METRICS)[number]

/** What a process uses, measured from outside. */
export const RESOURCE_METRICS = ['cpu', 'memory'] as const
export type ResourceMetric = (typeof RESOURCE_METRICS)[number]

export const VERDICTS = ['regressed', 'healthy', 'inconclusive'] as const
export type Verdict = (typeof VERDICTS)[number]

export const RUN_VERDICTS = ['regressed', 'healthy', 'inconclusive', 'invalid'] as const
export type RunVerdict = (typeof RUN_VERDICTS)[number]

export const PHASES = ['quiet', 'load'] as const
export type Phase = (typeof PHASES)[number]

export const ROLES = ['cause', 'victim', 'under_load'] as const
export type Role = (typeof ROLES)[number]

/** The action that stands for the whole service in findings, notes and streams. */
export const WHOLE_SERVICE = '*'
/** The pool of actions too rare to be judged alone. */
export const RARE_POOL = 'rare'
