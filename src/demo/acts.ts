/** The three acts: what is deployed, how it has to end, and what that teaches. */

import { formatWeight } from '../core/weight.ts'
import { FIRST_BP } from './stage.ts'
import { SHOP_VERSIONS, type ShopVersion } from './catalogue.ts'
import type { Outcome } from './follow.ts'

export interface Act {
  readonly version: ShopVersion
  readonly story: string
  /** What has to come out, as a clause. */
  readonly told: string
  isAsTold(outcome: Outcome): boolean
  /** What to take away from it. */
  moral(outcome: Outcome): string
}

export const ACTS: readonly Act[] = [
  {
    version: SHOP_VERSIONS.slow,
    story:
      'Its makers rewrote the search: it asks the database for each product of the result page ' +
      'one by one. All tests passed, and every answer is right.',
    told: '1.4.2 is stopped at weight 0 because "search" is slower',
    isAsTold: ({ state, highestBp, named }) =>
      state === 'rolled_back' && highestBp === 0 && named.includes('search'),
    moral: () => 'Stopped at the gate, with "search" named. No customer ever met it.',
  },
  {
    version: SHOP_VERSIONS.leaking,
    story:
      'The search is mended. New is that customers who are signed in can turn pages in a ' +
      'category, for which it keeps a cursor of the database open, and forgets to close it. ' +
      'Twins do not sign in (that would change data), so the gate cannot know.',
    told: '1.4.3 passes the gate and is taken back from more than 5 % because "category" fails',
    isAsTold: ({ state, highestBp, named }) =>
      state === 'rolled_back' && highestBp > FIRST_BP && named.includes('category'),
    moral: ({ highestBp }) =>
      `Taken back from ${formatWeight(highestBp)}, with "category" named. The more customers ` +
      'used it, the sooner it ran out of cursors; the twins beside them saw which action failed.',
  },
  {
    version: SHOP_VERSIONS.mended,
    story: 'Turning pages is mended too.',
    told: '1.4.4 is promoted',
    isAsTold: ({ state, named }) => state === 'promoted' && named.length === 0,
    moral: () =>
      'Promoted: at 100 % nobody was left on the baseline, so the pipeline deployed 1.4.4 there, ' +
      'and the customers went back to it.',
  },
]
