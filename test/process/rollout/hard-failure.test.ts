import { afterEach, describe, expect, it } from 'vitest'
import { skipReason } from '../../support/parts.ts'
import { mustFind, openWorld, pause, QUICK, requestOf, type World } from './support-world.ts'

const reason = skipReason('haproxy')
/** At 30 % at once, and there for as long as the test takes. */
const AT_THIRTY = {
  ...QUICK,
  startBp: 3000,
  upBp: 500,
  intervalSeconds: 60,
  giveUpAfterSeconds: 3600,
}

describe.skipIf(reason !== undefined)(
  `a canary that fails outright at 30 % ${reason ?? ''}`,
  () => {
    let world: World | undefined
    afterEach(async () => {
      await world?.close()
      world = undefined
    })

    it.each([
      { how: 'refuses connections', limitSeconds: 5 },
      { how: 'answers 500', limitSeconds: 5 },
      // A request is given up after 3 s here; blocks wait for those that hang, at most 10 s.
      { how: 'hangs', limitSeconds: 15 },
    ] as const)('is at 0 on HAProxy within $limitSeconds s when it $how', async (failure) => {
      world = await openWorld({ timeoutMs: 3_000 })
      const { canary, live } = world
      const here = world
      const controller = world.startController(requestOf(failure.how, AT_THIRTY))
      await mustFind('30 %', async () => ((await here.weightBp()) === 3000 ? true : undefined))
      await mustFind('its users', () => (live.counts().answered.canary > 30 ? true : undefined))
      const before = live.counts()
      // What its own users meet until then is the canary's doing.
      const endOutage = live.beginOutage()
      const fromMs = performance.now()
      if (failure.how === 'refuses connections') await canary.refuse()
      else canary.mood = failure.how === 'hangs' ? 'hangs' : 'fails'
      await mustFind('0 %', async () => ((await here.weightBp()) === 0 ? true : undefined), 20_000)
      const seconds = (performance.now() - fromMs) / 1000
      const met = live.counts().failedBy.canary - before.failedBy.canary
      await controller.saw(/^settled \S+ rolled_back/m)
      process.stdout.write(
        `a canary that ${failure.how}: 0 % on HAProxy after ${seconds.toFixed(1)} s, ` +
          `${met} live requests answered 500 by it\n`,
      )
      expect(seconds).toBeLessThanOrEqual(failure.limitSeconds)
      const document = world.document()
      expect(document).toMatchObject({
        state: 'rolled_back',
        weightBp: 0,
        reason: { code: 'critical' },
      })
      const kept = world.journal(document.id).map(({ document: line }) => line['reason'])
      expect(kept).toContainEqual(expect.objectContaining({ code: 'critical' }))
      const alerts = world.observer.rollouts.alerts({ limit: 10 }).alerts
      expect(alerts.map(({ key }) => key)).toContain(`${document.id}/critical`)
      endOutage()
      canary.mood = 'well'
      // From now on nobody meets it any more.
      await pause(500)
      const after = live.counts()
      await pause(1500)
      expect(live.counts().answered.canary).toBe(after.answered.canary)
      expect(live.counts().lost).toEqual([])
    })
  },
)
