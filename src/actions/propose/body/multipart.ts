/** Recorded multipart bodies (RFC 7578): their plain fields, and what is known of their files. */

export interface Upload {
  /** Of the file's name: `.png`, or nothing. */
  readonly ending: string
  /** Its content type, empty where none was said. */
  readonly type: string
  /** About as many: what is no text was decoded as if it were. */
  readonly bytes: number
}

export interface Multipart {
  readonly fields: ReadonlyMap<string, string | string[]>
  readonly uploads: ReadonlyMap<string, Upload>
}

const MOST_PARTS = 500
const MOST_HEAD_CHARS = 4096

/** Undefined for a text that is none. */
export function multipartOf(text: string): Multipart | undefined {
  const [line = ''] = text.split('\r\n', 1)
  if (!/^--\S{1,200}$/.test(line)) return undefined
  const fields = new Map<string, string | string[]>()
  const uploads = new Map<string, Upload>()
  const parts = `\r\n${text}`.split(`\r\n${line}`).slice(1, MOST_PARTS + 1)
  for (const part of parts) {
    const cut = part.indexOf('\r\n\r\n')
    const head = part.slice(0, Math.max(0, cut))
    if (cut === -1 || head.length > MOST_HEAD_CHARS) continue
    const name = unquoted(/;\s*name="([^"]*)"/i.exec(head)?.[1])
    if (name === undefined || name === '' || name.includes('{{') || name === '__proto__') continue
    const content = part.slice(cut + 4)
    const file = /;\s*filename\*?="?([^"\r\n]*)"?/i.exec(head)?.[1]
    if (file === undefined) {
      const known = fields.get(name)
      const list = known === undefined ? content : [known, content].flat()
      fields.set(name, list)
    } else if (!uploads.has(name)) {
      const type = /^content-type:\s*([^\r\n;]*)/im.exec(head)?.[1]?.trim() ?? ''
      const ending = /\.[a-z0-9]{1,8}$/i.exec(file)?.[0].toLowerCase() ?? ''
      uploads.set(name, { ending, type, bytes: content.length })
    }
  }
  return fields.size + uploads.size === 0 ? undefined : { fields, uploads }
}

/** HTML, 4.10.21.8: quotes and line ends of names are percent-encoded. */
function unquoted(name: string | undefined): string | undefined {
  return name?.replaceAll('%22', '"').replaceAll(/%0D|%0A/g, (code) => decodeURIComponent(code))
}
