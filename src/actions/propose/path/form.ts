/** The form of a path segment: whether it looks like an identifier, a date, a file, or a word. */

/** `word` is anything that may as well be a fixed part of the application. */
export type SegmentForm = 'number' | 'uuid' | 'hash' | 'date' | 'code' | 'file' | 'slug' | 'word'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const DATE = /^\d{4}-\d{2}(?:-\d{2})?(?:T[\d:.]+Z?)?$/
const HEX = /^(?=.*\d)(?:[0-9a-f]{8,}|[0-9A-F]{8,})$/
/** `ord-10293`, `SKU123`, `cus_Ab12Cd34`; not `v1`, `oauth2`, `s3`. */
const CODE = /^[A-Za-z]{1,12}(?:[-_.]?\d{3,}|[-_](?=\w*\d)\w{6,})$/
const ASSET = /\.(?:css|m?js|map|png|jpe?g|gif|ico|svg|webp|avif|bmp|woff2?|ttf|otf|eot)$/i
/** `main.css` and `chair-3f2a.png`, but no dot at the start and no spaces. */
const FILE = /^[\w@~-][\w@~.+-]*$/

/** @param segment percent-decoded */
export function formOf(segment: string): SegmentForm {
  if (/^-?\d+(?:\.\d+)?$/.test(segment)) return 'number'
  if (UUID.test(segment)) return 'uuid'
  if (DATE.test(segment)) return 'date'
  if (HEX.test(segment)) return 'hash'
  if (ASSET.test(segment) && FILE.test(segment)) return 'file'
  if (isRandom(segment)) return 'hash'
  if (CODE.test(segment)) return 'code'
  if (segment.includes('@')) return 'code'
  return isSlug(segment) ? 'slug' : 'word'
}

/** True for what names one thing among many, whatever stands beside it. */
export function isIdentifier(form: SegmentForm): boolean {
  return form !== 'word' && form !== 'slug' && form !== 'file'
}

/** Long and mixed, like what a random generator writes: base64url, ULID, JWT. */
function isRandom(text: string): boolean {
  if (text.length < 16 || !/^[\w.~=-]+$/.test(text)) return false
  const changes = [...text.matchAll(/[a-z](?=[A-Z0-9])|[A-Z](?=[0-9])|[0-9](?=[A-Za-z])/g)].length
  return /\d/.test(text) && changes >= text.length / 6
}

/** Several words, or what people typed; single short words are rather parts of the application. */
function isSlug(text: string): boolean {
  const bare = text.replace(/\.(?:html?|php|aspx?|jsp)$/i, '')
  return /[^A-Za-z0-9]\w+[^A-Za-z0-9]/.test(bare) || bare.length >= 20 || /[\s,%+]/.test(bare)
}
