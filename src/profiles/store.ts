/** The store of profiles: what is in the database, chosen by criteria. */

import type { Criteria } from '../core/contract/criteria.ts'
import type { Profile } from '../core/contract/profile.ts'
import { StoreError, UsageError, messageOf } from '../core/errors.ts'
import { jsonPointer } from '../core/parse.ts'
import { measuredCosts } from '../../profiles-db/costs.ts'
import { addProfiles } from '../../profiles-db/bulk.ts'
import { BlockWriter } from '../../profiles-db/blocks/write.ts'
import type { Database } from '../../profiles-db/open.ts'
import {
  addProfile,
  documentsAt,
  findDocument,
  removeProfile,
  type ProfileRow,
  type Term,
} from '../../profiles-db/profiles.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { readDocument, writeDocument } from './document.ts'
import { drawPositions } from './draw.ts'
import { selectionOf } from './query.ts'
import type { MeasuredCosts } from './resource.ts'

export interface ProfileStore {
  /**
   * Adds all or none and returns how many.
   * @throws UsageError with code `duplicate-profile`
   */
  insert(profiles: Iterable<Profile>): number
  /** Adds the profile, or replaces the one with its user_id. */
  put(profile: Profile): void
  get(id: string): Profile | undefined
  /** False when there was none. */
  delete(id: string): boolean
  count(criteria: Criteria): number
  /**
   * A page in a fixed order that says nothing about the users. Profiles that come or go between two
   * pages neither repeat nor hide others.
   * @throws UsageError with code `bad-limit` or `bad-cursor`
   */
  page(
    criteria: Criteria,
    page: { limit: number; cursor?: string },
  ): { profiles: Profile[]; nextCursor?: string }
  /** All of them, page by page: memory stays flat, and writing goes on meanwhile. */
  stream(criteria: Criteria): Iterable<Profile>
  /**
   * `count` different profiles at random (fewer where fewer match); the same for the same profiles
   * and seed.
   * @throws UsageError with code `bad-draw`
   */
  draw(criteria: Criteria, count: number, seed: number): Profile[]
  /** What actions cost in earlier runs, for profiles that do not say what they cost. */
  measuredCosts(): MeasuredCosts
}

const PAGE_LIMIT = 1000
const DRAW_LIMIT = 100_000
const STREAM_PAGE = 500

export function createProfileStore(db: Database): ProfileStore {
  const read = (positions: readonly number[]): Profile[] =>
    documentsAt(db, positions).map((document) => profileOf(db, document))
  return {
    insert: (profiles) =>
      db.attempt('store profiles', () => db.transaction(() => insertAll(db, profiles))),
    put: (profile) => {
      db.attempt('store a profile', () =>
        db.transaction(() => {
          remove(db, profile.user_id)
          const blocks = new BlockWriter(db)
          addProfile(db, rowOf(profile), blocks)
          blocks.write()
        }),
      )
    },
    get: (id) =>
      db.attempt('read a profile', () => {
        const document = findDocument(db, id)
        return document === undefined ? undefined : profileOf(db, document)
      }),
    delete: (id) => db.attempt('delete a profile', () => db.transaction(() => remove(db, id))),
    count: (criteria) =>
      db.attempt('count profiles', () => db.snapshot(() => selectionOf(db, criteria).count())),
    page: (criteria, page) => {
      checkWhole(page.limit, PAGE_LIMIT, 'limit')
      const from = page.cursor === undefined ? 0 : readCursor(page.cursor, criteria)
      const pageFrom = (): { profiles: Profile[]; nextCursor?: string } => {
        const positions = selectionOf(db, criteria).walk(from, page.limit + 1)
        const next = positions[page.limit]
        const profiles = read(positions.slice(0, page.limit))
        return next === undefined
          ? { profiles }
          : { profiles, nextCursor: writeCursor(next, criteria) }
      }
      return db.attempt('read profiles', () => db.snapshot(pageFrom))
    },
    stream: (criteria) => streamOf(db, criteria, read),
    draw: (criteria, count, seed) => {
      checkWhole(count, DRAW_LIMIT, 'draw')
      return db.attempt('draw profiles', () =>
        db.snapshot(() => read(drawPositions(selectionOf(db, criteria), count, seed))),
      )
    },
    measuredCosts: () => measuredCosts(db),
  }
}

function* streamOf(
  db: Database,
  criteria: Criteria,
  read: (positions: readonly number[]) => Profile[],
): Generator<Profile> {
  let from = 0
  for (;;) {
    // Chosen anew for each page: terms come and go meanwhile.
    const next = (): { profiles: Profile[]; last: number | undefined } => {
      const positions = selectionOf(db, criteria).walk(from, STREAM_PAGE)
      const last = positions.length < STREAM_PAGE ? undefined : positions.at(-1)
      return { profiles: read(positions), last }
    }
    const { profiles, last } = db.attempt('read profiles', () => db.snapshot(next))
    yield* profiles
    if (last === undefined) return
    from = last + 1
  }
}

function insertAll(db: Database, profiles: Iterable<Profile>): number {
  const added = addProfiles(db, rowsOf(profiles), (document) => rowOf(profileOf(db, document)))
  if (added.kind === 'duplicate') throw duplicate(added.userId)
  return added.count
}

function* rowsOf(profiles: Iterable<Profile>): Generator<ProfileRow> {
  for (const profile of profiles) yield rowOf(profile)
}

function remove(db: Database, id: string): boolean {
  const document = findDocument(db, id)
  if (document === undefined) return false
  const profile = profileOf(db, document)
  return removeProfile(db, id, termsOf(profile))
}

function rowOf(profile: Profile): ProfileRow {
  const { resource_intensity: resource } = profile
  return {
    userId: profile.user_id,
    amounts: [resource.cpu_ms, resource.memory_mb, resource.network_kb, resource.period_s],
    terms: termsOf(profile),
    document: writeDocument(profile),
  }
}

function termsOf(profile: Profile): Term[] {
  const { geo_location, device_type, source, labels, behavioral_patterns } = profile
  const terms: Term[] = [
    { kind: 'country', value: geo_location.slice(0, 2) },
    { kind: 'geo_location', value: geo_location },
    { kind: 'device_type', value: device_type },
    { kind: 'source', value: source },
  ]
  for (const value of new Set(labels)) terms.push({ kind: 'label', value })
  const actions = new Set(behavioral_patterns.map(({ action }) => action))
  for (const value of actions) terms.push({ kind: 'action', value })
  return terms
}

function profileOf(db: Database, document: string): Profile {
  try {
    return readDocument(document)
  } catch (error) {
    throw new StoreError(`Cannot read profiles: "${db.file}" holds a damaged one`, {
      code: 'damaged-profile',
      where: db.file,
      mend: `restore the file or import the profiles again (${messageOf(error)})`,
      cause: error,
    })
  }
}

function duplicate(id: string): UsageError {
  return new UsageError(`Cannot add profiles: user_id "${id}" exists already`, {
    code: 'duplicate-profile',
    where: jsonPointer(['user_id']),
    mend: 'leave it out, or replace the stored one',
  })
}

function checkWhole(value: number, most: number, name: string): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return
  throw new UsageError(`Cannot read profiles: ${name} ${value} is not within 1 to ${most}`, {
    code: `bad-${name}`,
    where: `/${name}`,
    mend: `give a whole number from 1 to ${most}`,
  })
}
