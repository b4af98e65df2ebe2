/** The arms of a run: what is trusted, what is tried, and a second copy of what is trusted. */

export const ARMS = ['baseline', 'canary', 'control'] as const

export type Arm = (typeof ARMS)[number]
