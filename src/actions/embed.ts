/** Puts the bytes of files where an ontology names them: its document then holds all it sends. */

import type { OntologyDocument } from '../core/contract/ontology.ts'

type Request = OntologyDocument['actions'][string]['request']
type Parts = NonNullable<Request['multipart']>
type Part = Exclude<Parts[string], readonly unknown[]>

export interface EmbeddedFile {
  readonly base64: string
  /** Of the file, without folders. */
  readonly name: string
}

/** @param path of the field that names the file, for errors */
export type ReadFile = (file: string, path: readonly PropertyKey[]) => Promise<EmbeddedFile>

/** By the end of a file's name; anything else is `application/octet-stream`. */
const TYPES: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  gif: 'image/gif',
  html: 'text/html',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  json: 'application/json',
  mp4: 'video/mp4',
  pdf: 'application/pdf',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain',
  webp: 'image/webp',
  xml: 'application/xml',
  zip: 'application/zip',
}

/** The document itself where it names no file. */
export async function embedFiles(
  document: OntologyDocument,
  read: ReadFile,
): Promise<OntologyDocument> {
  const actions: [string, OntologyDocument['actions'][string]][] = []
  let isChanged = false
  for (const [name, action] of Object.entries(document.actions)) {
    const request = await embedInRequest(action.request, read, ['actions', name, 'request'])
    actions.push([name, request === action.request ? action : { ...action, request }])
    isChanged ||= request !== action.request
  }
  return isChanged ? { ...document, actions: Object.fromEntries(actions) } : document
}

async function embedInRequest(
  request: Request,
  read: ReadFile,
  path: readonly PropertyKey[],
): Promise<Request> {
  const { raw, multipart } = request
  if (typeof raw === 'object' && raw.file !== undefined) {
    const { file, ...others } = raw
    const { base64 } = await read(file, [...path, 'raw', 'file'])
    return { ...request, raw: { ...others, base64 } }
  }
  if (multipart === undefined || !namesFile(multipart)) return request
  const parts: [string, Parts[string]][] = []
  for (const [name, written] of Object.entries(multipart)) {
    const at = [...path, 'multipart', name]
    if (!Array.isArray(written)) {
      parts.push([name, await embedInPart(written, read, at)])
      continue
    }
    const list: Part[] = []
    for (const [index, part] of written.entries()) {
      list.push(await embedInPart(part, read, [...at, index]))
    }
    parts.push([name, list])
  }
  return { ...request, multipart: Object.fromEntries(parts) }
}

function namesFile(parts: Parts): boolean {
  return Object.values(parts)
    .flat()
    .some((part) => typeof part === 'object' && part.file !== undefined)
}

async function embedInPart(
  part: Part,
  read: ReadFile,
  path: readonly PropertyKey[],
): Promise<Part> {
  if (typeof part !== 'object' || part.file === undefined) return part
  const { file, ...others } = part
  const { base64, name } = await read(file, [...path, 'file'])
  const end = name.slice(name.lastIndexOf('.') + 1).toLowerCase()
  const type = Object.hasOwn(TYPES, end) ? TYPES[end] : undefined
  const content_type = others.content_type ?? type ?? 'application/octet-stream'
  return { ...others, base64, filename: others.filename ?? name, content_type }
}
