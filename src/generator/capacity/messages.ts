/** What the coordinator of a capacity measurement and its threads say to each other. */

import type { LevelCounts, LevelTask } from './level.ts'
import type { CapacityTarget } from './target.ts'

export type ToCapacityWorker =
  | { readonly kind: 'target'; readonly target: CapacityTarget }
  | { readonly kind: 'level'; readonly task: LevelTask; readonly arm: CapacityTarget['arm'] }
  | { readonly kind: 'stop' }

export type FromCapacityWorker =
  | { readonly kind: 'counts'; readonly counts: LevelCounts }
  | { readonly kind: 'failed'; readonly message: string }
