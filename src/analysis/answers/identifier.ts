/**
 * Fields that are named like an identifier.
 *
 * A second answer of the same process shows which fields vary by chance, but not which ones belong to
 * the process or to what it stored: a host name, a pid, the number of a cart. Only a control arm can
 * show that. So where there is none, a field with such a name is compared by its shape, in both arms
 * alike: a release that gives other identifiers is none to stop.
 */

const WORDS = [
  'id|ids|uid|guid|uuid|gid|pid|oid|key|keys|ref|reference|number|nr|seq|sequence|counter',
  'host|hostname|instance|pod|node|server|served|machine|container|port|addr|address|ip',
  'version|build|commit|revision|rev|sha|hash|digest|etag|checksum|release',
  'token|nonce|csrf|session|sid|jti|cursor|signature|secret|trace|span|request|correlation',
  'at|timestamp|ts|created|updated|modified|started|expires|expiry|uptime|elapsed|took',
].join('|')

/** The words of a name, in camelCase, snake_case or kebab-case: its last one decides. */
const LAST_WORD = new RegExp(`(?:^|[_-])(?:${WORDS})$`, 'i')
const CAMEL = /(?<=[a-z0-9])(?=[A-Z])/g
const MEMBER = /(?:\.([\p{L}_$][\p{L}\p{N}_$]*)|\['((?:[^'\\]|\\.)*)'\])(?:\[\*\])*$/u

const KNOWN = new Map<string, boolean>()
const MOST_KNOWN = 10_000

/** Whether the last name of a JSON path is that of an identifier, a moment or a process. */
export function isIdentifierPath(path: string): boolean {
  const known = KNOWN.get(path)
  if (known !== undefined) return known
  const found = MEMBER.exec(path)
  const name = (found?.[1] ?? found?.[2] ?? '').replaceAll(CAMEL, '_')
  const answer = LAST_WORD.test(name)
  if (KNOWN.size < MOST_KNOWN) KNOWN.set(path, answer)
  return answer
}
